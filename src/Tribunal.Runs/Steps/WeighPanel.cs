using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Voting;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Learns what the members of a panel weigh, from all of the run's judgements once they are drawn. Holds the ledger's numbers in memory,
/// none of its texts.
/// </summary>
internal sealed class WeighPanel(OpenRuns runs)
{
    /// <summary>Learns them and writes them down. A function of the ledger alone: learned again, they are the same.</summary>
    /// <returns>Whether there are judgements to learn from.</returns>
    public async Task<bool> RunAsync(RunReference run, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(run.RunId, run.Attempt);
        var batch = new List<RolloutLedger>();
        foreach (Shard shard in context.Shards)
        {
            if (await OpenRuns.RolloutsAsync(context, shard.Index) is not { } rollouts)
            {
                return false;
            }

            LedgerContents ledger = await context.LedgerOf(shard.Index).ReadAsync(rollouts, static _ => false, cancellationToken);
            batch.AddRange(rollouts.Select(rollout => new RolloutLedger(rollout, JudgementSet.WithoutHinted(ledger.Of(rollout.Id)))));
            context.Forget(shard.Index);
        }

        PanelWeights weights = PanelLearning.LearnWithin(context.Manifest.Request.Judges!.Weights, batch, context.Manifest.Request.Seed);
        await context.Store.WriteDocumentAsync(RunFiles.PanelWeights, JsonSerializer.SerializeToUtf8Bytes(weights, TribunalJson.Default.PanelWeights), cancellationToken);
        return batch.Count > 0;
    }

    /// <summary>The weights that a run has learned; null where it has not, or learns none.</summary>
    internal static async Task<PanelWeights?> OfAsync(RunContext context, CancellationToken cancellationToken) =>
        context.Manifest.Request.Judges is { Weights: not PanelMethod.Equal } && context.Manifest.Request.Panel is null
            ? await StoredDocument.TryReadAsync(context.Store, RunFiles.PanelWeights, TribunalJson.Default.PanelWeights, cancellationToken)
            : null;
}
