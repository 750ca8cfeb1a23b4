using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Shares what is left of a batch-wide budget out over the rollouts of every shard. Holds the batch's numbers in memory,
/// none of its texts.
/// </summary>
internal sealed class AllocateBudget(OpenRuns runs)
{
    /// <summary>Shares it out; what a wave was given before stays.</summary>
    public async Task<WavePlan> RunAsync(WaveRequest wave, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(wave.RunId, wave.Attempt);
        PolicyOptions policy = context.Manifest.Request.Policy;
        var batch = new List<RolloutLedger>();
        var sizes = new List<int>();
        foreach (Shard shard in context.Shards)
        {
            if (await OpenRuns.RolloutsAsync(context, shard.Index) is not { } rollouts)
            {
                return new WavePlan(0);
            }

            LedgerContents ledger = await context.LedgerOf(shard.Index).ReadAsync(rollouts, part => RunFiles.IsBefore(part, wave.Wave, 0), cancellationToken);
            batch.AddRange(rollouts.Select(rollout => new RolloutLedger(rollout.WithoutTexts(), wave.Wave == 0 ? [] : JudgementSet.WithoutHinted(ledger.Of(rollout.Id)))));
            sizes.Add(rollouts.Count);
        }

        (double total, Func<Judgement, double>? cost) = TotalOf(policy, context.Branches.Own.Judge.Price);
        BudgetRound round = BudgetRounds.Current(context.Options, batch, total, cost);
        int first = 0;
        for (int shard = 0; shard < sizes.Count; first += sizes[shard++])
        {
            string name = RunFiles.Allowances(shard, wave.Wave);
            if (await ReadAsync(context.Store, name, sizes[shard], cancellationToken) is null)
            {
                int[] allowances = [.. round.Allowances.Skip(first).Take(sizes[shard])];
                await context.Store.WriteDocumentAsync(name, JsonSerializer.SerializeToUtf8Bytes(allowances, RunsJson.Default.Int32Array), cancellationToken);
            }
        }

        return new WavePlan(round.Over ? 0 : round.Allowances.Sum(static a => (long)a) - batch.Sum(static r => (long)r.Ledger.Count));
    }

    /// <summary>How many judgements each of a shard's rollouts may have in a wave; null where no budget is shared out.</summary>
    internal static async Task<int[]?> AllowancesAsync(RunContext context, int shard, int wave, int rollouts, CancellationToken cancellationToken)
    {
        if (context.Manifest.Request.Policy.Kind != PolicyKind.Budget)
        {
            return null;
        }

        string name = RunFiles.Allowances(shard, wave);
        return await ReadAsync(context.Store, name, rollouts, cancellationToken)
            ?? throw new RunFileLostException($"{name} of {context.Manifest.RunId} is gone or damaged; going on with the run makes it again");
    }

    private static async Task<int[]?> ReadAsync(IRunStore store, string name, int rollouts, CancellationToken cancellationToken) =>
        await StoredDocument.TryReadAsync(store, name, RunsJson.Default.Int32Array, cancellationToken) is { } allowances && allowances.Length == rollouts ? allowances : null;

    private static (double Total, Func<Judgement, double>? Cost) TotalOf(PolicyOptions policy, TokenPrice? price)
    {
        if (policy.Judgements is long judgements)
        {
            return (judgements, null);
        }

        if (policy.Tokens is long tokens)
        {
            return (tokens, static judgement => judgement.Usage.Input + judgement.Usage.Output);
        }

        return (policy.Cost, price) switch
        {
            (double cost, { } known) => (cost, judgement => known.Of(judgement.Usage)),
            (double, null) => throw new JudgeConfigurationException("a budget in money needs the judge's prices"),
            _ => throw new JudgeConfigurationException("the budget policy needs a total: judgements, tokens or cost"),
        };
    }
}
