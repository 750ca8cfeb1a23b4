using System.Collections;
using Tribunal.Judging;

namespace Tribunal.Verdicts;

/// <summary>
/// A rollout's judgements in the order of their samples, hinted ones included. It never changes; what it is asked for round after round
/// is read of a judgement once, when it is added.
/// </summary>
public sealed class RolloutJudgements : IReadOnlyList<Judgement>
{
    private readonly PairMark[] _marks;

    private RolloutJudgements(Judgement[] items, PairMark[] marks, bool named)
    {
        Items = items;
        _marks = marks;
        IsNamed = named;
    }

    /// <summary>No judgements.</summary>
    public static RolloutJudgements None { get; } = new([], [], named: true);

    /// <inheritdoc/>
    public int Count => Items.Length;

    internal Judgement[] Items { get; }

    internal ReadOnlySpan<PairMark> Marks => _marks;

    /// <summary>Whether no two share a sample and none is hinted: they are a ledger view as they are.</summary>
    internal bool IsNamed { get; }

    /// <inheritdoc/>
    public Judgement this[int index] => Items[index];

    /// <summary>These and others, which may come in any order.</summary>
    public RolloutJudgements With(ReadOnlySpan<Judgement> added)
    {
        Span<long> order = added.Length <= 256 ? stackalloc long[added.Length] : new long[added.Length];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = ((long)added[i].Sample << 32) | (uint)i;
        }

        order.Sort();
        var items = new Judgement[Items.Length + added.Length];
        var marks = new PairMark[items.Length];
        bool named = IsNamed;
        for (int at = 0, mine = 0, theirs = 0; at < items.Length; at++)
        {
            if (theirs == order.Length || (mine < Items.Length && _marks[mine].Sample <= order[theirs] >> 32))
            {
                (items[at], marks[at]) = (Items[mine], _marks[mine]);
                mine++;
            }
            else
            {
                Judgement judgement = added[(int)order[theirs++]];
                (items[at], marks[at]) = (judgement, PairMark.Of(judgement));
                named &= !judgement.Hinted;
            }

            named &= at == 0 || marks[at - 1].Sample < marks[at].Sample;
        }

        return new RolloutJudgements(items, marks, named);
    }

    /// <summary>Those that vote: training data is no vote.</summary>
    public IReadOnlyList<Judgement> WithoutHinted() => Array.Exists(Items, static judgement => judgement.Hinted) ? Array.FindAll(Items, static judgement => !judgement.Hinted) : this;

    /// <inheritdoc/>
    public IEnumerator<Judgement> GetEnumerator() => ((IEnumerable<Judgement>)Items).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
