using Tribunal.Rollouts;

namespace Tribunal.Voting;

/// <summary>Who leads, by how much, and how surely.</summary>
internal sealed class Standing
{
    private Standing(double[] rewards, int[] ranking)
    {
        Rewards = rewards;
        Ranking = ranking;
    }

    /// <summary>In [0, 1], per candidate.</summary>
    public double[] Rewards { get; }

    /// <summary>Candidates from best to worst; equal rewards in seeded order.</summary>
    public int[] Ranking { get; }

    public int Best => Ranking[0];

    public double? Margin => Ranking.Length < 2 ? null : Rewards[Ranking[0]] - Rewards[Ranking[1]];

    /// <summary>Ranks candidates by reward, ties by a seeded shuffle of the rollout's candidates.</summary>
    public static Standing Of(double[] rewards, ulong tieSeed)
    {
        // Sums of equal votes may differ in their last bits.
        int[] ranking = new int[rewards.Length];
        double[] rounded = new double[rewards.Length];
        for (int i = 0; i < ranking.Length; i++)
        {
            ranking[i] = i;
            rounded[i] = Math.Round(rewards[i], 9);
        }

        Array.Sort(ranking, (a, b) =>
        {
            int order = rounded[b].CompareTo(rounded[a]);
            return order != 0 ? order : StableHash.Mix(tieSeed, (ulong)a).CompareTo(StableHash.Mix(tieSeed, (ulong)b));
        });
        return new Standing(rewards, ranking);
    }

    /// <summary>The seed of a rollout's tie breaks.</summary>
    public static ulong TieSeed(long seed, string rolloutId) => StableHash.Of((ulong)seed, "tie", rolloutId);
}
