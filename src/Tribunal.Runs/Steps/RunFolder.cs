using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>What stands in a run's folder.</summary>
internal static class RunFolder
{
    /// <summary>Whether a file is what the manifest says of it.</summary>
    public static async Task<bool> IsWholeAsync(IRunStore store, RunManifest manifest, string name, CancellationToken cancellationToken) =>
        manifest.Files.TryGetValue(name, out string? sha256) && await StoredDocument.FingerprintAsync(store, name, cancellationToken) is { } there && there.Sha256 == sha256;

    public static async Task<bool> HoldsJudgementsAsync(IRunStore store, CancellationToken cancellationToken)
    {
        if (await HoldsAsync(store, RunFiles.Judgements, cancellationToken))
        {
            return true;
        }

        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name) && await HoldsAsync(store, name, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Forgets the plan of a run that has no judgement yet: a judge or an option that was wrong can still be put right.</summary>
    /// <returns>False where the run has judgements: it stays as it is.</returns>
    public static async Task<bool> TryForgetPlanAsync(IRunStore store, CancellationToken cancellationToken)
    {
        // Requests that are with a batch API are paid for, as their answers are.
        if (await HoldsJudgementsAsync(store, cancellationToken) || await store.ListAsync(RunFiles.BatchApiPrefix, cancellationToken).AnyAsync(cancellationToken))
        {
            return false;
        }

        // The manifest last: without it, what the plan has left goes when it is made anew.
        await DropPartsAsync(store, cancellationToken);
        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
        await store.DeleteAsync(RunFiles.Manifest, cancellationToken);
        return true;
    }

    /// <summary>Removes work in progress.</summary>
    public static async Task DropPartsAsync(IRunStore store, CancellationToken cancellationToken)
    {
        List<string> parts = await store.ListAsync(RunFiles.PartsPrefix, cancellationToken).ToListAsync(cancellationToken);
        foreach (string name in parts)
        {
            await store.DeleteAsync(name, cancellationToken);
        }
    }

    private static async Task<bool> HoldsAsync(IRunStore store, string name, CancellationToken cancellationToken)
    {
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            return false;
        }

        await using (stream)
        {
            return await stream.ReadAsync(new byte[1], cancellationToken) > 0;
        }
    }
}
