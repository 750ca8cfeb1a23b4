using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>A part of a ledger, read.</summary>
/// <param name="Judgements">Its judgements, without their texts, as they stand.</param>
/// <param name="Unreadable">Lines that are no judgement: they are as ones that are not there.</param>
internal sealed record LedgerPart(IReadOnlyList<Judgement> Judgements, int Unreadable);

/// <summary>What a shard's ledger holds. It is a set: which part a judgement lies in means nothing, and of a name that stands twice the first counts.</summary>
/// <param name="rollouts">The shard's rollouts: what names another can't count.</param>
/// <param name="late">Meta rewards that came after their judgements.</param>
internal sealed class LedgerContents(IReadOnlySet<string> rollouts, LateMetaRewards late)
{
    private static readonly List<Judgement> None = [];
    private readonly Dictionary<string, List<Judgement>> _rollouts = new(StringComparer.Ordinal);

    /// <summary>How many judgements each part holds that count.</summary>
    public SortedDictionary<string, int> Parts { get; } = new(StringComparer.Ordinal);

    /// <summary>Lines that don't count: no judgement, or none of this shard, or one whose name stands already.</summary>
    public int Left { get; private set; }

    /// <summary>Judgements whose meta reward came after them.</summary>
    public int Filled { get; private set; }

    /// <summary>A rollout's judgements in the order of their samples, hinted ones included.</summary>
    public List<Judgement> Of(string rolloutId) => _rollouts.GetValueOrDefault(rolloutId) ?? None;

    /// <summary>Whether a name stands.</summary>
    public bool Holds(string rolloutId, int sample) => JudgementSet.Holds(Of(rolloutId), sample);

    public void Add(string name, LedgerPart part)
    {
        int count = 0;
        foreach (Judgement judgement in part.Judgements)
        {
            if (!rollouts.Contains(judgement.RolloutId))
            {
                continue;
            }

            if (!_rollouts.TryGetValue(judgement.RolloutId, out List<Judgement>? own))
            {
                _rollouts.Add(judgement.RolloutId, own = []);
            }

            Judgement filled = late.Fill(judgement);
            if (JudgementSet.Add(own, filled))
            {
                count++;
                Filled += ReferenceEquals(filled, judgement) ? 0 : 1;
            }
        }

        Parts.Add(name, count);
        Left += part.Judgements.Count - count + part.Unreadable;
    }
}

/// <summary>
/// Reads a shard's ledger for the steps of one attempt. A part that can't change any more, because its round is over or because this
/// process drew all of it, is read once. Safe for concurrent use.
/// </summary>
internal sealed class ShardLedger(IRunStore store, int shard, bool traits, Action<Judgement> onEarlier)
{
    private readonly ReadJudgement<Judgement> _read = traits ? JudgementLine.ReadWithTraits : JudgementLine.Read;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, LedgerPart> _parts = new(StringComparer.Ordinal);
    private readonly HashSet<(string Rollout, int Sample)> _met = [];

    /// <summary>Notes that this process draws a judgement: it is none of those that were there before.</summary>
    public void Draws(string rolloutId, int sample)
    {
        lock (_gate)
        {
            _met.Add((rolloutId, sample));
        }
    }

    /// <summary>Keeps a part that holds all that its chunk draws.</summary>
    public void Keep(string name, LedgerPart part)
    {
        lock (_gate)
        {
            _parts.TryAdd(name, part);
        }
    }

    /// <param name="isFinal">Whether nobody writes to a part any more, by its name.</param>
    public async Task<LedgerContents> ReadAsync(IReadOnlyList<Rollout> rollouts, Func<string, bool> isFinal, CancellationToken cancellationToken)
    {
        List<string> names = await store.ListAsync(RunFiles.ShardPrefix(shard), cancellationToken).ToListAsync(cancellationToken);
        LateMetaRewards late = await LateMetaRewards.ReadAsync(store, names, cancellationToken);
        var contents = new LedgerContents(rollouts.Select(static rollout => rollout.Id).ToHashSet(StringComparer.Ordinal), late);
        foreach (string name in names.Where(RunFiles.IsLedgerPart))
        {
            contents.Add(name, await PartAsync(name, isFinal(name), cancellationToken));
        }

        return contents;
    }

    /// <summary>A judgement as it is kept in memory: without its texts.</summary>
    public Judgement Lean(TracedJudgement judgement) => traits ? judgement.WithTraits() : judgement.WithoutTrace();

    private async Task<LedgerPart> PartAsync(string name, bool final, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_parts.TryGetValue(name, out LedgerPart? kept))
            {
                return kept;
            }
        }

        LedgerPart part = await ReadPartAsync(name, cancellationToken);
        lock (_gate)
        {
            foreach (Judgement judgement in part.Judgements)
            {
                if (_met.Add((judgement.RolloutId, judgement.Sample)))
                {
                    onEarlier(judgement);
                }
            }

            return final && !_parts.TryAdd(name, part) ? _parts[name] : part;
        }
    }

    private async Task<LedgerPart> ReadPartAsync(string name, CancellationToken cancellationToken)
    {
        var judgements = new List<Judgement>();
        int unreadable = 0;
        await foreach (Judgement? judgement in LineReader.ReadAsync(await store.OpenReadAsync(name, cancellationToken), line => StoredLedger.TryRead(line, _read), cancellationToken))
        {
            if (judgement is null)
            {
                unreadable++;
            }
            else
            {
                judgements.Add(judgement);
            }
        }

        return new LedgerPart(judgements, unreadable);
    }
}
