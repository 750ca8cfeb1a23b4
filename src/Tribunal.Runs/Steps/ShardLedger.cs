using System.Runtime.InteropServices;
using Tribunal.Judgements;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// What this process knows of a shard's ledger: the parts that it saw whole, which never change, and their judgements by rollout. Where it
/// planned every round so far, and saw every part of them, storage holds nothing else. Safe for concurrent use.
/// </summary>
internal sealed class ShardLedger(int shard)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NotedJudgement[]> _parts = new(StringComparer.Ordinal);

    // Chunks of each round, as far as this process planned all of them.
    private readonly List<int> _rounds = [];
    private Dictionary<string, RolloutJudgements> _grouped = new(StringComparer.Ordinal);
    private int _roundsGrouped;
    private bool _isOver;
    private bool _isShared;

    /// <summary>Keeps a part that holds all that its chunk plans.</summary>
    public void Keep(string part, NotedJudgement[] judgements)
    {
        lock (_gate)
        {
            _parts.TryAdd(part, judgements);
        }
    }

    /// <summary>A part that was kept; null when it wasn't.</summary>
    public NotedJudgement[]? Kept(string part)
    {
        lock (_gate)
        {
            return _parts.GetValueOrDefault(part);
        }
    }

    /// <summary>Notes that this process planned a round which nobody had planned before.</summary>
    public void Planned(int wave, int round, int chunks)
    {
        lock (_gate)
        {
            _isShared |= wave != 0 || round != _rounds.Count;
            _rounds.Add(chunks);
            _isOver = false;
        }
    }

    /// <summary>Notes that a round was planned by somebody else, who may know of it what this process does not.</summary>
    public void PlannedElsewhere()
    {
        lock (_gate)
        {
            _isShared = true;
        }
    }

    /// <summary>Notes that a round asks for nothing, and that none follows.</summary>
    public void Ended(int wave, int round)
    {
        lock (_gate)
        {
            _isOver = wave == 0 && round == _rounds.Count;
        }
    }

    /// <summary>The ledger before a round, by rollout; null where only storage knows. What is handed out stays as it is.</summary>
    public Dictionary<string, RolloutJudgements>? Before(int wave, int round)
    {
        lock (_gate)
        {
            return wave == 0 && round == _rounds.Count ? Grouped() : null;
        }
    }

    /// <summary>The ledger after all rounds; null where only storage knows.</summary>
    public Dictionary<string, RolloutJudgements>? Whole()
    {
        lock (_gate)
        {
            return _isOver ? Grouped() : null;
        }
    }

    /// <summary>Groups judgements by rollout, each in the order of its samples: that in which they ended is chance.</summary>
    public static Dictionary<string, RolloutJudgements> Group(IEnumerable<NotedJudgement[]> parts) =>
        Add(new Dictionary<string, RolloutJudgements>(StringComparer.Ordinal), parts);

    private static Dictionary<string, RolloutJudgements> Add(Dictionary<string, RolloutJudgements> ledger, IEnumerable<NotedJudgement[]> parts)
    {
        foreach (NotedJudgement[] part in parts)
        {
            // Plans go through a shard's rollouts one by one, and so does a part drawn here; one read from storage is as its judgements ended.
            NotedJudgement[] ordered = IsGrouped(part) ? part : [.. part.OrderBy(static noted => noted.RolloutId, StringComparer.Ordinal)];
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

    private Dictionary<string, RolloutJudgements>? Grouped()
    {
        if (_isShared)
        {
            return null;
        }

        var later = new List<NotedJudgement[]>();
        for (int round = _roundsGrouped; round < _rounds.Count; round++)
        {
            for (int chunk = 0; chunk < _rounds[round]; chunk++)
            {
                if (!_parts.TryGetValue(RunFiles.Part(shard, 0, round, chunk), out NotedJudgement[]? part))
                {
                    return null;
                }

                later.Add(part);
            }
        }

        if (later.Count > 0)
        {
            _grouped = Add(new Dictionary<string, RolloutJudgements>(_grouped, StringComparer.Ordinal), later);
            _roundsGrouped = _rounds.Count;
        }

        return _grouped;
    }

    private static bool IsGrouped(NotedJudgement[] part)
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
