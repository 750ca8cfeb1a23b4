using Tribunal.Rollouts;

namespace Tribunal.Sampling;

/// <summary>Sampling seeds, derived from a judgement's name (run seed, rollout, sample) and from nothing else.</summary>
public static class SampleSeed
{
    /// <summary>
    /// A seed in 0..2³¹−1, a range that every server takes. Samples of one rollout never share a seed: the sample number
    /// moves it by an odd stride modulo 2³¹, which is a bijection.
    /// </summary>
    /// <param name="runSeed">The run's seed.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="sample">Number of the sample inside the rollout, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The sample is negative.</exception>
    public static long Of(long runSeed, string rolloutId, int sample)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ulong start = StableHash.Of((ulong)runSeed, "sample", rolloutId);
        return (long)((start + ((ulong)sample * 0x9E3779B1UL)) & 0x7FFFFFFFUL);
    }
}
