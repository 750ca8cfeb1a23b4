using System.Diagnostics;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Telemetry;

namespace Tribunal.Runs.Steps;

/// <summary>Draws a chunk of a round: what its lines of the plan name and no part of the shard's ledger holds.</summary>
public sealed class DrawChunk
{
    private readonly OpenRuns _runs;
    private readonly ActivityOptions _options;

    internal DrawChunk(OpenRuns runs, ActivityOptions options) => (_runs, _options) = (runs, options);

    /// <summary>Draws it.</summary>
    public async Task<ChunkResult> RunAsync(ChunkReference chunk, CancellationToken cancellationToken)
    {
        RunContext context = await _runs.OpenAsync(chunk.RunId, chunk.Attempt);
        if (await OpenRuns.RolloutsAsync(context, chunk.Shard) is not { } rollouts)
        {
            return new ChunkResult(0, 0, context.Monitor.Halt);
        }

        string plan = RunFiles.Plan(chunk.Shard, chunk.Attempt, chunk.Wave, chunk.Round);
        List<PlannedDraw> planned = await StoredDocument.TryReadLinesAsync(context.Store, plan, RunsJson.Default.PlannedDraw, cancellationToken)
            ?? throw new RunFileLostException($"{plan} of {chunk.RunId} is gone or damaged; going on with the run plans the round again");
        PlannedDraw[] lines = [.. planned.Skip(chunk.Chunk * chunk.PerChunk).Take(chunk.PerChunk).Where(draw => draw.Rollout >= 0 && draw.Rollout < rollouts.Count)];
        ShardLedger ledger = context.LedgerOf(chunk.Shard);
        LedgerContents before = await ledger.ReadAsync(rollouts, part => RunFiles.IsBefore(part, chunk.Wave, chunk.Round), cancellationToken);
        PlannedDraw[] draws = [.. lines.Where(draw => !before.Holds(rollouts[draw.Rollout].Id, draw.Sample)).DistinctBy(static draw => (draw.Rollout, draw.Sample))];
        var standing = lines.Except(draws).Select(draw => before.Of(rollouts[draw.Rollout].Id).Find(judgement => judgement.Sample == draw.Sample)!).ToList();
        Judgement?[] drawn = [];
        if (draws.Length > 0 && await _runs.StopAskedAsync(context, cancellationToken) is null)
        {
            foreach (PlannedDraw draw in draws)
            {
                // Before it is drawn: other chunks read this part as it grows, and must not count it a second time.
                ledger.Draws(rollouts[draw.Rollout].Id, draw.Sample);
            }

            string name = RunFiles.Part(chunk.Shard, chunk.Wave, chunk.Round, chunk.Chunk);
            drawn = await DrawAsync(context, name, rollouts, draws, ledger.Lean, cancellationToken);
            if (!before.Parts.ContainsKey(name) && !Array.Exists(drawn, static judgement => judgement is null))
            {
                ledger.Keep(name, new LedgerPart([.. drawn.OfType<Judgement>()], Unreadable: 0));
            }
        }

        Judgement[] done = [.. standing, .. drawn.OfType<Judgement>()];
        return new ChunkResult(done.Length, done.Count(static judgement => judgement.Outcome == JudgementOutcome.Valid), context.Monitor.Halt);
    }

    private async Task<Judgement?[]> DrawAsync(
        RunContext context, string part, IReadOnlyList<Rollout> rollouts, PlannedDraw[] draws, Func<TracedJudgement, Judgement> lean, CancellationToken cancellationToken)
    {
        var drawn = new Judgement?[draws.Length];
        await using ILedgerPart file = await context.Store.OpenPartAsync(part, cancellationToken);
        await using var writer = new LedgerWriter(file);
        var drawer = new JudgementDrawer(context, _runs, writer, _options.ValidRateFloor);
        var parallel = new ParallelOptions
        {
            MaxDegreeOfParallelism = _options.ConcurrencyPerChunk ?? context.Branches.Concurrency,
            CancellationToken = cancellationToken,
        };
        await Parallel.ForAsync(0, draws.Length, parallel, async (at, token) =>
        {
            Rollout rollout = rollouts[draws[at].Rollout];
            using Activity? span = PipelineTelemetry.StartJudgement(context.Manifest.RunId, rollout.Id, draws[at].Sample);
            if (await drawer.DrawAsync(rollout, draws[at], token) is { } judgement)
            {
                PipelineTelemetry.Judged(span, judgement);
                drawn[at] = lean(judgement);
            }
        });
        return drawn;
    }
}
