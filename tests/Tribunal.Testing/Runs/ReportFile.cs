using Tribunal.Reports;
using Tribunal.Runs.Storage;

namespace Tribunal.Testing.Runs;

/// <summary>A run's report as <c>tribunal report</c> writes it.</summary>
public static class ReportFile
{
    /// <summary>Writes it, into the run's folder where no other file is named.</summary>
    /// <returns>The file.</returns>
    public static async Task<string> WriteAsync(string folder, string? output = null, CancellationToken cancellationToken = default)
    {
        string path = output ?? Path.Combine(folder, RunFiles.Report);
        await File.WriteAllTextAsync(path, await RunReport.RenderAsync(folder, cancellationToken: cancellationToken), cancellationToken);
        return path;
    }
}
