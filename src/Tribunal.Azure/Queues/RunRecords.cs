using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>What triggers write into the run catalog.</summary>
public static class RunRecords
{
    /// <summary>Notes that a run is asked for; asking again leaves its record as it is.</summary>
    /// <returns>The record as it is now.</returns>
    public static async Task<RunRecord> AskAsync(this IRunCatalog catalog, string runId, EvaluationRequest request, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        RunRecord fresh = new() { RunId = runId, State = RunState.Queued, Request = request, Created = now, Updated = now };
        return await catalog.TryAddAsync(fresh, cancellationToken) ? fresh : await catalog.GetAsync(runId, cancellationToken) ?? fresh;
    }

    /// <summary>Notes that a message was refused, so that <c>tribunal runs</c> shows it.</summary>
    public static Task RefuseAsync(this IRunCatalog catalog, string messageId, string reason, TimeProvider time, CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        return catalog.TryAddAsync(new RunRecord { RunId = $"refused-{messageId}", State = RunState.Refused, Reason = reason, Created = now, Updated = now }, cancellationToken);
    }
}
