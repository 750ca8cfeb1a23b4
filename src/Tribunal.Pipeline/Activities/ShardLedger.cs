using System.Runtime.InteropServices;
using Tribunal.Judging;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Activities;

/// <summary>
/// What this process knows of a shard's ledger: the parts that it saw whole, which never change, and their judgements by rollout. Where it
/// planned every round itself, and saw every part of them, storage has nothing else. Safe for concurrent use.
/// </summary>
internal sealed class ShardLedger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Judgement[]> _parts = new(StringComparer.Ordinal);
    private readonly List<Judgement[]> _ungrouped = [];
    private Dictionary<string, RolloutJudgements> _grouped = new(StringComparer.Ordinal);
    private int? _planned;

    /// <summary>Keeps a part that holds all that its chunk plans.</summary>
    public void Keep(string part, Judgement[] judgements)
    {
        lock (_gate)
        {
            if (_parts.TryAdd(part, judgements))
            {
                _ungrouped.Add(judgements);
            }
        }
    }

    /// <summary>A part that was kept; null when it wasn't.</summary>
    public Judgement[]? Kept(string part)
    {
        lock (_gate)
        {
            return _parts.GetValueOrDefault(part);
        }
    }

    /// <summary>Notes that this process planned a round which nobody had planned before.</summary>
    /// <param name="first">Whether no round of the shard goes before it.</param>
    /// <param name="chunks">The parts that will hold it.</param>
    public void Planned(bool first, int chunks)
    {
        lock (_gate)
        {
            _planned = first ? chunks : _planned + chunks;
        }
    }

    /// <summary>Notes that a round was planned by somebody else, who may have drawn of it what this process does not know.</summary>
    public void PlannedElsewhere()
    {
        lock (_gate)
        {
            _planned = null;
        }
    }

    /// <summary>The whole ledger by rollout, each in the order of its samples; null where only storage knows.</summary>
    public Dictionary<string, RolloutJudgements>? Whole()
    {
        lock (_gate)
        {
            if (_planned != _parts.Count)
            {
                return null;
            }

            if (_ungrouped.Count > 0)
            {
                _grouped = Add(new Dictionary<string, RolloutJudgements>(_grouped, StringComparer.Ordinal), _ungrouped);
                _ungrouped.Clear();
            }

            return _grouped;
        }
    }

    /// <summary>Groups judgements by rollout, each in the order of its samples: that in which they ended is chance.</summary>
    public static Dictionary<string, RolloutJudgements> Group(IEnumerable<Judgement[]> parts) =>
        Add(new Dictionary<string, RolloutJudgements>(StringComparer.Ordinal), parts);

    private static Dictionary<string, RolloutJudgements> Add(Dictionary<string, RolloutJudgements> ledger, IEnumerable<Judgement[]> parts)
    {
        foreach (Judgement[] part in parts)
        {
            // Plans go through a shard's rollouts one by one, and so does a part drawn here; one read from storage is as its judgements ended.
            Judgement[] ordered = IsGrouped(part) ? part : [.. part.OrderBy(static judgement => judgement.RolloutId, StringComparer.Ordinal)];
            for (int start = 0, end; start < ordered.Length; start = end)
            {
                string rollout = ordered[start].RolloutId;
                for (end = start + 1; end < ordered.Length && ordered[end].RolloutId == rollout; end++)
                {
                }

                ref RolloutJudgements? judgements = ref CollectionsMarshal.GetValueRefOrAddDefault(ledger, rollout, out _);
                judgements = (judgements ?? RolloutJudgements.None).With(ordered.AsSpan(start, end - start));
            }
        }

        return ledger;
    }

    private static bool IsGrouped(Judgement[] part)
    {
        int changes = 0;
        for (int i = 1; i < part.Length; i++)
        {
            changes += part[i].RolloutId == part[i - 1].RolloutId ? 0 : 1;
        }

        // More changes than rollouts would take are only slower, never wrong.
        return changes <= part.Length / 2;
    }
}
