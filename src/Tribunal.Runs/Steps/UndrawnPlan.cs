using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>The plan of a run that has no judgement yet: a judge or an option that was wrong can still be put right.</summary>
internal static class UndrawnPlan
{
    /// <summary>Forgets it.</summary>
    /// <returns>False where the run has judgements: it stays as it is.</returns>
    public static async Task<bool> ForgetAsync(IRunStore store, CancellationToken cancellationToken)
    {
        if (await RunFolder.HoldsJudgementsAsync(store, cancellationToken))
        {
            return false;
        }

        await foreach (string _ in store.ListAsync(RunFiles.BatchApiPrefix, cancellationToken))
        {
            // Requests are with a batch API: their answers are paid for.
            return false;
        }

        // The manifest last: without it, what the plan has left goes when it is made anew.
        await RunFolder.DropPartsAsync(store, cancellationToken);
        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
        await store.DeleteAsync(RunFiles.Manifest, cancellationToken);
        return true;
    }
}
