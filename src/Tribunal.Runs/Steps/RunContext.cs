using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>A run as activities see it: its manifest, shards, judge and scheme. Kept per process, since none of it changes.</summary>
internal sealed class RunContext
{
    private const int KeptShards = 16;

    // More than are under way at once: where verdicts are cast by other processes, nothing else here forgets a shard.
    private const int KeptLedgers = 128;
    private readonly Lock _gate = new();
    private readonly OrderedDictionary<int, Task<IReadOnlyList<Rollout>>> _recent = [];
    private readonly OrderedDictionary<int, ShardLedger> _ledgers = [];
    private readonly HashSet<int> _counted = [];
    private ScoringRules? _rules;

    /// <summary>When it was last looked whether somebody cancelled the run, as a timestamp.</summary>
    public long LastLook;

    public required IRunStore Store { get; init; }

    public required RunManifest Manifest { get; init; }

    public required IReadOnlyList<Shard> Shards { get; init; }

    public required IBatchFile Batch { get; init; }

    public required RunBranches Branches { get; init; }

    /// <summary>What the run's own scheme is made of.</summary>
    public SchemeOptions Options => Branches.Options;

    public required RunMonitor Monitor { get; init; }

    /// <summary>What this process may spend of the run's limits.</summary>
    public required RunAllowance Allowance { get; init; }

    /// <summary>How the run's rollouts are scored.</summary>
    public ScoringRules Rules => _rules ??= new ScoringRules(Branches.Router, Manifest.Request.Seed, Manifest.Request.Hint, Manifest.Simulated) { Calibration = Manifest.Request.Calibration };

    /// <summary>Whether every rollout takes part in the first wave that a run learns from, where it has one.</summary>
    public bool PilotsAll { get; set; }

    /// <summary>The rules of what a run has learned of its judge, once it has.</summary>
    public ScoringRules? LearnedRules { get; set; }

    /// <summary>The rollouts of a shard, read once for the activities that share them.</summary>
    public Task<IReadOnlyList<Rollout>> RolloutsAsync(int shard)
    {
        lock (_gate)
        {
            // The one that was asked for last stands last.
            if (!_recent.Remove(shard, out Task<IReadOnlyList<Rollout>>? rollouts) || rollouts.IsFaulted)
            {
                rollouts = ShardReader.ReadAsync(Batch, Manifest, Shards[shard], CancellationToken.None);
            }

            _recent.Add(shard, rollouts);
            if (_recent.Count > KeptShards)
            {
                _recent.RemoveAt(0);
            }

            return rollouts;
        }
    }

    /// <summary>A shard's ledger, whose parts are read once until its verdicts are cast.</summary>
    public ShardLedger LedgerOf(int shard)
    {
        lock (_gate)
        {
            if (!_ledgers.TryGetValue(shard, out ShardLedger? ledger))
            {
                if (_ledgers.Count == KeptLedgers)
                {
                    _counted.Add(_ledgers.GetAt(0).Key);
                    _ledgers.RemoveAt(0);
                }

                _ledgers.Add(shard, ledger = new ShardLedger(Store, shard, traits: Branches.Own.Judge.LearnedMeta is not null, _counted.Contains(shard) ? static _ => { } : Monitor.AddEarlier));
            }

            return ledger;
        }
    }

    /// <summary>Forgets a shard: its rollouts and its parts. Who asks again has them read again.</summary>
    public void Forget(int shard)
    {
        lock (_gate)
        {
            _ledgers.Remove(shard);
            _recent.Remove(shard);

            // What was voted on has been counted: when it is voted on again, none of it is an earlier process's.
            _counted.Add(shard);
        }
    }
}
