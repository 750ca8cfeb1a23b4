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
    /// <summary>Starts the run of a request, unless it is under way or over.</summary>
    /// <returns>Its record.</returns>
    /// <exception cref="MessageRefusedException">The run's name is that of another request.</exception>
    public static async Task<RunRecord> StartAsync(
        DurableTaskClient client, IRunCatalog catalog, IConfiguration configuration, EvaluationRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        string runId = request.Output ?? RunIds.For(request);
        RunRecord record = await catalog.AskAsync(runId, request, time, cancellationToken);
        OrchestrationMetadata? instance = record.IsOver ? null : await client.GetInstanceAsync(runId, cancellationToken);
        if (!record.IsOver && instance is null or { IsCompleted: true })
        {
            // Two that ask at once: the host refuses the second (overridableExistingInstanceStates in host.json), and its
            // message comes back to find the run under way.
            BatchRun run = new(runId, record.Request ?? request, ActivitySettings.Window(configuration), ActivitySettings.PatienceMinutes(configuration));
            await client.ScheduleNewOrchestrationInstanceAsync(Names.EvaluateBatch.Name, run, new StartOrchestrationOptions(runId), cancellationToken);
        }

        return record;
    }
}
