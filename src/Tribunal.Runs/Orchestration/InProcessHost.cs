using System.Diagnostics;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Runs.Orchestration;

/// <summary>
/// Runs the orchestrators on this machine: a loop, with no history and no replay. The ledger is the durability, so a run
/// that is started again goes on where the last one ended.
/// </summary>
public sealed class InProcessHost
{
    private readonly IReadOnlyDictionary<string, Func<object, CancellationToken, Task<object>>> _activities;
    private readonly TimeProvider _time;
    private readonly Action<RunProgress>? _onProgress;

    /// <summary>Creates it.</summary>
    /// <param name="activities">The activities by the names of <see cref="Names"/>.</param>
    /// <param name="time">The clock.</param>
    /// <param name="onProgress">Told of the batch's custom status.</param>
    public InProcessHost(
        IReadOnlyDictionary<string, Func<object, CancellationToken, Task<object>>> activities, TimeProvider time, Action<RunProgress>? onProgress = null) =>
        (_activities, _time, _onProgress) = (activities, time, onProgress);

    /// <summary>Evaluates a batch to its end, or to the stop of the run.</summary>
    /// <param name="run">What to run.</param>
    /// <param name="cancellationToken">Ends it hard; a soft stop is the run monitor's.</param>
    public async Task<RunOutcome> RunAsync(BatchRun run, CancellationToken cancellationToken)
    {
        using Activity? span = PipelineTelemetry.StartRun(run.RunId);
        return await EvaluateBatch.RunAsync(new Context(this, run.RunId, _onProgress, cancellationToken), run);
    }

    private sealed class Context(InProcessHost host, string instanceId, Action<RunProgress>? onProgress, CancellationToken cancellationToken) : IOrchestrationContext
    {
        public string InstanceId => instanceId;

        public DateTimeOffset CurrentUtc => host._time.GetUtcNow();

        public bool KeepsHistory => false;

        public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
            (TOutput)await Task.Run(() => host._activities[activity.Name](input!, cancellationToken), cancellationToken);

        public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input)
        {
            using Activity? span = input is ShardRun { RunId: var runId, Shard: var index } ? PipelineTelemetry.StartShard(runId, index) : null;
            object result = input is ShardRun shard && orchestrator.Name == Names.ScoreShard.Name
                ? await ScoreShard.RunAsync(new Context(host, instanceId, null, cancellationToken), shard)
                : throw new ActivityFailedException(nameof(KeyNotFoundException), $"there is no orchestrator {orchestrator.Name}");
            return (TOutput)result;
        }

        public Task CreateTimerAsync(TimeSpan delay) => Task.Delay(delay, host._time, cancellationToken);

        public void SetCustomStatus(RunProgress status) => onProgress?.Invoke(status);
    }
}
