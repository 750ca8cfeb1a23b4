using Tribunal.Rollouts;

namespace Tribunal.Tournaments;

/// <summary>A tournament of one round, whose matches are known from the start.</summary>
internal sealed class OneRound((int A, int B)[] matches) : IPairing
{
    public (int A, int B)[]? Next(List<MatchResult[]> rounds) => rounds.Count > 0 ? null : matches;

    /// <summary>Every pair.</summary>
    public static OneRound All(int candidates) => Of(candidates, static (_, _) => true);

    /// <summary>Every candidate meets the anchors, which are drawn by seed and meet each other too: n·k comparisons instead of n²/2.</summary>
    public static OneRound Anchors(int candidates, int anchors, ulong seed)
    {
        HashSet<int> chosen = [.. new SeededRandom(seed).Permutation(candidates).Take(anchors)];
        return Of(candidates, (a, b) => chosen.Contains(a) || chosen.Contains(b));
    }

    /// <summary>Each candidate meets some others, drawn by seed: RRM's rewards for training (arXiv 2505.14674). Two that draw each other meet once.</summary>
    public static OneRound Random(int candidates, int opponents, ulong seed)
    {
        var random = new SeededRandom(seed);
        var met = new HashSet<(int A, int B)>();
        for (int i = 0; i < candidates; i++)
        {
            int[] others = [.. Enumerable.Range(0, candidates).Where(other => other != i)];
            random.Shuffle(others.AsSpan());
            foreach (int other in others.Take(opponents))
            {
                met.Add((Math.Min(i, other), Math.Max(i, other)));
            }
        }

        return new OneRound([.. met]);
    }

    private static OneRound Of(int candidates, Func<int, int, bool> meet) =>
        new([.. from a in Enumerable.Range(0, candidates) from b in Enumerable.Range(a + 1, candidates - a - 1) where meet(a, b) select (a, b)]);
}
