using System.Buffers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Runs.Telemetry;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Steps;

/// <summary>Casts a shard's verdicts and writes its share of the summary.</summary>
internal sealed partial class CastShard(OpenRuns runs, ILogger logger)
{
    /// <summary>Casts them; writes them after the last wave.</summary>
    public async Task<ShardResult> RunAsync(ShardRun shard, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(shard.RunId, shard.Attempt);
        if (await OpenRuns.RolloutsAsync(context, shard.Shard) is not { } rollouts)
        {
            return new ShardResult(shard.Shard, 0, 0, context.Monitor.Halt);
        }

        LedgerContents ledger = await context.LedgerOf(shard.Shard).ReadAsync(rollouts, part => RunFiles.IsBefore(part, shard.Wave + 1, 0), cancellationToken);
        if (FitJudge.IsPilot(context, shard.Wave))
        {
            // Nothing is decided yet.
            return new ShardResult(shard.Shard, rollouts.Count, ledger.Parts.Values.Sum(static count => (long)count));
        }

        int[]? allowances = await AllocateBudget.AllowancesAsync(context, shard.Shard, shard.Wave, rollouts.Count, cancellationToken);
        PanelWeights? learned = await WeighPanel.OfAsync(context, cancellationToken);
        ScoringRules rules = await FitJudge.RulesAsync(context, shard.Wave, cancellationToken);
        SchemeOptions own = context.Options with { Panel = learned ?? context.Options.Panel };
        rules = learned is null ? rules : rules with { Router = context.Branches.Weighed(learned, await FitJudge.OfAsync(context, cancellationToken)) };
        var summary = new SummaryPart { Parts = ledger.Parts, Rewritten = ledger.Left > 0 || ledger.Filled > 0, MetaAsked = context.Branches.AskMeta };
        var cast = new VerdictLines(own, summary, members: context.Branches.Routes is { Panel: not null } or { IsCascade: true }, context.Manifest.Request.Calibration);
        long judgements = 0;
        for (int i = 0; i < rollouts.Count; i++)
        {
            var scoring = new RolloutScoring(rules, rollouts[i], ledger.Of(rollouts[i].Id));
            Verdict verdict = scoring.Conclude(allowances?[i]);
            IReadOnlyList<Judgement> voting = scoring.Voting;
            PipelineTelemetry.Cast(verdict);
            cast.Add(rollouts[i], verdict, voting);
            summary.AddHinted(scoring.Drawn);
            judgements += voting.Count;
        }

        if (shard.LastWave)
        {
            if (summary.Rewritten)
            {
                if (ledger.Left > 0)
                {
                    LogRewritten(shard.RunId, ledger.Left, shard.Shard);
                }

                await RewriteAsync(context.Store, shard.Shard, rollouts, ledger.Parts.Keys, cancellationToken);
            }

            await context.Store.WriteDocumentAsync(RunFiles.ShardVerdicts(shard.Shard), cast.Lines.WrittenMemory, cancellationToken);
            await context.Store.WriteDocumentAsync(RunFiles.ShardSummary(shard.Shard), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Default.SummaryPart), cancellationToken);
            context.Forget(shard.Shard);
        }

        return new ShardResult(shard.Shard, rollouts.Count, judgements);
    }

    // The lines that count, in the order of the parts: the first of each name, with the meta rewards that came later, as voting saw them.
    private static async Task RewriteAsync(IRunStore store, int shard, IReadOnlyList<Rollout> rollouts, IEnumerable<string> parts, CancellationToken cancellationToken)
    {
        var known = rollouts.Select(static rollout => rollout.Id).ToHashSet(StringComparer.Ordinal);
        var standing = new HashSet<(string, int)>();
        var whole = new ArrayBufferWriter<byte>();
        List<string> names = await store.ListAsync(RunFiles.ShardPrefix(shard), cancellationToken).ToListAsync(cancellationToken);
        LateMetaRewards late = await LateMetaRewards.ReadAsync(store, names, cancellationToken);
        foreach (string part in parts)
        {
            await foreach (LedgerLine? line in LineReader.ReadAsync(await store.OpenReadAsync(part, cancellationToken), StoredLedger.TryReadLine, cancellationToken))
            {
                if (line is null || !known.Contains(line.RolloutId) || !standing.Add((line.RolloutId, line.Sample)))
                {
                    continue;
                }

                if (ReferenceEquals(late.Fill(line), line))
                {
                    JudgementLine.Copy(whole, line.Bytes);
                }
                else
                {
                    JudgementLine.Write(whole, late.Fill(JudgementLine.ReadTraced(line.Bytes.Span)));
                }
            }
        }

        await store.WriteDocumentAsync(RunFiles.ShardJudgements(shard), whole.WrittenMemory, cancellationToken);
    }

    [LoggerMessage(4, LogLevel.Warning, "Run {RunId}: {Lines} lines in the ledger of shard {Shard} don't count: they can't be read, or stand twice")]
    private partial void LogRewritten(string runId, int lines, int shard);
}
