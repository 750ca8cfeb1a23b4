using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>What a run that is to go on has spent already.</summary>
public static class RunSpending
{
    /// <summary>Which limit the parts of the ledger have reached, and what to do; null for none. Without it every attempt would draw a few more before it stops.</summary>
    public static async Task<Problem?> ReachedAsync(IRunStore store, SpendLimits limits, PriceList? prices, CancellationToken cancellationToken) =>
        limits is { Tokens: null, Cost: null } ? null : Reached(await OfPartsAsync(store, cancellationToken), limits, prices);

    /// <summary>What the parts of the ledger have used, by judge.</summary>
    internal static async Task<IReadOnlyDictionary<string, Usage>> OfPartsAsync(IRunStore store, CancellationToken cancellationToken)
    {
        var byJudge = new Dictionary<string, Usage>(StringComparer.Ordinal);
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (RunFiles.IsLedgerPart(name))
            {
                await foreach (Judgement judgement in StoredLedger.ReadAsync(store, name, JudgementLine.Read, cancellationToken: cancellationToken))
                {
                    byJudge[judgement.Judge] = byJudge.GetValueOrDefault(judgement.Judge) + judgement.Usage;
                }
            }
        }

        return byJudge;
    }

    /// <summary>Which limit a usage has reached.</summary>
    internal static Problem? Reached(IReadOnlyDictionary<string, Usage> byJudge, SpendLimits limits, PriceList? prices)
    {
        long used = byJudge.Values.Sum(static usage => usage.Total);
        return limits.Tokens is long tokens && used >= tokens
                ? new Problem("", $"the run has used {used:N0} tokens already; a higher {{0}} goes on from here.", "limits.tokens")
            : limits.Cost is double cost && prices?.Of(byJudge) is { } spent && spent >= cost
                ? new Problem("", $"the run has cost {spent:0.00##} already; a higher {{0}} goes on from here.", "limits.cost")
            : null;
    }
}
