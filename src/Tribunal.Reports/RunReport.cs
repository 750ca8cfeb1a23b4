using System.Text;
using Tribunal.Formats.Lines;
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
    /// <param name="options">What to take in.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">The folder is no run, or has no judgements yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> RenderAsync(string folder, ReportOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        return await RenderAsync(await RunOpening.OpenFolderAsync(folder, options.Batch, cancellationToken: cancellationToken), options, cancellationToken);
    }

    /// <summary>Reads a run folder and writes its report.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="output">Where to write; null writes <c>report.html</c> in the run's folder.</param>
    /// <param name="options">What to take in; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The file written.</returns>
    /// <exception cref="ReportException">The folder is no run, or has no judgements yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> WriteAsync(string folder, string? output = null, ReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        string path = output ?? Path.Combine(folder, RunFiles.Report);
        await PageFile.WriteAsync(path, await RenderAsync(folder, options ?? new ReportOptions(), cancellationToken), cancellationToken);
        return path;
    }

    /// <summary>Reads a run wherever it lives, its batch by the path in its request, and renders its report.</summary>
    /// <param name="stores">Where runs and batches live.</param>
    /// <param name="runId">The run.</param>
    /// <param name="options">What to take in; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The page.</returns>
    /// <exception cref="ReportException">There is no such run, or it has no summary yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> RenderAsync(IRunStores stores, string runId, ReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        RunContents run = await RunOpening.OpenAsync(stores.OpenRun(runId), runId, stores.OpenBatch, options?.Batch, cancellationToken);
        return await RenderAsync(run, options ?? new ReportOptions(), cancellationToken);
    }

    internal static async Task<string> RenderAsync(RunContents run, ReportOptions options, CancellationToken cancellationToken)
    {
        run = await run.WithLabelsAsync(options.Batch, cancellationToken);
        ReportData data = await new ReportCollector(run, options).CollectAsync(cancellationToken);
        return new ReportPage(data, options).Render();
    }
}

/// <summary>Puts a page in place in one step.</summary>
internal static class PageFile
{
    public static Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    public static Task WriteAsync(string path, string html, CancellationToken cancellationToken) => WholeFile.WriteAsync(path, Encoding.GetBytes(html), cancellationToken);
}
