using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Asks again for the meta rewards that did not come when their judgements were drawn: once in an attempt, before the judgements
/// are voted on. What comes is written down before it counts.
/// </summary>
internal static class MissingMetaRewards
{
    /// <summary>Asks for those of a shard's rounds before this one; a round before which this attempt has asked is left as it is.</summary>
    public static async Task AskAgainAsync(RunContext context, ShardRound round, IReadOnlyList<Rollout> rollouts, CancellationToken cancellationToken)
    {
        string name = RunFiles.MetaRewards(round.Shard, round.Attempt, round.Wave, round.Round);
        if (!context.Branches.AskMeta || await StoredDocument.TryReadLinesAsync(context.Store, name, RunsJson.Default.LateMetaReward, cancellationToken) is not null)
        {
            return;
        }

        LedgerContents ledger = await context.LedgerOf(round.Shard).ReadAsync(rollouts, part => RunFiles.IsBefore(part, round.Wave, round.Round), cancellationToken);
        Dictionary<string, Rollout> byId = rollouts.ToDictionary(static rollout => rollout.Id, StringComparer.Ordinal);
        var missing = (
            from rollout in rollouts
            from judgement in ledger.Of(rollout.Id)
            where LateMetaRewards.IsMissing(judgement) && context.Branches.Of(judgement.Sample, judgement.Route, rollout.Responses.Count).Judge.Meta is not null
            select (judgement.RolloutId, judgement.Sample)).ToHashSet();
        missing.ExceptWith(await AskedAsync(context, round, cancellationToken));
        if (missing.Count == 0)
        {
            return;
        }

        List<TracedJudgement> judgements = await WithTextsAsync(context.Store, ledger.Parts.Keys, missing, cancellationToken);
        LateMetaReward?[] rewards = await Task.WhenAll(judgements.Select(judgement => AskAsync(context, byId[judgement.RolloutId], judgement, cancellationToken)));
        await StoredDocument.StandAsync(context.Store, name, [.. rewards.OfType<LateMetaReward>()], RunsJson.Default.LateMetaReward, cancellationToken);
    }

    // What this attempt has asked for before its earlier rounds: a text that the model can't take gets no reward however often it is asked.
    private static async Task<HashSet<(string, int)>> AskedAsync(RunContext context, ShardRound round, CancellationToken cancellationToken)
    {
        HashSet<(string, int)> asked = [];
        await foreach (string name in context.Store.ListAsync(RunFiles.ShardPrefix(round.Shard), cancellationToken))
        {
            if (RunFiles.IsMetaRewards(name) && name.Contains($"/meta-{round.Attempt}-", StringComparison.Ordinal))
            {
                asked.UnionWith((await StoredDocument.TryReadLinesAsync(context.Store, name, RunsJson.Default.LateMetaReward, cancellationToken) ?? [])
                    .Select(static reward => (reward.RolloutId, reward.Sample)));
            }
        }

        return asked;
    }

    private static async Task<List<TracedJudgement>> WithTextsAsync(IRunStore store, IEnumerable<string> parts, HashSet<(string, int)> wanted, CancellationToken cancellationToken)
    {
        var judgements = new List<TracedJudgement>();
        foreach (string part in parts)
        {
            await foreach (TracedJudgement judgement in StoredLedger.ReadAsync(store, part, JudgementLine.ReadTraced, cancellationToken: cancellationToken))
            {
                if (wanted.Remove((judgement.RolloutId, judgement.Sample)))
                {
                    judgements.Add(judgement);
                }
            }
        }

        return judgements;
    }

    // What still waits for a place when the run stops is asked by the next attempt.
    private static async Task<LateMetaReward?> AskAsync(RunContext context, Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken) =>
        await context.Branches.Of(judgement.Sample, judgement.Route, rollout.Responses.Count).MetaScoreAsync(() => context.Monitor.Halt is not null, rollout, judgement, cancellationToken) is { } again
            ? new LateMetaReward(again.RolloutId, again.Sample, again.Meta, again.MetaUsage, again.MetaCut)
            : null;
}
