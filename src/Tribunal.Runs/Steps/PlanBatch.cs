using Microsoft.Extensions.Logging;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Validates the batch, counts it, cuts it into shards, writes the manifest; or finds that all this is done. A run that is called done
/// is checked first: what its files have lost is voted, or drawn, again.
/// </summary>
internal sealed partial class PlanBatch(OpenRuns runs, IRunStores stores, JudgeRegistry judges, ActivityOptions options, Publish publish, TimeProvider time, ILogger logger)
{
    // Under the budget policy, the pilot included; each wave shares out half of what is left, by what those before have shown.
    private const int MostWaves = 8;

    /// <summary>Plans it.</summary>
    /// <exception cref="RunMismatchException">The run exists and was started for something else.</exception>
    /// <exception cref="ProblemsException">The request asks for what makes no sense.</exception>
    /// <exception cref="RunDamagedException">A file of the run is not whole and can't be made again.</exception>
    /// <exception cref="FileNotFoundException">There is no such batch.</exception>
    public async Task<RunPlan> RunAsync(BatchRun run, CancellationToken cancellationToken)
    {
        if (run.Request is { RetryFailed: true, Policy.Kind: PolicyKind.Budget })
        {
            throw new ProblemsException([new Problem("retryFailed", "under policy budget the failed judgements were part of the total")]);
        }

        IRunStore store = stores.OpenRun(run.RunId);
        IBatchFile batch = stores.OpenBatch(run.Request.Batch);
        IReadOnlyDictionary<string, string> protocols = await ProtocolTexts.GivenAsync(stores, run.RunId, run.Request, cancellationToken);
        var planner = new BatchPlanner(store, batch, judges.Resolve(run.Request, protocols), protocols, options, time);
        RunManifest manifest = await planner.PlanAsync(run, cancellationToken);
        runs.Close(run.RunId, long.MaxValue);
        if (run.Reopen)
        {
            await ReopenAsync(store, manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : batch, manifest, cancellationToken);
        }

        LogPlanned(run.RunId, manifest.Rollouts, manifest.Invalid, manifest.Shards);
        int waves = run.Request.Policy.Kind == PolicyKind.Budget ? MostWaves : 1;
        return new RunPlan(manifest.Shards, manifest.Rollouts, manifest.Invalid, waves, await FinishedAsync(store, batch, manifest, cancellationToken), options.ShardsPerInstance, Weighs(run.Request), FitJudge.Pilots(run.Request));
    }

    // A run that has ended goes on as one that was interrupted, without what failed in it: that is drawn once more, and the rest stays, each
    // once. Killed on the way, it is as it was, or goes on like one that was interrupted.
    private static async Task ReopenAsync(IRunStore store, IBatchFile batch, RunManifest manifest, CancellationToken cancellationToken)
    {
        RunSummary? summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        if (summary is { Status: RunStatus.Complete, Judgements.Failed: > 0 })
        {
            // What a publication that was killed after its summary has left holds what failed as well.
            await RunFolder.DropPartsAsync(store, cancellationToken);
            await PublishedLedger.TakeBackAsync(store, batch, manifest, static judgement => judgement.Hinted || judgement.Outcome != JudgementOutcome.Failed, cancellationToken);
        }
    }

    private static bool Weighs(EvaluationRequest request) => request is { Judges.Weights: not PanelMethod.Equal, Panel: null };

    private async Task<RunOutcome?> FinishedAsync(IRunStore store, IBatchFile batch, RunManifest manifest, CancellationToken cancellationToken)
    {
        RunSummary? summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        if (summary is { Status: RunStatus.Partial })
        {
            return null;
        }

        foreach (string name in (string[])[RunFiles.Summary, RunFiles.Verdicts, RunFiles.Judgements])
        {
            if (!await RunFolder.IsWholeAsync(store, manifest, name, cancellationToken))
            {
                if (summary is not null)
                {
                    LogDamaged(manifest.RunId, name);
                }

                // What of the ledger is there goes on being so; the rest is drawn again, and all is voted on again.
                IBatchFile judged = manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : batch;
                await PublishedLedger.TakeBackAsync(store, judged, manifest, static _ => true, cancellationToken);
                return null;
            }
        }

        if (manifest.Files.ContainsKey(RunFiles.Report) && !await RunFolder.IsWholeAsync(store, manifest, RunFiles.Report, cancellationToken))
        {
            await StoredManifest.WriteAsync(store, await publish.ReportAsync(store, batch, manifest, summary!, cancellationToken), cancellationToken);
        }

        // What a process that was killed after its summary has left.
        await RunFolder.DropPartsAsync(store, cancellationToken);
        return Publish.OutcomeOf(summary!);
    }

    [LoggerMessage(1, LogLevel.Information, "Run {RunId}: {Rollouts} rollouts, {Invalid} invalid lines, {Shards} shards")]
    private partial void LogPlanned(string runId, long rollouts, long invalid, int shards);

    [LoggerMessage(5, LogLevel.Warning, "Run {RunId} was complete, and its {File} is gone or damaged: it is made again")]
    private partial void LogDamaged(string runId, string file);
}
