using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Resuming;

/// <summary>Opens a run again that has ended, so that its failed judgements are drawn once more. The others stay, each once.</summary>
public static class FailedJudgements
{
    /// <summary>
    /// Takes the ledger back into the parts of its shards, without what failed; then the run goes on as any other that was interrupted,
    /// and draws what it asks for and is not there. Killed on the way, the run is as it was.
    /// </summary>
    /// <param name="stores">Where the run is.</param>
    /// <param name="runId">The run, whose caller owns it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Judgements that failed; 0 leaves the run as it is.</returns>
    /// <exception cref="BatchChangedException">The batch is no longer what was scored.</exception>
    /// <exception cref="InvalidOperationException">The run has not ended, or shares one budget out, of which its failed judgements were a part.</exception>
    public static async Task<long> ReopenAsync(IRunStores stores, string runId, CancellationToken cancellationToken)
    {
        IRunStore store = stores.OpenRun(runId);
        RunSummary? summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        RunManifest? manifest = await StoredManifest.ReadAsync(store, cancellationToken);
        if (summary?.Status != RunStatus.Complete || manifest is null || manifest.Request.Policy.Kind == Sampling.PolicyKind.Budget)
        {
            throw new InvalidOperationException($"{runId} has not ended, or shares one budget out");
        }

        if (summary.Judgements.Failed == 0)
        {
            return 0;
        }

        // What a publication that was killed after its summary has left holds what failed as well.
        await RunFolder.DropPartsAsync(store, cancellationToken);
        IBatchFile batch = manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : stores.OpenBatch(manifest.Request.Batch);
        await PublishedLedger.TakeBackAsync(store, batch, manifest, static judgement => judgement.Hinted || judgement.Outcome != JudgementOutcome.Failed, cancellationToken);
        return summary.Judgements.Failed;
    }
}
