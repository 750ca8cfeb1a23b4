namespace Tribunal.Voting;

/// <summary>What votes say of one candidate against another.</summary>
internal readonly struct PairComparison
{
    private readonly double _for;
    private readonly double _against;
    private readonly double _mean;
    private readonly double _squares;

    private PairComparison(double count, double forLeader, double against, double mean, double squares, bool balanced)
    {
        Count = count;
        _for = forLeader;
        _against = against;
        _mean = mean;
        _squares = squares;
        Balanced = balanced;
    }

    /// <summary>Effective number of judgements, (Σw)²/Σw².</summary>
    public double Count { get; }

    /// <summary>
    /// Whether the judge follows the position or sees no difference: every pair of mirrored judgements cancels out, and choices
    /// always fell on the same place. Without mirroring: every judgement sees no difference.
    /// </summary>
    public bool Balanced { get; }

    /// <summary>Votes for the leader, draws half, scaled to <see cref="Count"/>.</summary>
    public double For => _for;

    /// <summary>Votes for the other.</summary>
    public double Against => _against;

    /// <summary>Mean difference of values, in [−1, 1].</summary>
    public double Mean => _mean;

    /// <summary>Variance of the difference over judgements.</summary>
    public double Variance => Count > 0 ? _squares / Count : 0;

    /// <summary>P(leader leads) by the Beta posterior of the votes.</summary>
    public double VoteConfidence => LeaderPosterior.Votes(_for, _against);

    /// <summary>P(leader leads) by the posterior of the score differences.</summary>
    /// <param name="spread">The noise of the whole list.</param>
    /// <param name="above">By how much it has to lead, in shares of the score range.</param>
    public double ScoreConfidence(ListSpread spread, double above = 0) =>
        LeaderPosterior.Difference(Count, _mean, _squares, spread.Beside(_squares), above);

    /// <summary>Location and scale of the margin's posterior, for votes (Beta, in −1..1) or for score differences.</summary>
    public (double Location, double Scale) Margin(bool scored, ListSpread spread)
    {
        if (scored)
        {
            (double location, double scale, _) = LeaderPosterior.Posterior(Count, _mean, _squares, spread.Beside(_squares));
            return (location, scale);
        }

        double all = _for + _against;
        double lead = (_for - _against) / (all + 2);
        return (lead, Math.Sqrt((1 - (lead * lead)) / (all + 3)));
    }

    public static PairComparison Between(VoteTable votes, int rows, ReadOnlySpan<double> weights, int leader, int other, bool majority)
    {
        double sum = 0;
        double square = 0;
        double wins = 0;
        double losses = 0;
        double total = 0;
        bool balanced = true;
        double open = 0;
        int block = -1;
        int? place = null;
        for (int row = 0; row < rows; row++)
        {
            double w = weights[row];
            ReadOnlySpan<double> values = votes.Row(row);
            if (w <= 0 || double.IsNaN(values[leader]) || double.IsNaN(values[other]))
            {
                continue;
            }

            double d = values[leader] - values[other];
            sum += w;
            square += w * w;
            total += w * d;
            if (majority && votes.Candidates > 2)
            {
                double best = Max(values);
                wins += values[leader] == best && d > 0 ? w : 0;
                losses += values[other] == best && d < 0 ? w : 0;
            }
            else
            {
                wins += d > 0 ? w : d == 0 ? w / 2 : 0;
                losses += d < 0 ? w : d == 0 ? w / 2 : 0;
            }

            int current = votes.Mirrored ? votes.Sample(row) >> 1 : row;
            if (current != block)
            {
                balanced &= Math.Abs(open) < 1e-9;
                open = 0;
                block = current;
            }

            open += d;

            // Votes of a close pair cancel out by chance too, but then winners stand now here, now there.
            balanced &= !votes.Pairs || !votes.Mirrored || votes.Place(row) == (place ??= votes.Place(row));
        }

        balanced &= Math.Abs(open) < 1e-9;
        if (sum <= 0)
        {
            return default;
        }

        double mean = total / sum;
        double spread = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = votes.Row(row);
            double d = values[leader] - values[other];
            if (weights[row] > 0 && !double.IsNaN(d))
            {
                spread += weights[row] * (d - mean) * (d - mean);
            }
        }

        double count = sum * sum / square;
        double scale = count / sum;
        return new PairComparison(count, wins * scale, losses * scale, mean, spread * scale, balanced);
    }

    private static double Max(ReadOnlySpan<double> values)
    {
        double best = double.NegativeInfinity;
        foreach (double value in values)
        {
            best = value > best ? value : best;
        }

        return best;
    }
}
