using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>A meta reward that was asked for again.</summary>
/// <param name="RolloutId">The rollout.</param>
/// <param name="Sample">The judgement's number.</param>
/// <param name="Meta">The reward; null where the model gave none this time either.</param>
/// <param name="MetaUsage">Tokens of the meta reward model.</param>
/// <param name="MetaCut">Whether its server cut the text.</param>
public sealed record LateMetaReward(string RolloutId, int Sample, double? Meta, Usage? MetaUsage = null, bool MetaCut = false);

/// <summary>
/// Meta rewards that came after their judgements were in the ledger. They stand in documents of their own until the shard's ledger is
/// written for good, so that whoever goes on with the run votes on the same rewards.
/// </summary>
internal sealed class LateMetaRewards
{
    private readonly Dictionary<(string RolloutId, int Sample), LateMetaReward> _rewards = [];

    /// <summary>Reads those of a shard, or of the whole run. A document that a power cut has spoilt is as one that is not there: they are asked for once more.</summary>
    public static async Task<LateMetaRewards> ReadAsync(IRunStore store, IEnumerable<string> names, CancellationToken cancellationToken)
    {
        var late = new LateMetaRewards();
        foreach (string name in names.Where(RunFiles.IsMetaRewards))
        {
            late.Add(await StoredDocument.TryReadLinesAsync(store, name, RunsJson.Default.LateMetaReward, cancellationToken) ?? []);
        }

        return late;
    }

    /// <summary>Whether a judgement takes a meta reward and has none.</summary>
    public static bool IsMissing(Judgement judgement) => judgement is { Outcome: JudgementOutcome.Valid, Hinted: false, Meta: null };

    /// <summary>The judgement with its reward, where it has come.</summary>
    public T Fill<T>(T judgement)
        where T : Judgement =>
        IsMissing(judgement) && _rewards.TryGetValue((judgement.RolloutId, judgement.Sample), out LateMetaReward? late)
            ? judgement with { Meta = late.Meta, MetaUsage = late.MetaUsage, MetaCut = late.MetaCut }
            : judgement;

    private void Add(IEnumerable<LateMetaReward> rewards)
    {
        foreach (LateMetaReward reward in rewards.Where(static reward => reward.Meta is not null))
        {
            _rewards.TryAdd((reward.RolloutId, reward.Sample), reward);
        }
    }
}
