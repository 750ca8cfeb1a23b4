using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>
/// A rollout's judgements as a set of names, in the order of their samples. In a run a sample's number is its name; the first that
/// was met of a name counts.
/// </summary>
internal static class JudgementSet
{
    /// <summary>A list of them, each name once.</summary>
    /// <param name="judgements">In any order; which of two of one name comes first decides.</param>
    public static List<Judgement> Of(IEnumerable<Judgement> judgements)
    {
        var set = new List<Judgement>();
        foreach (Judgement judgement in judgements)
        {
            Add(set, judgement);
        }

        return set;
    }

    /// <summary>Adds one; false where its name stands.</summary>
    public static bool Add(List<Judgement> set, Judgement judgement)
    {
        int at = set.Count;
        if (at > 0 && set[at - 1].Sample >= judgement.Sample)
        {
            at = PlaceOf(set, judgement.Sample);
            if (set[at].Sample == judgement.Sample)
            {
                return false;
            }
        }

        set.Insert(at, judgement);
        return true;
    }

    /// <summary>Whether a name stands.</summary>
    public static bool Holds(List<Judgement> set, int sample) => set.Count > 0 && set[^1].Sample >= sample && set[PlaceOf(set, sample)].Sample == sample;

    /// <summary>Those that vote: training data is no vote.</summary>
    public static IReadOnlyList<Judgement> WithoutHinted(List<Judgement> set) =>
        set.Exists(static judgement => judgement.Hinted) ? set.FindAll(static judgement => !judgement.Hinted) : set;

    // The first that is not below the number; there is one.
    private static int PlaceOf(List<Judgement> set, int sample)
    {
        int low = 0;
        int high = set.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = set[middle].Sample < sample ? (middle + 1, high) : (low, middle);
        }

        return low;
    }
}
