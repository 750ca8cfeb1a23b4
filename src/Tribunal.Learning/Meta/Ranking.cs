using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Learning.Meta;

/// <summary>How well scores rank, and how sure a difference of votes is.</summary>
internal static class Ranking
{
    /// <summary>Area under the ROC curve, ties half; null without both kinds.</summary>
    public static double? Auc((double Score, bool Right)[] scores)
    {
        (double Score, bool Right)[] sorted = [.. scores.OrderBy(static s => s.Score)];
        long right = sorted.Count(static s => s.Right);
        long wrong = sorted.Length - right;
        if (right == 0 || wrong == 0)
        {
            return null;
        }

        double ranks = 0;
        for (int start = 0; start < sorted.Length;)
        {
            int end = start;
            while (end < sorted.Length && sorted[end].Score == sorted[start].Score)
            {
                end++;
            }

            double rank = (start + end + 1) / 2.0;
            for (int i = start; i < end; i++)
            {
                ranks += sorted[i].Right ? rank : 0;
            }

            start = end;
        }

        return (ranks - (right * (right + 1) / 2.0)) / ((double)right * wrong);
    }

    /// <summary>Pairs of a right and a wrong judgement in which the right one scores higher, ties half, and all such pairs.</summary>
    public static (double Concordant, double Pairs) Concordance((double Score, bool Right)[] scores)
    {
        long right = scores.Count(static s => s.Right);
        double pairs = (double)right * (scores.Length - right);
        return (Auc(scores) is { } auc ? auc * pairs : 0, pairs);
    }

    /// <summary>The range that 95 % of bootstrap samples of rollouts have their difference of accuracies in.</summary>
    public static Spread PairedInterval(bool[] plain, bool[] guided, int resamples, long seed)
    {
        double[] differences = new double[resamples];
        var random = new SeededRandom(StableHash.Of((ulong)seed, "bootstrap"));
        for (int r = 0; r < resamples; r++)
        {
            int sum = 0;
            for (int i = 0; i < plain.Length; i++)
            {
                int at = random.Next(plain.Length);
                sum += (guided[at] ? 1 : 0) - (plain[at] ? 1 : 0);
            }

            differences[r] = (double)sum / plain.Length;
        }

        return Spread.Of(differences);
    }

    /// <summary>Whether the others' mean is higher by more than the standard error of the paired difference.</summary>
    public static bool ClearlyBetter(bool[] these, bool[] others)
    {
        double[] differences = [.. these.Zip(others, static (a, b) => (b ? 1.0 : 0) - (a ? 1.0 : 0))];
        double mean = differences.Average();
        double variance = differences.Average(d => (d - mean) * (d - mean));
        return mean > Math.Sqrt(variance / differences.Length);
    }
}
