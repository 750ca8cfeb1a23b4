using Tribunal.Rollouts;

namespace Tribunal.Sampling;

/// <summary>
/// The judgements that a run draws first, to learn from how its judge judges: two of some hundred rollouts anywhere in the batch, four of
/// every fourth of these, so that what an order does can be told from noise. Whose they are follows from the rollout's name and the
/// batch's size, so that every shard and every attempt knows it by itself.
/// </summary>
public static class PilotWave
{
    /// <summary>Rollouts that take part, about, where the batch has more.</summary>
    public const int Rollouts = 512;

    private const int Few = 2;
    private const int Many = 4;

    /// <summary>Whether a rollout takes part.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="batch">Rollouts in the batch.</param>
    public static bool Holds(long seed, string rolloutId, long batch) =>
        batch <= Rollouts || (StableHash.Of((ulong)seed, "pilot", rolloutId) >> 11) * (1.0 / (1UL << 53)) * batch < Rollouts;

    /// <summary>How many judgements rollouts that take part may get.</summary>
    public static IReadOnlyList<int> Sizes(PolicyOptions policy) => [.. ((int[])[Math.Min(policy.Max, Few), Math.Min(policy.Max, Many)]).Distinct()];

    /// <summary>How many judgements a rollout that takes part gets, per match in a tournament.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="policy">The run's policy.</param>
    public static int Samples(long seed, string rolloutId, PolicyOptions policy) =>
        Math.Min(policy.Max, (StableHash.Of((ulong)seed, "pilot of four", rolloutId) & 3) == 0 ? Many : Few);
}
