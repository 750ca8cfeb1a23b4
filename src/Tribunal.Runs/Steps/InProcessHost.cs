using System.Diagnostics;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Runs the orchestrators on this machine: a loop, with no history and no replay. The ledger is the durability, so a run
/// that is started again goes on where the last one ended.
/// </summary>
/// <param name="steps">The steps.</param>
/// <param name="time">The clock.</param>
/// <param name="onProgress">Told of the batch's custom status.</param>
public sealed class InProcessHost(RunSteps steps, TimeProvider time, Action<RunProgress>? onProgress = null)
{
    /// <summary>Evaluates a batch to its end, or to the stop of the run.</summary>
    /// <param name="run">What to run.</param>
    /// <param name="cancellationToken">Ends it hard; a soft stop is the run monitor's.</param>
    public async Task<RunOutcome> RunAsync(BatchRun run, CancellationToken cancellationToken)
    {
        using Activity? span = PipelineTelemetry.StartRun(run.RunId);
        return await EvaluateBatch.RunAsync(new Context(steps, time, onProgress, cancellationToken), run);
    }

    private sealed class Context(RunSteps steps, TimeProvider time, Action<RunProgress>? onProgress, CancellationToken cancellationToken) : IOrchestrationContext
    {
        public DateTimeOffset CurrentUtc => time.GetUtcNow();

        public bool KeepsHistory => false;

        public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
            Task.Run(() => steps.CallAsync(activity, input, cancellationToken), cancellationToken);

        public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input)
        {
            if (input is not ShardRun shard)
            {
                throw new NotSupportedException($"{orchestrator.Name} has no instance of its own without a history");
            }

            using Activity? span = PipelineTelemetry.StartShard(shard.RunId, shard.Shard);
            return (TOutput)(object)await ScoreShard.RunAsync(new Context(steps, time, null, cancellationToken), shard);
        }

        public Task CreateTimerAsync(TimeSpan delay) => Task.Delay(delay, time, cancellationToken);

        public void SetCustomStatus(RunProgress status) => onProgress?.Invoke(status);
    }
}
