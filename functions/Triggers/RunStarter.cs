using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Queues;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>Starts runs for the triggers: one instance per run, however often it is asked for.</summary>
internal static class RunStarter
{
    private static readonly OrchestrationRuntimeStatus[] UnderWay = [OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Running, OrchestrationRuntimeStatus.Suspended];

    /// <summary>Starts the run of a request, unless it is under way or over.</summary>
    /// <returns>Its record.</returns>
    /// <exception cref="MessageRefusedException">The run's name is that of another request.</exception>
    public static async Task<RunRecord> StartAsync(
        DurableTaskClient client, IRunCatalog catalog, IConfiguration configuration, EvaluationRequest request, TimeProvider time, CancellationToken cancellationToken, bool anew = false)
    {
        string runId = request.Output ?? RunIds.For(request);
        RunRecord record = await catalog.AskAsync(runId, request, time, cancellationToken, anew);
        if (record.IsOver || await IsUnderWayAsync(client, runId, cancellationToken))
        {
            return record;
        }

        // What the record said of an orchestration that is over no longer holds, and nobody may settle the run by it.
        if (record.State == RunState.Running)
        {
            record = await catalog.UpdateAsync(
                runId, now => now.IsOver ? null : now with { State = RunState.Queued, Updated = time.GetUtcNow() }, cancellationToken) ?? record;
        }

        BatchRun run = new(runId, record.Request ?? request, ActivitySettings.Window(configuration), ActivitySettings.PatienceMinutes(configuration));
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(Names.EvaluateBatch.Name, run, new StartOrchestrationOptions(runId).WithDedupeStatuses(UnderWay), cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // Two that ask at once both find no instance. The backend refuses the second start, by what the start says or by
            // overridableExistingInstanceStates in host.json, and whoever asked is served by the first; or one start takes the
            // other's place. Should both work for a moment, each part of the ledger has one writer, and a judgement counts once.
            if (!await IsUnderWayAsync(client, runId, cancellationToken))
            {
                throw;
            }
        }

        return record;
    }

    private static async Task<bool> IsUnderWayAsync(DurableTaskClient client, string runId, CancellationToken cancellationToken) =>
        await client.GetInstanceAsync(runId, cancellationToken) is { IsCompleted: false };
}
