using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Tribunal.Functions.Triggers;

/// <summary>Keeps the orchestrations' history small: results live in blobs, the history only serves replay.</summary>
public sealed class Maintenance(TimeProvider time)
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
}
