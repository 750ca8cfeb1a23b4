using System.Collections;

namespace Tribunal.Judgements;

/// <summary>A judgement of a run under way.</summary>
/// <param name="Judgement">The judgement.</param>
public readonly record struct NotedJudgement(Judgement Judgement)
{
    /// <summary>Its rollout.</summary>
    public string RolloutId => Judgement.RolloutId;
}

/// <summary>A rollout's judgements as a sorted ledger, hinted ones included. It never changes.</summary>
public sealed class RolloutJudgements : IReadOnlyList<Judgement>
{
    private readonly IReadOnlyList<Judgement> _items;

    private RolloutJudgements(IReadOnlyList<Judgement> items) => _items = items;

    /// <summary>No judgements.</summary>
    public static RolloutJudgements None { get; } = new([]);

    /// <inheritdoc/>
    public int Count => _items.Count;

    /// <inheritdoc/>
    public Judgement this[int index] => _items[index];

    /// <summary>These and others, which may come in any order.</summary>
    public RolloutJudgements With(ReadOnlySpan<NotedJudgement> added)
    {
        var all = new List<Judgement>(_items);
        foreach (NotedJudgement noted in added)
        {
            all.Add(noted.Judgement);
        }

        return new RolloutJudgements(SortedLedger.Of(all));
    }

    /// <summary>Those that vote: training data is no vote.</summary>
    public IReadOnlyList<Judgement> WithoutHinted() =>
        _items.Any(static judgement => judgement.Hinted) ? [.. _items.Where(static judgement => !judgement.Hinted)] : this;

    /// <inheritdoc/>
    public IEnumerator<Judgement> GetEnumerator() => _items.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
