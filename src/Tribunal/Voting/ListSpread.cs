namespace Tribunal.Voting;

/// <summary>
/// How far judgements of a list disagree, over all of its responses: squares of what is left of each score once its response's mean and
/// its judgement's mean level are taken away. A difference of two responses is as noisy as those of the others, more or less, so
/// that few judgements of a long list say more of the noise than as few judgements of a pair (a moderated t statistic; G. Smyth 2004).
/// </summary>
internal readonly struct ListSpread
{
    // Responses may differ in how surely they are scored: others count half of what the two at issue do.
    private const double OthersWeight = 0.5;

    private readonly int _candidates;
    private readonly double _count;
    private readonly double _squares;

    private ListSpread(int candidates, double count, double squares)
    {
        _candidates = candidates;
        _count = count;
        _squares = squares;
    }

    /// <summary>The spread of some rows; rows that don't score every candidate say nothing.</summary>
    public static ListSpread Of(VoteTable votes, int rows, ReadOnlySpan<double> weights)
    {
        int n = votes.Candidates;
        if (n < 3)
        {
            return default;
        }

        Span<double> means = n <= 256 ? stackalloc double[n] : new double[n];
        means.Clear();
        double sum = 0;
        double square = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = votes.Row(row);
            double level = Level(values);
            if (weights[row] <= 0 || double.IsNaN(level))
            {
                continue;
            }

            sum += weights[row];
            square += weights[row] * weights[row];
            for (int i = 0; i < n; i++)
            {
                means[i] += weights[row] * (values[i] - level);
            }
        }

        if (sum <= 0)
        {
            return default;
        }

        double squares = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = votes.Row(row);
            double level = Level(values);
            if (weights[row] <= 0 || double.IsNaN(level))
            {
                continue;
            }

            for (int i = 0; i < n; i++)
            {
                double left = values[i] - level - (means[i] / sum);
                squares += weights[row] * left * left;
            }
        }

        double count = sum * sum / square;
        return new ListSpread(n, count, squares * count / sum);
    }

    /// <summary>What the responses beside a pair add to the squares and the degrees of freedom of the pair's difference.</summary>
    /// <param name="own">The difference's own sum of squares about its mean.</param>
    public (double Squares, double Freedom) Beside(double own) => _candidates < 3 || _count <= 1
        ? default
        : (OthersWeight * Math.Max(0, (2 * _squares) - own), OthersWeight * (_candidates - 2) * (_count - 1));

    private static double Level(ReadOnlySpan<double> values)
    {
        double sum = 0;
        foreach (double value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }
}
