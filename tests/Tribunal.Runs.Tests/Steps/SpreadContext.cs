using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>Runs an orchestration whose activities go to several processes in turn, as a function app's instances take them.</summary>
internal sealed class SpreadContext(IReadOnlyList<RunSteps> processes) : IOrchestrationContext
{
    private int _calls;

    public DateTimeOffset CurrentUtc => TimeProvider.System.GetUtcNow();

    public bool KeepsHistory => false;

    public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
        processes[Interlocked.Increment(ref _calls) % processes.Count].CallAsync(activity, input, CancellationToken.None);

    public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input) =>
        (TOutput)(object)await ScoreShard.RunAsync(new SpreadContext(processes), (ShardRun)(object)input!);

    public Task CreateTimerAsync(TimeSpan delay) => Task.CompletedTask;

    public void SetCustomStatus(RunProgress status)
    {
    }
}
