using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Cli.Inputs;

/// <summary>What a run that is to go on has spent already.</summary>
internal static class SpentBefore
{
    /// <summary>Which limit the parts of the ledger have reached, and what to do; null for none. Without it every attempt would draw a few more before it stops.</summary>
    public static async Task<string?> ReachedAsync(IRunStore store, SpendLimits limits, TokenPrice? price, CancellationToken cancellationToken)
    {
        Usage usage = default;
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name))
            {
                await foreach (Judgement judgement in StoredLedger.ReadWithHintedAsync(store, name, withText: false, cancellationToken))
                {
                    usage += judgement.Usage;
                }
            }
        }

        return limits.Tokens is long tokens && usage.Input + usage.Output >= tokens ? $"the run has used {usage.Input + usage.Output:N0} tokens already; a higher --max-tokens goes on from here."
            : limits.Cost is double cost && price?.Of(usage) >= cost ? $"the run has cost {price.Of(usage):0.00##} already; a higher --max-cost goes on from here."
            : null;
    }
}
