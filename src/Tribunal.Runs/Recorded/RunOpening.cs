using Tribunal.Formats.Ledger;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Recorded;

/// <summary>
/// Opens runs for reading, those too that have not ended: what these have so far is voted on in memory, and everything that comes of it
/// says so. Nothing is written.
/// </summary>
public static class RunOpening
{
    /// <summary>Opens a run's folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="batch">A batch to read instead of the run's.</param>
    /// <param name="voteToo">Whether a folder without a manifest will do, as votes of older versions left it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">It is no run, or has nothing to show yet.</exception>
    public static async Task<RunContents> OpenFolderAsync(string folder, string? batch = null, bool voteToo = false, CancellationToken cancellationToken = default) =>
        File.Exists(Path.Combine(folder, RunFiles.Manifest))
            ? await OpenAsync(new LocalRunStore(folder), folder, static path => new LocalBatchFile(path), batch, cancellationToken)
            : await RunContents.OpenFolderAsync(folder, voteToo, cancellationToken);

    /// <summary>Opens a run wherever it lives.</summary>
    /// <param name="store">Where it lives.</param>
    /// <param name="place">Where that is, for people.</param>
    /// <param name="openBatch">Opens a batch by the path in the run's request.</param>
    /// <param name="batch">A batch to read instead of the run's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">It is no run, or has nothing to show yet.</exception>
    public static async Task<RunContents> OpenAsync(IRunStore store, string place, Func<string, IBatchFile> openBatch, string? batch, CancellationToken cancellationToken)
    {
        RunManifest? manifest = await StoredManifest.ShownAsync(store, cancellationToken);
        bool written = await store.ReadDocumentAsync(RunFiles.Summary, cancellationToken) is not null;
        RunSummary? last = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        bool told = await store.OpenReadAsync(RunFiles.Verdicts, cancellationToken) is { } verdicts && await ClosedAsync(verdicts);
        if (manifest is null || (written && last is null) || (last is not null && (told || last.Status == RunStatus.Complete)))
        {
            return await RunContents.OpenAsync(store, place, openBatch, cancellationToken);
        }

        var empty = new RunContents(store, place, manifest, last ?? SummaryWriter.Write(manifest, new SummaryPart(), Unfinished, prices: null), openBatch(manifest.Request.Batch));
        if (await empty.OpenBatchAsync(batch, cancellationToken) is not { } rollouts)
        {
            // What it came to is told all the same, where it was written down.
            return last is not null ? empty : throw new ReportException($"{place} has not ended, and its batch is not where the run found it: name it with --batch, or finish the run first");
        }

        await using (rollouts)
        {
            return await SoFarAsync(store, empty, told, rollouts, openBatch(manifest.Request.Batch), last, cancellationToken);
        }
    }

    /// <summary>How the warning begins that a run has not ended.</summary>
    internal const string NotEnded = "The run has not ended";

    private static Halt Unfinished => new(HaltKind.Interrupted, "it has not ended; the same command goes on with it");

    private static async Task<RunContents> SoFarAsync(IRunStore store, RunContents run, bool told, Stream rollouts, IBatchFile original, RunSummary? last, CancellationToken cancellationToken)
    {
        RunManifest manifest = run.Manifest;
        var ledger = new LedgerVote { Calibration = manifest.Request.Calibration };
        await ledger.ReadAsync(run.JudgementsAsync(JudgementLine.Read, cancellationToken), cancellationToken);
        if (ledger.Judgements == 0)
        {
            return last is not null ? run : throw new ReportException($"{run.Place} has no judgements yet: finish the run first");
        }

        ledger.Labels.Merge(await RunLabels.ReadAsync(store, cancellationToken));
        SchemeOptions options = RecordedOptions.SoFar(manifest, await RecordedOptions.KeptFilesAsync(store, manifest, cancellationToken));
        List<Verdict>? verdicts = null;
        SummaryPart sums;
        if (told)
        {
            sums = await ledger.SumAsync(rollouts, options, run.VerdictsAsync(cancellationToken), cancellationToken);
        }
        else
        {
            (verdicts, sums) = await ledger.CastSoFarAsync(rollouts, options, manifest.Simulated, cancellationToken);
        }

        RunSummary summary = SummaryWriter.Write(manifest, sums, last?.Halt ?? Unfinished, prices: null, weights: options.Panel);
        long judged = sums.Domains.Values.Sum(static domain => domain.Rollouts);
        summary = summary with
        {
            Rollouts = manifest.Origin == RunOrigin.Served ? judged : manifest.Rollouts,
            Price = last?.Price,
            Cost = last?.Price?.Of(summary.Usage),
            Hinted = last?.Hinted,
            MetaUsage = last?.MetaUsage,
            Warnings = [.. summary.Warnings, FormattableString.Invariant($"{NotEnded}: {judged:N0} of {manifest.Rollouts:N0} rollouts have judgements so far, and the figures are of these.")],
        };
        return new RunContents(store, run.Place, manifest, summary, original) { SoFar = verdicts };
    }

    private static async Task<bool> ClosedAsync(Stream stream)
    {
        await stream.DisposeAsync();
        return true;
    }
}
