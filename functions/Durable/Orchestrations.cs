using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Durable;

/// <summary>The orchestrators of <c>src/Tribunal.Runs/Orchestration</c> as durable functions.</summary>
public static class Orchestrations
{
    private static readonly ActivityName<RunReport, bool> Report = new(nameof(ActivityFunctions.ReportRun));

    /// <summary>Evaluates a batch; its instance id is the run's id.</summary>
    [Function("EvaluateBatch")]
    public static async Task<RunOutcome> EvaluateBatchAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        BatchRun run = context.GetInput<BatchRun>()!;
        DurableContext durable = new(context);
        try
        {
            RunOutcome outcome = await ReportingAsync(context, run.RunId, reporting => EvaluateBatch.RunAsync(reporting, run));
            await durable.CallActivityAsync(Report, new RunReport(run.RunId, RunEnd.Of(outcome.Halt).State, Reason: outcome.Halt?.Detail));
            return outcome;
        }
        catch (ActivityFailedException exception)
        {
            await durable.CallActivityAsync(Report, new RunReport(run.RunId, RunState.Failed, Reason: exception.Message));
            throw;
        }
    }

    /// <summary>Scores a stretch of shards.</summary>
    [Function("ScoreShards")]
    public static Task<StretchResult> ScoreShardsAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        ShardStretch stretch = context.GetInput<ShardStretch>()!;
        return ReportingAsync(context, stretch.RunId, reporting => ScoreShards.RunAsync(reporting, stretch));
    }

    /// <summary>Scores a shard.</summary>
    [Function("ScoreShard")]
    public static Task<ShardResult> ScoreShardAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        ScoreShard.RunAsync(new DurableContext(context), context.GetInput<ShardRun>()!);

    // Whatever is told of progress goes into the run's record too, and has arrived there before the orchestration goes on.
    private static async Task<T> ReportingAsync<T>(TaskOrchestrationContext context, string runId, Func<IOrchestrationContext, Task<T>> orchestrate)
    {
        List<Task> reports = [];
        DurableContext durable = new(context);
        T result = await orchestrate(new DurableContext(context, status => reports.Add(durable.CallActivityAsync(Report, new RunReport(runId, RunState.Running, status)))));
        await Task.WhenAll(reports);
        return result;
    }
}
