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
        List<Task> reports = [];
        DurableContext durable = new(context);
        DurableContext reporting = new(context, status => reports.Add(durable.CallActivityAsync(Report, new RunReport(run.RunId, RunState.Running, status))));
        try
        {
            RunOutcome outcome = await EvaluateBatch.RunAsync(reporting, run);
            await Task.WhenAll(reports);
            await durable.CallActivityAsync(Report, new RunReport(run.RunId, RunEnd.Of(outcome.Halt).State, Reason: outcome.Halt?.Detail));
            return outcome;
        }
        catch (ActivityFailedException exception)
        {
            await durable.CallActivityAsync(Report, new RunReport(run.RunId, RunState.Failed, Reason: exception.Message));
            throw;
        }
    }

    /// <summary>Scores a shard.</summary>
    [Function("ScoreShard")]
    public static Task<ShardResult> ScoreShardAsync([OrchestrationTrigger] TaskOrchestrationContext context) =>
        ScoreShard.RunAsync(new DurableContext(context), context.GetInput<ShardRun>()!);
}
