using Tribunal.Voting;

namespace Tribunal.JudgeModels;

/// <summary>Votes between a leader and another, by the order in which the two were shown; fractions where votes are weighted.</summary>
/// <param name="WonFirst">The leader won and was shown first.</param>
/// <param name="LostFirst">It lost and was shown first.</param>
/// <param name="WonSecond">It won and was shown second.</param>
/// <param name="LostSecond">It lost and was shown second.</param>
/// <param name="Won">It won, and nothing says in which order.</param>
/// <param name="Lost">It lost, and nothing says in which order.</param>
/// <param name="Drawn">Draws.</param>
internal readonly record struct PairEvidence(double WonFirst, double LostFirst, double WonSecond, double LostSecond, double Won, double Lost, double Drawn)
{
    /// <summary>Votes in all.</summary>
    public double Count => WonFirst + LostFirst + WonSecond + LostSecond + Won + Lost + Drawn;

    /// <summary>By how many votes the leader leads.</summary>
    public double Lead => WonFirst + WonSecond + Won - LostFirst - LostSecond - Lost;

    /// <summary>The votes of some rows, scaled to their effective number, (Σw)²/Σw².</summary>
    /// <param name="rows">How many of the first rows.</param>
    /// <param name="weights">What each weighs.</param>
    /// <param name="majority">Whether a list of more than two is one vote for its best alone.</param>
    public static PairEvidence Of(VoteTable votes, int rows, ReadOnlySpan<double> weights, int leader, int other, bool majority)
    {
        Span<double> counts = stackalloc double[7];
        counts.Clear();
        double sum = 0;
        double square = 0;
        for (int row = 0; row < rows; row++)
        {
            double[] values = votes.Row(row);
            double w = weights[row];
            if (w <= 0 || double.IsNaN(values[leader]) || double.IsNaN(values[other]))
            {
                continue;
            }

            sum += w;
            square += w * w;
            double d = values[leader] - values[other];
            if (majority && values.Length > 2 && Math.Max(values[leader], values[other]) < values.Max())
            {
                continue;
            }

            // Place: −1 where the winner was shown first, 1 where it was shown second.
            int place = votes.Place(row);
            counts[d == 0 ? 6 : (d > 0 ? place switch { -1 => 0, 1 => 2, _ => 4 } : place switch { 1 => 1, -1 => 3, _ => 5 })] += w;
        }

        double scale = square > 0 ? sum / square : 0;
        return new PairEvidence(counts[0] * scale, counts[1] * scale, counts[2] * scale, counts[3] * scale, counts[4] * scale, counts[5] * scale, counts[6] * scale);
    }
}
