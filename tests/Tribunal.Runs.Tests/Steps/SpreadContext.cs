using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>Runs an orchestration whose activities go to several processes in turn, as a function app's instances take them.</summary>
internal sealed class SpreadContext(string instanceId, IReadOnlyList<RunSteps> processes) : IOrchestrationContext
{
    private int _calls;

    public string InstanceId => instanceId;

    public DateTimeOffset CurrentUtc => TimeProvider.System.GetUtcNow();

    public bool KeepsHistory => false;

    public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
    {
        RunSteps process = processes[Interlocked.Increment(ref _calls) % processes.Count];
        object output = input switch
        {
            BatchRun run => await process.PlanBatch.RunAsync(run, default),
            RunReference run => await process.CheckJudge.RunAsync(run, default),
            ShardRound round => await process.PlanRound.RunAsync(round, default),
            ChunkReference chunk => await process.DrawChunk.RunAsync(chunk, default),
            ShardRun shard => await process.CastShard.RunAsync(shard, default),
            WaveRequest wave => await process.AllocateBudget.RunAsync(wave, default),
            PublishRequest publish => await process.Publish.RunAsync(publish, default),
            _ => throw new NotSupportedException(activity.Name),
        };
        return (TOutput)output;
    }

    public async Task<TOutput> CallSubOrchestratorAsync<TInput, TOutput>(OrchestratorName<TInput, TOutput> orchestrator, string instanceId, TInput input) =>
        (TOutput)(object)await ScoreShard.RunAsync(new SpreadContext(instanceId, processes), (ShardRun)(object)input!);

    public Task CreateTimerAsync(TimeSpan delay) => Task.CompletedTask;

    public void SetCustomStatus(RunProgress status)
    {
    }
}
