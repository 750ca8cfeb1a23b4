using Tribunal.Rollouts;

namespace Tribunal.Voting;

/// <summary>Who leads, and by how much.</summary>
/// <param name="Rewards">In [0, 1], per candidate or response.</param>
/// <param name="Ranking">From best to worst; equal rewards in seeded order, equal texts by index.</param>
/// <param name="Margin">By how much the best leads the first of another text; 0 where there is none, null for one alone.</param>
internal sealed record RankedRewards(double[] Rewards, int[] Ranking, double? Margin)
{
    public int Best => Ranking[0];

    /// <summary>Ranks by reward, ties by a seeded shuffle.</summary>
    /// <param name="rewards">A reward each.</param>
    /// <param name="tieSeed">Of the shuffle.</param>
    /// <param name="texts">Which of them are the same text; null where all differ.</param>
    public static RankedRewards Of(double[] rewards, ulong tieSeed, Candidates? texts = null)
    {
        // Sums of equal votes may differ in their last bits.
        double[] rounded = Array.ConvertAll(rewards, static reward => Math.Round(reward, 9));
        int[] ranking = [.. Enumerable.Range(0, rewards.Length)
            .OrderByDescending(i => rounded[i]).ThenBy(i => StableHash.Mix(tieSeed, (ulong)First(i))).ThenBy(static i => i)];
        int? rival = ranking.Skip(1).Select(static i => (int?)i).FirstOrDefault(i => First(i!.Value) != First(ranking[0]));
        double? margin = rewards.Length < 2 ? null : rival is { } other ? rewards[ranking[0]] - rewards[other] : 0;
        return new RankedRewards(rewards, ranking, margin);

        int First(int i) => texts is null ? i : texts.First(texts[i]);
    }

    /// <summary>The seed of a rollout's tie breaks.</summary>
    public static ulong TieSeed(long seed, string rolloutId) => StableHash.Of((ulong)seed, "tie", rolloutId);
}
