using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Runs.Tests.Steps;

/// <summary>Runs an orchestration whose activities go to several processes in turn, as a function app's instances take them.</summary>
internal sealed class SpreadContext(string instanceId, IReadOnlyList<RunActivities> processes) : IOrchestrationContext
{
    private int _calls;

    public string InstanceId => instanceId;

    public DateTimeOffset CurrentUtc => TimeProvider.System.GetUtcNow();

    public bool IsReplaying => false;

    public int FanOut => int.MaxValue;

    public async Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input)
    {
        RunActivities process = processes[Interlocked.Increment(ref _calls) % processes.Count];
        object output = input switch
        {
            BatchRun run => await process.PlanBatchAsync(run, default),
            RunReference run => await process.CheckJudgeAsync(run, default),
            ShardRound round => await process.PlanDrawsAsync(round, default),
            ChunkReference chunk => await process.DrawJudgementsAsync(chunk, default),
            ShardRun shard => await process.CastVerdictsAsync(shard, default),
            WaveRequest wave => await process.AllocateBudgetAsync(wave, default),
            PublishRequest publish => await process.PublishAsync(publish, default),
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
