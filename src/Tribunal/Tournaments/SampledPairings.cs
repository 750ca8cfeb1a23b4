using Tribunal.Rollouts;

namespace Tribunal.Tournaments;

/// <summary>One round in which each candidate meets some others, drawn by seed: RRM's rewards for training (arXiv 2505.14674). Two that draw each other meet once.</summary>
internal sealed class RandomPairing(int candidates, int opponents, ulong seed) : IPairing
{
    public (int A, int B)[]? Next(List<MatchResult[]> rounds)
    {
        if (rounds.Count > 0)
        {
            return null;
        }

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

        return [.. met];
    }
}

/// <summary>One round in which every candidate meets the anchors, which are drawn by seed and meet each other too: n·k comparisons instead of n²/2.</summary>
internal sealed class AnchorPairing(int candidates, int anchors, ulong seed) : IPairing
{
    public (int A, int B)[]? Next(List<MatchResult[]> rounds)
    {
        if (rounds.Count > 0)
        {
            return null;
        }

        int[] order = [.. Enumerable.Range(0, candidates)];
        new SeededRandom(seed).Shuffle(order.AsSpan());
        HashSet<int> chosen = [.. order.Take(anchors)];
        return [.. from a in Enumerable.Range(0, candidates) from b in Enumerable.Range(a + 1, candidates - a - 1) where chosen.Contains(a) || chosen.Contains(b) select (a, b)];
    }
}
