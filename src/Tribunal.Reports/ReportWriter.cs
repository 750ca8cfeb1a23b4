using System.Text;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;

namespace Tribunal.Reports;

/// <summary>Writes the report at the end of a run.</summary>
public sealed class ReportWriter : IReportWriter
{
    /// <inheritdoc/>
    public async Task<byte[]> RenderAsync(RunContents run, CancellationToken cancellationToken) =>
        Encoding.UTF8.GetBytes(await RunReport.RenderAsync(run, batch: null, cancellationToken));
}
