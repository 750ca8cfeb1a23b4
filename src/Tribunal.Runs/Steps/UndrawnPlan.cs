using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>The plan of a run that has no judgement yet: a judge or an option that was wrong can still be put right.</summary>
internal static class UndrawnPlan
{
    /// <summary>Forgets it.</summary>
    /// <returns>False where the run has judgements: it stays as it is.</returns>
    public static async Task<bool> ForgetAsync(IRunStore store, CancellationToken cancellationToken)
    {
        if (await HoldsAsync(store, RunFiles.Judgements, cancellationToken))
        {
            return false;
        }

        await foreach (string _ in store.ListAsync(RunFiles.BatchApiPrefix, cancellationToken))
        {
            // Requests are with a batch API: their answers are paid for.
            return false;
        }

        var parts = new List<string>();
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name) && await HoldsAsync(store, name, cancellationToken))
            {
                return false;
            }

            parts.Add(name);
        }

        // The manifest last: without it, what the plan has left goes when it is made anew.
        foreach (string name in (string[])[.. parts, RunFiles.Summary, RunFiles.Manifest])
        {
            await store.DeleteAsync(name, cancellationToken);
        }

        return true;
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
