using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;

namespace Tribunal.Reports;

/// <summary>Writes the report at the end of a run, with the default options.</summary>
public sealed class ReportWriter : IReportWriter
{
    /// <inheritdoc/>
    public async Task<byte[]> RenderAsync(RunContents run, CancellationToken cancellationToken) =>
        PageFile.Encoding.GetBytes(await RunReport.RenderAsync(run, new ReportOptions(), cancellationToken));
}
