using System.Collections;
using Tribunal.Judging;
using Tribunal.Tournaments;

namespace Tribunal.Verdicts;

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
}

/// <summary>
/// A rollout's judgements in the order of their samples, hinted ones included. It never changes: schemes leave with it what they found out,
/// and find it again where judgements were added.
/// </summary>
public sealed class RolloutJudgements : IReadOnlyList<Judgement>
{
    private readonly PairMark[] _marks;
    private readonly bool _anyHinted;

    private RolloutJudgements(Judgement[] items, PairMark[] marks, bool named, bool anyHinted)
    {
        Items = items;
        _marks = marks;
        _anyHinted = anyHinted;
        IsNamed = named && !anyHinted;
    }

    /// <summary>No judgements.</summary>
    public static RolloutJudgements None { get; } = new([], [], named: true, anyHinted: false);

    /// <inheritdoc/>
    public int Count => Items.Length;

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
            }

            named &= at == 0 || marks[at - 1].Sample < marks[at].Sample;
        }

        var all = new RolloutJudgements(items, marks, named, anyHinted);
        all.Played = all.IsNamed ? Played : null;
        return all;
    }

    /// <summary>Those that vote: training data is no vote.</summary>
    public IReadOnlyList<Judgement> WithoutHinted() => _anyHinted ? Array.FindAll(Items, static judgement => !judgement.Hinted) : this;

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
