using System.Collections;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.Judgements;

/// <summary>A judgement, and what is asked of it round after round: noted while it is at hand.</summary>
/// <param name="judgement">The judgement.</param>
public readonly struct NotedJudgement(Judgement judgement)
{
    /// <summary>The judgement.</summary>
    public Judgement Judgement { get; } = judgement;

    /// <summary>Its rollout.</summary>
    public string RolloutId { get; } = judgement.RolloutId;

    internal bool Hinted { get; } = judgement.Hinted;

    internal PairMark Mark { get; } = PairMark.Of(judgement);

    internal LedgerSums Sums { get; } = LedgerSums.Of(judgement);
}

/// <summary>
/// A rollout's judgements in the order of their samples, hinted ones included. It never changes: schemes leave with it what they found out,
/// and find it again where judgements were added.
/// </summary>
public sealed class RolloutJudgements : IReadOnlyList<Judgement>
{
    private readonly PairMark[] _marks;
    private readonly bool _anyHinted;

    private RolloutJudgements(Judgement[] items, PairMark[] marks, LedgerSums sums, bool named, bool anyHinted)
    {
        Sums = sums;
        Items = items;
        _marks = marks;
        _anyHinted = anyHinted;
        IsNamed = named && !anyHinted;
    }

    /// <summary>No judgements.</summary>
    public static RolloutJudgements None { get; } = new([], [], new LedgerSums(0, 0, 0, 0, 0, default), named: true, anyHinted: false);

    /// <inheritdoc/>
    public int Count => Items.Length;

    /// <summary>What they add up to, hinted ones included.</summary>
    public LedgerSums Sums { get; }

    internal Judgement[] Items { get; }

    internal ReadOnlySpan<PairMark> Marks => _marks;

    /// <summary>Whether no two share a sample and none is hinted: they are a ledger view as they are.</summary>
    internal bool IsNamed { get; }

    /// <summary>The rounds of a tournament that these judgements, or some of them, complete; null where nobody played it. Only <see cref="IsNamed"/> ones have any.</summary>
    internal PlayedRounds? Played { get; set; }

    /// <inheritdoc/>
    public Judgement this[int index] => Items[index];

    /// <summary>These and others, which may come in any order.</summary>
    public RolloutJudgements With(ReadOnlySpan<NotedJudgement> added)
    {
        Span<long> order = added.Length <= 256 ? stackalloc long[added.Length] : new long[added.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = ((long)added[i].Mark.Sample << 32) | (uint)i;
        }

        Sort(order);
        var items = new Judgement[Items.Length + added.Length];
        var marks = new PairMark[items.Length];
        bool named = IsNamed || _anyHinted;
        bool anyHinted = _anyHinted;
        LedgerSums sums = Sums;
        for (int at = 0, mine = 0, theirs = 0; at < items.Length; at++)
        {
            if (theirs == order.Length || (mine < Items.Length && _marks[mine].Sample <= order[theirs] >> 32))
            {
                (items[at], marks[at]) = (Items[mine], _marks[mine]);
                mine++;
            }
            else
            {
                ref readonly NotedJudgement noted = ref added[(int)order[theirs++]];
                (items[at], marks[at]) = (noted.Judgement, noted.Mark);
                anyHinted |= noted.Hinted;
                sums += noted.Sums;
            }

            named &= at == 0 || marks[at - 1].Sample < marks[at].Sample;
        }

        var all = new RolloutJudgements(items, marks, sums, named, anyHinted);
        all.Played = all.IsNamed ? Played : null;
        return all;
    }

    /// <summary>Those that vote: training data is no vote.</summary>
    public IReadOnlyList<Judgement> WithoutHinted() => _anyHinted ? Array.FindAll(Items, static judgement => !judgement.Hinted) : this;

    /// <summary>Their order effects; null where only the judgements themselves tell.</summary>
    public OrderEffects? OrderEffects()
    {
        // A pair and its order, which judgement it is, and whether the second of the two won: in one number each, to sort by.
        const int most = (1 << 15) - 1;
        Span<long> decisions = _marks.Length <= 256 ? stackalloc long[_marks.Length] : new long[_marks.Length];
        int count = 0;
        int first = 0;
        foreach (ref readonly PairMark mark in _marks.AsSpan())
        {
            if (!mark.Valid)
            {
                continue;
            }

            if (!mark.Told || mark.J > most || (mark.Winner != PairMark.None && mark.Winner != mark.I && mark.Winner != mark.J))
            {
                return null;
            }

            if (mark.Winner != PairMark.None)
            {
                bool second = mark.Winner == mark.J;
                first += second == mark.Turned ? 1 : 0;
                decisions[count] = ((long)mark.I << 48) | ((long)mark.J << 33) | (mark.Turned ? 1L << 32 : 0) | ((long)count << 1) | (second ? 1L : 0);
                count++;
            }
        }

        decisions = decisions[..count];
        Sort(decisions);
        int matched = 0;
        int flipped = 0;
        for (int start = 0, end; start < count; start = end)
        {
            int turned = start;
            for (end = start; end < count && decisions[end] >> 33 == decisions[start] >> 33; end++)
            {
                turned += (decisions[end] & (1L << 32)) == 0 ? 1 : 0;
            }

            for (int j = 0; start + j < turned && turned + j < end; j++)
            {
                matched++;
                flipped += (decisions[start + j] & 1) != (decisions[turned + j] & 1) ? 1 : 0;
            }
        }

        return new OrderEffects(count, first, matched, flipped);
    }

    /// <inheritdoc/>
    public IEnumerator<Judgement> GetEnumerator() => ((IEnumerable<Judgement>)Items).GetEnumerator();

    // The library's sort asks a comparer where code is compiled ahead of time, and these are few and nearly in order.
    private static void Sort(Span<long> order)
    {
        const int few = 128;
        if (order.Length > few)
        {
            order.Sort();
            return;
        }

        for (int i = 1; i < order.Length; i++)
        {
            long moved = order[i];
            int at = i;
            while (at > 0 && order[at - 1] > moved)
            {
                order[at] = order[at - 1];
                at--;
            }

            order[at] = moved;
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>Complete rounds of a tournament. They stay what they are whatever is drawn later.</summary>
/// <param name="Scheme">Whose tournament it is.</param>
/// <param name="Pairing">Who plays whom in it.</param>
/// <param name="Rounds">The rounds.</param>
/// <param name="Stop">Why matches stopped.</param>
internal sealed record PlayedRounds(IJudgingScheme Scheme, IPairing Pairing, IReadOnlyList<MatchResult[]> Rounds, StopReason? Stop);
