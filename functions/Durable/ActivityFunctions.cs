using Microsoft.Azure.Functions.Worker;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Durable;

/// <summary>The activities of <c>src/Tribunal.Runs/Steps</c>, bound.</summary>
public sealed class ActivityFunctions(RunActivities activities, IRunCatalog catalog, TimeProvider time)
{
    [Function("PlanBatch")]
    public Task<RunPlan> PlanBatchAsync([ActivityTrigger] BatchRun run, CancellationToken cancellationToken) => activities.PlanBatchAsync(run, cancellationToken);

    [Function("CheckJudge")]
    public Task<JudgeState> CheckJudgeAsync([ActivityTrigger] RunReference run, CancellationToken cancellationToken) => activities.CheckJudgeAsync(run, cancellationToken);

    [Function("PlanDraws")]
    public Task<RoundPlan> PlanDrawsAsync([ActivityTrigger] ShardRound round, CancellationToken cancellationToken) => activities.PlanDrawsAsync(round, cancellationToken);

    [Function("DrawJudgements")]
    public Task<ChunkResult> DrawJudgementsAsync([ActivityTrigger] ChunkReference chunk, CancellationToken cancellationToken) =>
        activities.DrawJudgementsAsync(chunk, cancellationToken);

    [Function("CastVerdicts")]
    public Task<ShardResult> CastVerdictsAsync([ActivityTrigger] ShardRun shard, CancellationToken cancellationToken) => activities.CastVerdictsAsync(shard, cancellationToken);

    [Function("AllocateBudget")]
    public Task<WavePlan> AllocateBudgetAsync([ActivityTrigger] WaveRequest wave, CancellationToken cancellationToken) => activities.AllocateBudgetAsync(wave, cancellationToken);

    [Function("Publish")]
    public Task<RunOutcome> PublishAsync([ActivityTrigger] PublishRequest request, CancellationToken cancellationToken) => activities.PublishAsync(request, cancellationToken);

    /// <summary>Brings a run's record up to date. Reports may arrive in any order and more than once.</summary>
    [Function(nameof(ReportRun))]
    public async Task<bool> ReportRun([ActivityTrigger] RunReport report, CancellationToken cancellationToken)
    {
        RunRecord? record = await catalog.UpdateAsync(
            report.RunId,
            now => now.IsOver || (report.State == RunState.Running && now.Progress?.ShardsFinished > report.Progress?.ShardsFinished)
                ? null
                : now with { State = report.State, Progress = report.Progress ?? now.Progress, Reason = report.Reason, Worker = LostRuns.Worker, Updated = time.GetUtcNow() },
            cancellationToken);
        return record is not null;
    }
}
