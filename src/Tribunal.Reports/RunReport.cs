using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Storage;

namespace Tribunal.Reports;

/// <summary>
/// A run as one self-contained HTML file: no script, no request, everything escaped under a strict policy. Its size is
/// bounded whatever the run's: it shows sums and samples, and says which.
/// </summary>
public static class RunReport
{
    /// <summary>Reads a run folder and renders its report.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="batch">The batch, where it is no longer where the run found it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">The folder is no run, or has no judgements yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> RenderAsync(string folder, string? batch = null, CancellationToken cancellationToken = default) =>
        await RenderAsync(await RunOpening.OpenFolderAsync(folder, batch, cancellationToken: cancellationToken), batch, cancellationToken);

    /// <summary>Reads a run wherever it lives, its batch by the path in its request, and renders its report.</summary>
    /// <param name="stores">Where runs and batches live.</param>
    /// <param name="runId">The run.</param>
    /// <param name="batch">The batch, where it is no longer where the run found it.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The page.</returns>
    /// <exception cref="ReportException">There is no such run, or it has no summary yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> RenderAsync(IRunStores stores, string runId, string? batch, CancellationToken cancellationToken) =>
        await RenderAsync(await RunOpening.OpenAsync(stores.OpenRun(runId), runId, stores.OpenBatch, batch, cancellationToken), batch, cancellationToken);

    internal static async Task<string> RenderAsync(RunContents run, string? batch, CancellationToken cancellationToken)
    {
        run = await run.WithLabelsAsync(batch, cancellationToken);
        return new ReportPage(await new ReportCollector(run, batch).CollectAsync(cancellationToken)).Render();
    }
}
