using MathNet.Numerics.Distributions;
using Tribunal.Rollouts;

namespace Tribunal.Reports;

/// <summary>Statistics of two judges on the same rollouts.</summary>
internal static class PairedTests
{
    /// <summary>
    /// McNemar's exact test, two-sided: the probability, were both equally often right, of counts at least as uneven
    /// (Q. McNemar 1947; exact binomial form). 1 when they never differ.
    /// </summary>
    /// <param name="onlyFirst">Rollouts that only the first got right, 0 or more.</param>
    /// <param name="onlySecond">Rollouts that only the second got right, 0 or more.</param>
    public static double McNemar(long onlyFirst, long onlySecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(onlyFirst);
        ArgumentOutOfRangeException.ThrowIfNegative(onlySecond);
        int differing = checked((int)(onlyFirst + onlySecond));
        return differing == 0 ? 1 : Math.Min(1, 2 * Binomial.CDF(0.5, differing, Math.Min(onlyFirst, onlySecond)));
    }

    /// <summary>
    /// The 95 % percentile interval of the mean paired difference, by resampling rollouts. Differences of right and wrong are
    /// −1, 0 or 1, so a resample is a draw from their counts.
    /// </summary>
    /// <param name="onlyFirst">Differences of +1.</param>
    /// <param name="onlySecond">Differences of −1.</param>
    /// <param name="of">Rollouts in all, 1 or more.</param>
    /// <param name="resamples">Draws, 1 or more.</param>
    /// <param name="seed">Of the draws.</param>
    public static (double Low, double High) Bootstrap(long onlyFirst, long onlySecond, long of, int resamples, long seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(of, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(resamples, 1);
        var random = new SeededRandom((ulong)seed);
        double up = (double)onlyFirst / of;
        double down = (double)onlySecond / of;
        double[] means = new double[resamples];
        for (int r = 0; r < resamples; r++)
        {
            // Multinomial: how many are +1, then how many of the rest are −1.
            int plus = Draw(ref random, (int)of, up);
            int minus = Draw(ref random, (int)of - plus, up >= 1 ? 0 : Math.Min(1, down / (1 - up)));
            means[r] = (double)(plus - minus) / of;
        }

        Array.Sort(means);
        return (Quantile(means, 0.025), Quantile(means, 0.975));
    }

    private static double Quantile(double[] sorted, double quantile)
    {
        double at = quantile * (sorted.Length - 1);
        int below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + ((at - below) * (sorted[below + 1] - sorted[below])) : sorted[below];
    }

    // Waiting times between hits (Devroye 1986, X.4.3): as many steps as there are hits.
    private static int Draw(ref SeededRandom random, int trials, double chance)
    {
        if (chance is <= 0 or >= 1)
        {
            return chance >= 1 ? trials : 0;
        }

        bool turned = chance > 0.5;
        double miss = Math.Log(1 - (turned ? 1 - chance : chance));
        int hits = 0;
        double at = 0;
        while (true)
        {
            at += Math.Floor(Math.Log(1 - random.NextDouble()) / miss) + 1;
            if (at > trials)
            {
                return turned ? trials - hits : hits;
            }

            hits++;
        }
    }
}
