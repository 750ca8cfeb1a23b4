namespace Tribunal.Voting;

/// <summary>What votes say of one candidate against another.</summary>
/// <param name="Count">Effective number of judgements, (Σw)²/Σw².</param>
/// <param name="For">Votes for the leader, draws half, scaled to <paramref name="Count"/>.</param>
/// <param name="Against">Votes for the other.</param>
/// <param name="Mean">Mean difference of values, in [−1, 1].</param>
/// <param name="Squares">The difference's sum of squares about its mean, scaled to <paramref name="Count"/>.</param>
/// <param name="Balanced">
/// Whether the judge follows the position or sees no difference: every pair of mirrored judgements cancels out, and choices
/// always fell on the same place. Without mirroring: every judgement sees no difference.
/// </param>
internal readonly record struct PairComparison(double Count, double For, double Against, double Mean, double Squares, bool Balanced)
{
    /// <summary>Variance of the difference over judgements.</summary>
    public double Variance => Count > 0 ? Squares / Count : 0;

    /// <summary>P(leader leads) by the Beta posterior of the votes.</summary>
    public double VoteConfidence => LeaderPosterior.Votes(For, Against);

    /// <summary>P(leader leads) by the posterior of the score differences.</summary>
    /// <param name="list">The scores of the whole list.</param>
    /// <param name="above">By how much it has to lead, in shares of the score range.</param>
    public double ScoreConfidence(ListEvidence? list, double above) =>
        LeaderPosterior.Difference(Count, Mean, Squares, list?.Beside(Squares) ?? default, above);

    /// <summary>Location and scale of the margin's posterior, for votes (Beta, in −1..1) or for score differences.</summary>
    public (double Location, double Scale) Margin(bool scored, ListEvidence? list)
    {
        if (scored)
        {
            (double location, double scale, _) = LeaderPosterior.Posterior(Count, Mean, Squares, list?.Beside(Squares) ?? default);
            return (location, scale);
        }

        double all = For + Against;
        double lead = (For - Against) / (all + 2);
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
            double[] values = votes.Row(row);
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
                double best = values.Max();
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
            double[] values = votes.Row(row);
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
}
