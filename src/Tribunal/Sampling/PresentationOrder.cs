using Tribunal.Rollouts;

namespace Tribunal.Sampling;

/// <summary>
/// In which order a judge sees the responses: displayed position → original index. Seeded by the judgement's name, so
/// that a resumed run shows what an undisturbed one would have shown.
/// </summary>
public static class PresentationOrder
{
    /// <summary>
    /// The order of a pair's vote. Votes 2m and 2m+1 show opposite orders, so that an even number of votes is balanced;
    /// which of the two comes first is seeded.
    /// </summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="i">One original index.</param>
    /// <param name="j">The other.</param>
    /// <param name="vote">The pair's vote, from 0.</param>
    public static int[] Pair(long seed, string rolloutId, int i, int j, int vote)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(vote);
        ArgumentOutOfRangeException.ThrowIfEqual(i, j);
        (i, j) = i < j ? (i, j) : (j, i);
        return IsAscending(SeedOf(seed, rolloutId), i, j, vote) ? [i, j] : [j, i];
    }

    /// <summary>What all orders of a rollout derive from.</summary>
    internal static ulong SeedOf(long seed, string rolloutId) => StableHash.Of((ulong)seed, "order", rolloutId);

    /// <summary>Whether a vote shows i before j, i &lt; j.</summary>
    internal static bool IsAscending(ulong orders, int i, int j, int vote)
    {
        ulong hash = StableHash.Mix(StableHash.Mix(StableHash.Mix(orders, (ulong)i), (ulong)j), (ulong)(vote >> 1));
        return ((hash & 1) == 0) ^ ((vote & 1) == 1);
    }

    /// <summary>The order of a list's sample: two responses are balanced like a pair, more are shuffled for every sample.</summary>
    /// <param name="seed">The run's seed.</param>
    /// <param name="rolloutId">The rollout.</param>
    /// <param name="sample">The sample, from 0.</param>
    /// <param name="responses">How many responses the rollout has, at least 1.</param>
    public static int[] List(long seed, string rolloutId, int sample, int responses)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sample);
        ArgumentOutOfRangeException.ThrowIfLessThan(responses, 1);
        return responses == 2 ? Pair(seed, rolloutId, 0, 1, sample) : new SeededRandom(StableHash.Mix(SeedOf(seed, rolloutId), (ulong)sample)).Permutation(responses);
    }
}
