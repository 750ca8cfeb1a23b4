namespace Tribunal.MetaReward;

/// <summary>What meta rewards make of the votes of one rollout or match: a weight per valid judgement, 0 for those dropped.</summary>
public static class MetaWeights
{
    /// <summary>Whether the options name a meta reward model at all.</summary>
    public static bool Active(MetaOptions options) =>
        !string.IsNullOrEmpty(options.Model) && !string.Equals(options.Model, "none", StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Writes the weights. Filter (DeepSeek-GRM, arXiv 2504.02495): 1 for the ⌈k·keep⌉ highest meta rewards, equal ones by
    /// position, 0 for the rest. Weight (CISC, arXiv 2502.06233): softmax(meta / T), scaled to sum to k. A judgement
    /// without a meta reward ranks below all that have one; if none has one, or all have the same, all weigh 1.
    /// </summary>
    /// <param name="metas">Meta rewards in order of samples; NaN where there is none.</param>
    /// <param name="options">How they are used.</param>
    /// <param name="weights">As long as <paramref name="metas"/>.</param>
    public static void Fill(ReadOnlySpan<double> metas, MetaOptions options, Span<double> weights)
    {
        double[] given = Array.FindAll(metas.ToArray(), static meta => !double.IsNaN(meta));

        // Where all are equal they tell nothing apart: whom a filter dropped would be chance.
        if (!Active(options) || given.Length == 0 || (given.Length == metas.Length && given.Min() == given.Max()))
        {
            weights.Fill(1);
        }
        else if (options.Use == MetaUse.Filter)
        {
            Filter(metas, options.Keep, weights);
        }
        else
        {
            Softmax(metas, options.Temperature, given.Min(), given.Max(), weights);
        }
    }

    /// <summary>How many of k valid judgements the filter keeps: ⌈k·keep⌉, at least 1 when k is.</summary>
    public static int Kept(int valid, double keep) =>
        valid == 0 ? 0 : Math.Clamp((int)Math.Ceiling((valid * keep) - 1e-9), 1, valid);

    private static void Filter(ReadOnlySpan<double> metas, double keep, Span<double> weights)
    {
        double[] keys = Array.ConvertAll(metas.ToArray(), static meta => double.IsNaN(meta) ? double.NegativeInfinity : meta);
        weights.Clear();
        foreach (int best in Enumerable.Range(0, keys.Length).OrderByDescending(i => keys[i]).Take(Kept(keys.Length, keep)))
        {
            weights[best] = 1;
        }
    }

    private static void Softmax(ReadOnlySpan<double> metas, double temperature, double lowest, double highest, Span<double> weights)
    {
        double sum = 0;
        for (int i = 0; i < metas.Length; i++)
        {
            double meta = double.IsNaN(metas[i]) ? lowest : metas[i];
            weights[i] = Math.Exp((meta - highest) / temperature);
            sum += weights[i];
        }

        double scale = metas.Length / sum;
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] *= scale;
        }
    }
}
