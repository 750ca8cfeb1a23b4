namespace Tribunal.Judgements;

/// <summary>Numbers the P = n(n−1)/2 pairs (i, j), i &lt; j, of n responses from 0: (0,1), (0,2), …, (1,2), ….</summary>
public static class PairIndex
{
    /// <summary>How many pairs n responses have.</summary>
    public static int Count(int n) => n * (n - 1) / 2;

    /// <summary>The number of the pair (i, j) among n responses, in either order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The indexes are equal or outside 0..n−1.</exception>
    public static int Of(int i, int j, int n)
    {
        (i, j) = i < j ? (i, j) : (j, i);
        ArgumentOutOfRangeException.ThrowIfNegative(i);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(j, n);
        ArgumentOutOfRangeException.ThrowIfEqual(i, j);
        return (i * ((2 * n) - i - 1) / 2) + (j - i - 1);
    }

    /// <summary>The pair with the given number.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The number is outside 0..P−1.</exception>
    public static (int I, int J) At(int pair, int n)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(pair);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(pair, Count(n));
        int i = 0;
        while (pair >= n - 1 - i)
        {
            pair -= n - 1 - i;
            i++;
        }

        return (i, i + 1 + pair);
    }

    /// <summary>The sample number of a pair's vote: vote·P + pair.</summary>
    public static int Sample(int vote, int pair, int n) => checked((vote * Count(n)) + pair);

    /// <summary>The vote and the pair behind a sample number.</summary>
    public static (int Vote, int Pair) FromSample(int sample, int n) => Math.DivRem(sample, Count(n));
}
