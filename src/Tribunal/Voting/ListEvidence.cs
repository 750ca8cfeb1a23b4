namespace Tribunal.Voting;

/// <summary>Scores of a list's candidates, each judgement's mean level taken away.</summary>
/// <param name="Count">Effective number of judgements, (Σw)²/Σw².</param>
/// <param name="Means">A mean per candidate; they sum to 0.</param>
/// <param name="Squares">Sum of squares about the means, scaled to <paramref name="Count"/>.</param>
internal sealed record ListEvidence(double Count, double[] Means, double Squares)
{
    // Responses may differ in how surely they are scored: others count half of what the two at issue do.
    private const double OthersWeight = 0.5;

    /// <summary>Candidates.</summary>
    public int Candidates => Means.Length;

    /// <summary>
    /// What the responses beside a pair add to the squares and the degrees of freedom of the pair's difference, by how far judgements disagree over all of
    /// the list. A difference of two responses is as noisy as those of the others, more or less, so that few judgements of a long list say more of the noise
    /// than as few judgements of a pair (a moderated t statistic; G. Smyth 2004).
    /// </summary>
    /// <param name="own">The difference's own sum of squares about its mean.</param>
    public (double Squares, double Freedom) Beside(double own) => Candidates < 3 || Count <= 1
        ? default
        : (OthersWeight * Math.Max(0, (2 * Squares) - own), OthersWeight * (Candidates - 2) * (Count - 1));

    /// <summary>The scores of some rows; rows that don't score every candidate say nothing. Null where none does.</summary>
    /// <param name="rows">How many of the first rows.</param>
    /// <param name="weights">What each weighs.</param>
    /// <param name="first">What the first place is worth over the last, which is taken away.</param>
    public static ListEvidence? Of(VoteTable votes, int rows, ReadOnlySpan<double> weights, double first = 0)
    {
        int n = votes.Candidates;
        double[] means = new double[n];
        double sum = 0;
        double square = 0;
        for (int row = 0; row < rows; row++)
        {
            double[] values = votes.Row(row);
            double level = values.Average();
            if (weights[row] > 0 && !double.IsNaN(level))
            {
                sum += weights[row];
                square += weights[row] * weights[row];
                for (int i = 0; i < n; i++)
                {
                    means[i] += weights[row] * (values[i] - level - Effect(votes.Shown(row), i));
                }
            }
        }

        if (sum <= 0)
        {
            return null;
        }

        for (int i = 0; i < n; i++)
        {
            means[i] /= sum;
        }

        double squares = 0;
        for (int row = 0; row < rows; row++)
        {
            double[] values = votes.Row(row);
            double level = values.Average();
            for (int i = 0; i < n && weights[row] > 0 && !double.IsNaN(level); i++)
            {
                double left = values[i] - level - Effect(votes.Shown(row), i) - means[i];
                squares += weights[row] * left * left;
            }
        }

        double count = sum * sum / square;
        return new ListEvidence(count, means, squares * count / sum);

        double Effect(ReadOnlySpan<float> shown, int i) => shown.Length == 0 ? 0 : first * shown[i];
    }
}
