using System.Text;
using Tribunal.Pipeline.Runs;

namespace Tribunal.Pipeline.Reports;

/// <summary>
/// A run as one self-contained HTML file: no script, no request, everything escaped under a strict policy. Its size is
/// bounded whatever the run's: it shows sums and samples, and says which.
/// </summary>
public static class RunReport
{
    /// <summary>Reads a run folder and writes its report.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="output">Where to write; null writes <c>report.html</c> in the run's folder.</param>
    /// <param name="options">What to take in; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The file written.</returns>
    /// <exception cref="ReportException">The folder is no run, or has no summary yet.</exception>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    public static async Task<string> WriteAsync(string folder, string? output = null, ReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new ReportOptions();
        RunFolderFiles run = RunFolderFiles.Open(folder);
        ReportData data = await new ReportCollector(run, options).CollectAsync(cancellationToken);
        string path = output ?? Path.Combine(folder, RunFiles.Report);
        await PageFile.WriteAsync(path, new ReportPage(data, options).Render(), cancellationToken);
        return path;
    }
}

/// <summary>Puts a page in place in one step.</summary>
internal static class PageFile
{
    public static async Task WriteAsync(string path, string html, CancellationToken cancellationToken)
    {
        string temporary = path + ".tmp~";
        await File.WriteAllTextAsync(temporary, html, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), cancellationToken);
        File.Move(temporary, path, overwrite: true);
    }
}
