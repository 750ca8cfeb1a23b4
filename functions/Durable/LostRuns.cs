using Microsoft.DurableTask.Client;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Durable;

/// <summary>
/// Runs whose record says that they are under way while their orchestration is not: somebody terminated or purged it, or it
/// failed before it could report. An orchestration that ends by itself reports first and ends after.
/// </summary>
internal static class LostRuns
{
    /// <summary>The name under which orchestrations enter themselves as a run's worker.</summary>
    public const string Worker = "functions";

    /// <summary>Ends the record of a run whose orchestration is over; leaves every other as it is.</summary>
    /// <returns>The record as it is now.</returns>
    public static async Task<RunRecord> SettleAsync(DurableTaskClient client, IRunCatalog catalog, RunRecord record, TimeProvider time, CancellationToken cancellationToken)
    {
        // A run of the queue worker has no orchestration and is none of ours.
        if (record is not { State: RunState.Running, Worker: Worker })
        {
            return record;
        }

        OrchestrationMetadata? instance = await client.GetInstanceAsync(record.RunId, getInputsAndOutputs: true, cancellationToken);
        if (instance is { IsCompleted: false })
        {
            return record;
        }

        (RunState state, string reason) = instance switch
        {
            null => (RunState.Failed, "its orchestration is gone"),
            { RuntimeStatus: OrchestrationRuntimeStatus.Terminated } => (RunState.Cancelled, "somebody terminated its orchestration"),
            { FailureDetails: { } failure } => (RunState.Failed, failure.ErrorMessage),
            _ => (RunState.Failed, "its orchestration ended without a report"),
        };

        // Only the record that was looked at: one that changed meanwhile belongs to a run that was started again.
        return await catalog.UpdateAsync(
            record.RunId,
            now => now.State == RunState.Running && now.Updated == record.Updated ? now with { State = state, Reason = reason, Progress = Ended(now, state, reason), Updated = time.GetUtcNow() } : null,
            cancellationToken) ?? record;
    }

    private static RunProgress? Ended(RunRecord run, RunState state, string reason) =>
        run.Progress is null ? null : run.Progress with { Stage = RunStages.Of(complete: false, state == RunState.Cancelled), Detail = reason };
}
