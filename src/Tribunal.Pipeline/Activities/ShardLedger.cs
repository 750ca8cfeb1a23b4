using System.Runtime.InteropServices;
using Tribunal.Judging;

namespace Tribunal.Pipeline.Activities;

/// <summary>
/// What this process knows of a shard's ledger: the parts that it saw whole, which never change, and their judgements by rollout. Where it
/// planned every round itself, and saw every part of them, storage has nothing else. Safe for concurrent use.
/// </summary>
internal sealed class ShardLedger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, IReadOnlyList<Judgement>> _parts = new(StringComparer.Ordinal);
    private readonly List<IReadOnlyList<Judgement>> _ungrouped = [];
    private Dictionary<string, List<Judgement>> _grouped = new(StringComparer.Ordinal);
    private int? _planned;

    /// <summary>Keeps a part that holds all that its chunk plans.</summary>
    public void Keep(string part, IReadOnlyList<Judgement> judgements)
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
    public IReadOnlyList<Judgement>? Kept(string part)
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

    /// <summary>The whole ledger by rollout, each in the order of its samples; null where only storage knows. Lists handed out stay as they are.</summary>
    public Dictionary<string, List<Judgement>>? Whole()
    {
        lock (_gate)
        {
            if (_planned != _parts.Count)
            {
                return null;
            }

            if (_ungrouped.Count > 0)
            {
                _grouped = Merge(_grouped, Group(_ungrouped));
                _ungrouped.Clear();
            }

            return _grouped;
        }
    }

    /// <summary>Groups judgements by rollout, each in the order of its samples: that in which they ended is chance.</summary>
    public static Dictionary<string, List<Judgement>> Group(IEnumerable<IReadOnlyList<Judgement>> parts)
    {
        var byRollout = new Dictionary<string, List<Judgement>>(StringComparer.Ordinal);
        foreach (IReadOnlyList<Judgement> part in parts)
        {
            foreach (Judgement judgement in part)
            {
                ref List<Judgement>? list = ref CollectionsMarshal.GetValueRefOrAddDefault(byRollout, judgement.RolloutId, out _);
                (list ??= []).Add(judgement);
            }
        }

        int[] samples = [];
        foreach (List<Judgement> list in byRollout.Values)
        {
            if (samples.Length < list.Count)
            {
                samples = new int[list.Count];
            }

            for (int i = 0; i < list.Count; i++)
            {
                samples[i] = list[i].Sample;
            }

            samples.AsSpan(0, list.Count).Sort(CollectionsMarshal.AsSpan(list));
        }

        return byRollout;
    }

    private static Dictionary<string, List<Judgement>> Merge(Dictionary<string, List<Judgement>> before, Dictionary<string, List<Judgement>> added)
    {
        if (before.Count == 0)
        {
            return added;
        }

        var merged = new Dictionary<string, List<Judgement>>(before, StringComparer.Ordinal);
        foreach ((string rollout, List<Judgement> later) in added)
        {
            merged[rollout] = before.TryGetValue(rollout, out List<Judgement>? earlier) ? Merge(earlier, later) : later;
        }

        return merged;
    }

    private static List<Judgement> Merge(List<Judgement> earlier, List<Judgement> later)
    {
        var merged = new List<Judgement>(earlier.Count + later.Count);
        int next = 0;
        foreach (Judgement judgement in earlier)
        {
            while (next < later.Count && later[next].Sample < judgement.Sample)
            {
                merged.Add(later[next++]);
            }

            merged.Add(judgement);
        }

        merged.AddRange(CollectionsMarshal.AsSpan(later)[next..]);
        return merged;
    }
}
