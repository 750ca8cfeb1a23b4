using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Plans a round of a shard: what is asked for after all that the ledger holds. A plan is an attempt's own: the next one plans from the
/// ledger again, and misses nothing that this one lost.
/// </summary>
internal sealed class PlanRound(OpenRuns runs, ActivityOptions options)
{
    /// <summary>Plans it; a round that this attempt has planned stays as it was.</summary>
    public async Task<RoundPlan> RunAsync(ShardRound round, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(round.RunId, round.Attempt);
        if (await runs.StopAskedAsync(context, cancellationToken) is { } halt)
        {
            return PlanOf(0, halt);
        }

        string name = RunFiles.Plan(round.Shard, round.Attempt, round.Wave, round.Round);
        if (await StoredDocument.TryReadLinesAsync(context.Store, name, RunsJson.Default.PlannedDraw, cancellationToken) is { } planned)
        {
            return PlanOf(planned.Count);
        }

        if (await OpenRuns.RolloutsAsync(context, round.Shard) is not { } rollouts)
        {
            return PlanOf(0, context.Monitor.Halt);
        }

        await MissingMetaRewards.AskAgainAsync(context, round, rollouts, cancellationToken);
        PlannedDraw[] draws = [.. await DrawsAsync(context, round, rollouts, cancellationToken)];
        return draws.Length == 0
            ? PlanOf(0)
            : PlanOf((await StoredDocument.StandAsync(context.Store, name, draws, RunsJson.Default.PlannedDraw, cancellationToken)).Count);
    }

    /// <summary>What is asked for now.</summary>
    internal static async Task<IEnumerable<PlannedDraw>> DrawsAsync(RunContext context, ShardRound round, IReadOnlyList<Rollout> rollouts, CancellationToken cancellationToken)
    {
        LedgerContents ledger = await context.LedgerOf(round.Shard).ReadAsync(rollouts, part => RunFiles.IsBefore(part, round.Wave, round.Round), cancellationToken);
        int[]? allowances = await AllocateBudget.AllowancesAsync(context, round.Shard, round.Wave, rollouts.Count, cancellationToken);
        ScoringRules rules = await FitJudge.RulesAsync(context, round.Wave, cancellationToken);
        return rollouts.SelectMany((rollout, i) => new RolloutScoring(rules, rollout, ledger.Of(rollout.Id)).Next(allowances?[i], round.LastWave)
            .Select(next => new PlannedDraw(i, next.Draw.Sample, next.Hint, next.Route)));
    }

    private RoundPlan PlanOf(int draws, Halt? halt = null) => new(draws, options.DrawsPerChunk, halt);
}
