using System.Runtime.InteropServices;
using Tribunal.Verdicts;

namespace Tribunal.Judgements;

/// <summary>A rollout's judgements in the order of their names, and what they add up to.</summary>
internal sealed class LedgerView
{
    private readonly RolloutJudgements? _read;

    private LedgerView(Judgement[] judgements, RolloutJudgements? read = null)
    {
        Judgements = judgements;
        _read = read;
    }

    /// <summary>Ascending by sample, then judge and protocol; none of them hinted.</summary>
    public Judgement[] Judgements { get; }

    /// <summary>Valid judgements that hold nothing that can be voted on.</summary>
    public int Unusable { get; set; }

    /// <summary>What matches read of each.</summary>
    public ReadOnlySpan<PairMark> Marks => _read is null ? Array.ConvertAll(Judgements, PairMark.Of) : _read.Marks;

    /// <summary>The view of a ledger, hinted judgements left out.</summary>
    public static LedgerView Of(IReadOnlyList<Judgement> ledger)
    {
        if (ledger is RolloutJudgements { IsNamed: true } read)
        {
            return new LedgerView(read.Items, read);
        }

        ReadOnlySpan<Judgement> all = ledger is List<Judgement> list ? CollectionsMarshal.AsSpan(list) : ledger as Judgement[] ?? [.. ledger];
        var judgements = new Judgement[all.Length];
        int count = 0;
        bool sorted = true;
        foreach (Judgement judgement in all)
        {
            if (!judgement.Hinted)
            {
                judgements[count] = judgement;
                sorted &= count == 0 || Compare(judgements[count - 1], judgement) <= 0;
                count++;
            }
        }

        Array.Resize(ref judgements, count);
        return new LedgerView(sorted ? judgements : Sorted(judgements));
    }

    public VoteCounts Counts(int kept)
    {
        LedgerSums sums = Sums();
        return new VoteCounts
        {
            Drawn = Judgements.Length,
            Valid = sums.Valid - Unusable,
            Unparsable = sums.Unparsable + Unusable,
            Truncated = sums.Truncated,
            Refused = sums.Refused,
            Failed = sums.Failed,
            Kept = kept,
        };
    }

    public Usage Usage() => Sums().Usage;

    private LedgerSums Sums()
    {
        if (_read is not null)
        {
            return _read.Sums;
        }

        var sums = new LedgerSums(0, 0, 0, 0, 0, default);
        foreach (Judgement judgement in Judgements)
        {
            sums += LedgerSums.Of(judgement);
        }

        return sums;
    }

    // Stable: judgements of several runs may share a name. Numbers alone order nearly all of them.
    private static Judgement[] Sorted(Judgement[] judgements)
    {
        long[] keys = new long[judgements.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = ((long)judgements[i].Sample << 32) | (uint)i;
        }

        Array.Sort(keys);
        var sorted = new Judgement[judgements.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            Judgement judgement = judgements[(int)keys[i]];
            int at = i;
            while (at > 0 && Compare(sorted[at - 1], judgement) > 0)
            {
                sorted[at] = sorted[at - 1];
                at--;
            }

            sorted[at] = judgement;
        }

        return sorted;
    }

    private static int Compare(Judgement left, Judgement right)
    {
        int order = left.Sample.CompareTo(right.Sample);
        if (order == 0)
        {
            order = string.CompareOrdinal(left.Judge, right.Judge);
        }

        return order != 0 ? order : string.CompareOrdinal(left.Protocol, right.Protocol);
    }
}
