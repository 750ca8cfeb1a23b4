using System.Numerics;
using Tribunal.Rollouts;

namespace Tribunal.Tournaments;

/// <summary>Who meets whom: a pure function of the results so far.</summary>
internal interface IPairing
{
    /// <summary>The next round's matches; null when the tournament is over.</summary>
    (int A, int B)[]? Next(List<MatchResult[]> rounds);
}

/// <summary>
/// A seeded bracket. Where their number is no power of two, some candidates have a bye in the first round only; n candidates play n − 1
/// matches. Draws are settled before results get here.
/// </summary>
internal sealed class KnockoutPairing(int candidates, ulong seed) : IPairing
{
    private readonly int[] _draw = new SeededRandom(seed).Permutation(candidates);

    public (int A, int B)[]? Next(List<MatchResult[]> rounds)
    {
        int[] alive = [.. _draw];
        int count = alive.Length;
        for (int r = 0; r < rounds.Count; r++)
        {
            // Matches pair the front of the list; who is left at its end had a bye.
            MatchResult[] round = rounds[r];
            for (int m = 0; m < round.Length; m++)
            {
                alive[m] = round[m].ScoreA > 0.5 ? round[m].A : round[m].B;
            }

            int byes = count - (2 * round.Length);
            Array.Copy(alive, 2 * round.Length, alive, round.Length, byes);
            count = round.Length + byes;
        }

        if (count <= 1)
        {
            return null;
        }

        // After this round a power of two is left.
        int matches = count - ((int)BitOperations.RoundUpToPowerOf2((uint)count) / 2);
        return [.. alive.Take(2 * matches).Chunk(2).Select(static pair => (pair[0], pair[1]))];
    }

    /// <summary>
    /// The share of the others that each candidate outlasted, those who went out in the same round (or are still in) counting half: 1 for
    /// the winner, (n − 2)/(n − 1) for the loser of the final.
    /// </summary>
    public static double[] Rewards(int candidates, List<MatchResult[]> rounds)
    {
        int[] lasted = new int[candidates];
        Array.Fill(lasted, rounds.Count);
        for (int r = 0; r < rounds.Count; r++)
        {
            foreach (MatchResult match in rounds[r])
            {
                lasted[match.ScoreA > 0.5 ? match.B : match.A] = r;
            }
        }

        return Array.ConvertAll(lasted, round =>
            (lasted.Count(other => other < round) + (0.5 * (lasted.Count(other => other == round) - 1))) / Math.Max(1, candidates - 1));
    }
}

/// <summary>
/// Swiss rounds: candidates of like scores meet, nobody twice. With an odd number the last without a bye has one, worth a point. Equal
/// scores stand in a seeded order.
/// </summary>
internal sealed class SwissPairing : IPairing
{
    // Pairing without rematches is a search; it ends at the first solution, and a limit keeps the rare bad case short.
    private const int SearchLimit = 20_000;

    private readonly int _candidates;
    private readonly int _rounds;
    private readonly int[] _start;

    public SwissPairing(int candidates, int? rounds, ulong seed)
    {
        _candidates = candidates;
        int most = candidates - 1 + (candidates & 1);
        _rounds = Math.Min(rounds ?? (int)Math.Ceiling(Math.Log2(Math.Max(candidates, 1))), most);
        _start = new SeededRandom(seed).Permutation(candidates);
    }

    public (int A, int B)[]? Next(List<MatchResult[]> rounds)
    {
        if (rounds.Count >= _rounds || _candidates < 2)
        {
            return null;
        }

        double[] points = new double[_candidates];
        bool[] rested = new bool[_candidates];
        var met = new HashSet<(int, int)>();
        foreach (MatchResult[] round in rounds)
        {
            bool[] played = new bool[_candidates];
            foreach (MatchResult match in round)
            {
                points[match.A] += match.ScoreA;
                points[match.B] += 1 - match.ScoreA;
                met.Add((Math.Min(match.A, match.B), Math.Max(match.A, match.B)));
                played[match.A] = played[match.B] = true;
            }

            for (int i = 0; i < _candidates; i++)
            {
                if (!played[i])
                {
                    points[i]++;
                    rested[i] = true;
                }
            }
        }

        List<int> order = [.. _start.OrderByDescending(i => points[i])];
        if (_candidates % 2 == 1)
        {
            int bye = order.FindLastIndex(i => !rested[i]);
            order.RemoveAt(bye < 0 ? order.Count - 1 : bye);
        }

        var pairs = new List<(int A, int B)>(order.Count / 2);
        int steps = 0;
        return Pair(order, met, pairs, ref steps) || pairs.Count > 0 ? [.. pairs] : null;
    }

    private static bool Pair(List<int> left, HashSet<(int, int)> met, List<(int A, int B)> pairs, ref int steps)
    {
        if (left.Count == 0)
        {
            return true;
        }

        int first = left[0];
        for (int k = 1; k < left.Count; k++)
        {
            int other = left[k];
            (int, int) pair = (Math.Min(first, other), Math.Max(first, other));
            if (met.Contains(pair))
            {
                continue;
            }

            List<int> rest = [.. left];
            rest.RemoveAt(k);
            rest.RemoveAt(0);
            pairs.Add(pair);
            if (Pair(rest, met, pairs, ref steps) || ++steps > SearchLimit)
            {
                return true;
            }

            pairs.RemoveAt(pairs.Count - 1);
        }

        return false;
    }
}
