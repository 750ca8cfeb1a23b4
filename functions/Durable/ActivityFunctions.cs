using Microsoft.Azure.Functions.Worker;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Durable;

/// <summary>The steps of <c>src/Tribunal.Runs/Steps</c>, bound.</summary>
public sealed class ActivityFunctions(RunSteps steps, IRunCatalog catalog, TimeProvider time)
{
    [Function("PlanBatch")]
    public Task<RunPlan> PlanBatchAsync([ActivityTrigger] BatchRun run, CancellationToken cancellationToken) => steps.CallAsync(Names.PlanBatch, run, cancellationToken);

    [Function("CheckJudge")]
    public Task<JudgeState> CheckJudgeAsync([ActivityTrigger] RunReference run, CancellationToken cancellationToken) => steps.CallAsync(Names.CheckJudge, run, cancellationToken);

    [Function("PlanRound")]
    public Task<RoundPlan> PlanRoundAsync([ActivityTrigger] ShardRound round, CancellationToken cancellationToken) => steps.CallAsync(Names.PlanRound, round, cancellationToken);

    [Function("DrawChunk")]
    public Task<ChunkResult> DrawChunkAsync([ActivityTrigger] ChunkReference chunk, CancellationToken cancellationToken) =>
        steps.CallAsync(Names.DrawChunk, chunk, cancellationToken);

    [Function("CastShard")]
    public Task<ShardResult> CastShardAsync([ActivityTrigger] ShardRun shard, CancellationToken cancellationToken) => steps.CallAsync(Names.CastShard, shard, cancellationToken);

    [Function("AllocateBudget")]
    public Task<WavePlan> AllocateBudgetAsync([ActivityTrigger] WaveRequest wave, CancellationToken cancellationToken) => steps.CallAsync(Names.AllocateBudget, wave, cancellationToken);

    [Function("FitJudge")]
    public Task<bool> FitJudgeAsync([ActivityTrigger] RunReference run, CancellationToken cancellationToken) => steps.CallAsync(Names.FitJudge, run, cancellationToken);

    [Function("WeighPanel")]
    public Task<bool> WeighPanelAsync([ActivityTrigger] RunReference run, CancellationToken cancellationToken) => steps.CallAsync(Names.WeighPanel, run, cancellationToken);

    [Function("Publish")]
    public Task<RunOutcome> PublishAsync([ActivityTrigger] PublishRequest request, CancellationToken cancellationToken) => steps.CallAsync(Names.Publish, request, cancellationToken);

    /// <summary>Brings a run's record up to date. Reports may arrive in any order and more than once.</summary>
    [Function(nameof(ReportRun))]
    public async Task<bool> ReportRun([ActivityTrigger] RunReport report, CancellationToken cancellationToken)
    {
        RunRecord? record = await catalog.UpdateAsync(
            report.RunId,
            now => now.IsOver || (report is { State: RunState.Running, Progress: { } progress } && now.Progress is { } newer && progress.IsBefore(newer))
                ? null
                : now with { State = report.State, Progress = report.Progress ?? now.Progress, Reason = report.Reason, Worker = LostRuns.Worker, Updated = time.GetUtcNow() },
            cancellationToken);
        return record is not null;
    }
}
