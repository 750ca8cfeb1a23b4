using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Recorded;

/// <summary>The folder of a server as a run: what it told its clients, for every command that reads runs.</summary>
public static class ServedRun
{
    /// <summary>Says what the folder is, before the first client asks: a server that is killed leaves a run that has not ended.</summary>
    /// <param name="store">The folder.</param>
    /// <param name="request">What is asked of the judges.</param>
    /// <param name="routes">Who judges.</param>
    /// <param name="protocols">The protocol files, by their paths.</param>
    /// <param name="now">The time.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public static async Task BeginAsync(LocalRunStore store, EvaluationRequest request, JudgeRoutes routes, IReadOnlyDictionary<string, string> protocols, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
        await ProtocolTexts.KeepAsync(store, [.. protocols.Values], cancellationToken);
        RunManifest? known = await StoredManifest.ShownAsync(store, cancellationToken);
        await StoredManifest.WriteAsync(
            store,
            RunBranches.ManifestOf(store.RunId, request with { Batch = Path.Combine(store.Folder, RunFiles.Served) }, new BatchFingerprint(0, ""), routes, protocols, known?.Created ?? now) with
            {
                Routes = null,
                Origin = RunOrigin.Served,
            },
            cancellationToken);
    }

    /// <summary>Writes summary and report once the server has ended.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="reports">Writes the report.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>What it came to; null where nothing was judged.</returns>
    public static async Task<RunSummary?> FinishAsync(string folder, IReportWriter reports, CancellationToken cancellationToken)
    {
        var store = new LocalRunStore(folder);
        RunContents run;
        try
        {
            run = await RunOpening.OpenFolderAsync(folder, cancellationToken: cancellationToken);
        }
        catch (ReportException)
        {
            // Nobody asked anything.
            return null;
        }

        RunSummary summary = run.Summary with { Status = RunStatus.Complete, Halt = null, Warnings = [.. run.Summary.Warnings.Where(static warning => !warning.StartsWith(RunOpening.NotEnded, StringComparison.Ordinal))] };
        var batch = new LocalBatchFile(run.Manifest.Request.Batch);
        RunManifest manifest = run.Manifest with { Rollouts = summary.Rollouts, Batch = await batch.FingerprintAsync(cancellationToken) };
        await StoredManifest.WriteAsync(store, manifest, cancellationToken);
        byte[] page = await reports.RenderAsync(new RunContents(store, folder, manifest, summary, batch), cancellationToken);
        await store.WriteDocumentAsync(RunFiles.Report, page, cancellationToken);
        await store.WriteDocumentAsync(RunFiles.Summary, JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary), cancellationToken);
        return summary;
    }
}
