using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>What a run that is to go on has spent already.</summary>
public static class RunSpending
{
    /// <summary>Which limit the parts of the ledger have reached, and what to do; null for none. Without it every attempt would draw a few more before it stops.</summary>
    public static async Task<Problem?> ReachedAsync(IRunStore store, SpendLimits limits, TokenPrice? price, CancellationToken cancellationToken)
    {
        if (limits is { Tokens: null, Cost: null })
        {
            return null;
        }

        Usage usage = default;
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name))
            {
                await foreach (Judgement judgement in StoredLedger.ReadAsync(store, name, withText: false, cancellationToken: cancellationToken))
                {
                    usage += judgement.Usage;
                }
            }
        }

        return limits.Tokens is long tokens && usage.Total >= tokens
                ? new Problem("", $"the run has used {usage.Total:N0} tokens already; a higher {{0}} goes on from here.", "limits.tokens")
            : limits.Cost is double cost && price?.Of(usage) >= cost
                ? new Problem("", $"the run has cost {price.Of(usage):0.00##} already; a higher {{0}} goes on from here.", "limits.cost")
            : null;
    }
}
