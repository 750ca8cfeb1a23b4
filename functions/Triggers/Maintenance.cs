using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Tribunal.Functions.Durable;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Triggers;

/// <summary>Keeps the orchestrations' history small — results live in blobs, the history only serves replay — and the run table true.</summary>
public sealed class Maintenance(IRunCatalog catalog, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(14);

    /// <summary>Every night: ended instances older than two weeks go.</summary>
    [Function(nameof(PurgeHistory))]
    public async Task PurgeHistory([TimerTrigger("0 30 3 * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        // Some hosts take no open beginning.
        PurgeInstancesFilter filter = new(
            CreatedFrom: DateTimeOffset.UnixEpoch,
            CreatedTo: time.GetUtcNow() - Kept,
            Statuses: [OrchestrationRuntimeStatus.Completed, OrchestrationRuntimeStatus.Failed, OrchestrationRuntimeStatus.Terminated]);
        await client.PurgeAllInstancesAsync(filter, cancellationToken);
    }

    /// <summary>Every ten minutes: runs whose orchestration ended without a report are over. HTTP clients see it at once, those of the run table by this.</summary>
    [Function(nameof(SettleRuns))]
    public async Task SettleRuns([TimerTrigger("0 */10 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        await foreach (RunRecord record in catalog.ListAsync(cancellationToken))
        {
            await LostRuns.SettleAsync(client, catalog, record, time, cancellationToken);
        }
    }
}
