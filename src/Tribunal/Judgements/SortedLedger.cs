namespace Tribunal.Judgements;

/// <summary>
/// A ledger is a set of names. A judgement's name is its rollout, sample, judge and protocol, and the seed that it was drawn with, which
/// tells runs apart whose ledgers are voted on together; where it stands in a file means nothing.
/// </summary>
public static class SortedLedger
{
    /// <summary>The judgements in the order of their names, each name once: of several with the same, the one that comes first counts.</summary>
    /// <param name="judgements">In any order. A list that is in order already is handed back as it is.</param>
    public static IReadOnlyList<Judgement> Of(IReadOnlyList<Judgement> judgements)
    {
        for (int i = 1; i < judgements.Count; i++)
        {
            if (Compare(judgements[i - 1], judgements[i]) >= 0)
            {
                return Sorted(judgements);
            }
        }

        return judgements;
    }

    private static List<Judgement> Sorted(IReadOnlyList<Judgement> judgements)
    {
        var sorted = new List<Judgement>(judgements.Count);
        foreach (Judgement judgement in judgements.Order(Comparer<Judgement>.Create(Compare)))
        {
            if (sorted.Count == 0 || Compare(sorted[^1], judgement) != 0)
            {
                sorted.Add(judgement);
            }
        }

        return sorted;
    }

    private static int Compare(Judgement left, Judgement right)
    {
        int order = string.CompareOrdinal(left.RolloutId, right.RolloutId);
        order = order != 0 ? order : left.Sample.CompareTo(right.Sample);
        order = order != 0 ? order : string.CompareOrdinal(left.Judge, right.Judge);
        order = order != 0 ? order : string.CompareOrdinal(left.Protocol, right.Protocol);
        return order != 0 ? order : left.Seed.CompareTo(right.Seed);
    }
}
