using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Steps;

/// <summary>Opens a run again that has ended, so that its failed judgements are drawn once more. The others stay, each once.</summary>
internal static class FailedJudgements
{
    /// <summary>Why a run under the budget policy can't be opened again.</summary>
    public const string NotUnderBudget = "under policy budget the failed judgements were part of the total";

    /// <summary>
    /// Takes the ledger back into the parts of its shards, without what failed; then the run goes on as any other that was interrupted,
    /// and draws what it asks for and is not there. Killed on the way, the run is as it was, or goes on like one that was interrupted.
    /// </summary>
    /// <param name="store">The run, whose caller owns it.</param>
    /// <param name="batch">What it judges.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Judgements that failed; 0 leaves the run as it is: nothing failed, or it has not ended.</returns>
    /// <exception cref="BatchChangedException">The batch is no longer what was scored.</exception>
    public static async Task<long> ReopenAsync(IRunStore store, IBatchFile batch, RunManifest manifest, CancellationToken cancellationToken)
    {
        RunSummary? summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        if (summary is not { Status: RunStatus.Complete, Judgements.Failed: > 0 })
        {
            return 0;
        }

        // What a publication that was killed after its summary has left holds what failed as well.
        await RunFolder.DropPartsAsync(store, cancellationToken);
        await PublishedLedger.TakeBackAsync(store, batch, manifest, static judgement => judgement.Hinted || judgement.Outcome != JudgementOutcome.Failed, cancellationToken);
        return summary.Judgements.Failed;
    }
}
