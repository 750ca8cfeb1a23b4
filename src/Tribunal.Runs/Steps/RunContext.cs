using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>A run as activities see it: its manifest, shards, judge and scheme. Kept per process, since none of it changes.</summary>
internal sealed class RunContext
{
    private const int KeptShards = 16;
    private readonly Lock _gate = new();
    private readonly LinkedList<(int Shard, Task<IReadOnlyList<Rollout>> Rollouts)> _recent = [];
    private readonly Dictionary<int, ShardLedger> _ledgers = [];
    private SchemeOptions? _options;

    public required IRunStore Store { get; init; }

    public required RunManifest Manifest { get; init; }

    public required IReadOnlyList<Shard> Shards { get; init; }

    public required IBatchFile Batch { get; init; }

    public required RunBranches Branches { get; init; }

    /// <summary>What the run's own scheme is made of.</summary>
    public SchemeOptions Options => _options ??= Schemes.OptionsFor(Manifest.Request, Branches.Own.Binding.Protocol.Kind, Branches.Own.Binding.Protocol.ScoreRange, Branches.Own.Binding.LearnedMeta);

    /// <summary>Whether votes want to know what the texts look like.</summary>
    public bool AsksForTexts => Branches.Own.Binding.LearnedMeta is not null;

    public required RunMonitor Monitor { get; init; }

    /// <summary>A judgement as it is kept in memory: without its texts.</summary>
    public Judgement Lean(Judgement judgement) => !AsksForTexts && judgement is { Text: null, Reasoning: null } ? judgement : judgement with
    {
        Traits = AsksForTexts ? judgement.Traits ?? ReasoningTraits.Of(judgement.Reasoning, judgement.Text) : null,
        Text = null,
        Reasoning = null,
    };

    /// <summary>The rollouts of a shard, read once for the activities that share them.</summary>
    public Task<IReadOnlyList<Rollout>> RolloutsAsync(int shard)
    {
        lock (_gate)
        {
            for (LinkedListNode<(int Shard, Task<IReadOnlyList<Rollout>> Rollouts)>? node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.Shard == shard && !node.Value.Rollouts.IsFaulted)
                {
                    _recent.Remove(node);
                    _recent.AddFirst(node);
                    return node.Value.Rollouts;
                }
            }

            Task<IReadOnlyList<Rollout>> rollouts = ShardReader.ReadAsync(Batch, Manifest, Shards[shard], CancellationToken.None);
            _recent.AddFirst((shard, rollouts));
            if (_recent.Count > KeptShards)
            {
                _recent.RemoveLast();
            }

            return rollouts;
        }
    }

    /// <summary>What this process knows of a shard's ledger until its verdicts are cast, so that rounds don't read it again.</summary>
    public ShardLedger Known(int shard)
    {
        lock (_gate)
        {
            if (!_ledgers.TryGetValue(shard, out ShardLedger? known))
            {
                _ledgers.Add(shard, known = new ShardLedger(shard));
            }

            return known;
        }
    }

    /// <summary>Forgets a shard: its rollouts and its parts. Who asks again has them read again.</summary>
    public void Forget(int shard)
    {
        lock (_gate)
        {
            _ledgers.Remove(shard);
            if (_recent.FirstOrDefault(recent => recent.Shard == shard) is { Rollouts: not null } recent)
            {
                _recent.Remove(recent);
            }
        }
    }

    /// <summary>The ledger before a round of a shard, as this process knows it or as storage has it.</summary>
    public async Task<Dictionary<string, RolloutJudgements>> LedgerBeforeAsync(ShardRound round, CancellationToken cancellationToken) =>
        Known(round.Shard).Before(round.Wave, round.Round) ?? await StoredLedgerAsync(round.Shard, cancellationToken);

    /// <summary>Every judgement of a shard's ledger by rollout, hinted ones included, in the order of its samples.</summary>
    public async Task<Dictionary<string, RolloutJudgements>> LedgerAsync(int shard, CancellationToken cancellationToken) =>
        Known(shard).Whole() ?? await StoredLedgerAsync(shard, cancellationToken);

    private async Task<Dictionary<string, RolloutJudgements>> StoredLedgerAsync(int shard, CancellationToken cancellationToken)
    {
        ShardLedger known = Known(shard);
        var parts = new List<NotedJudgement[]>();
        await foreach (string name in Store.ListAsync(RunFiles.ShardPrefix(shard), cancellationToken))
        {
            if (!RunFiles.IsLedgerPart(name))
            {
                continue;
            }

            if (known.Kept(name) is { } kept)
            {
                parts.Add(kept);
                continue;
            }

            var read = new List<NotedJudgement>();
            await foreach (Judgement judgement in StoredLedger.ReadWithHintedAsync(Store, name, AsksForTexts, cancellationToken))
            {
                read.Add(new NotedJudgement(Lean(judgement)));
            }

            parts.Add([.. read]);
        }

        return ShardLedger.Group(parts);
    }
}
