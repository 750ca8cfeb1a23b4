namespace Tribunal.Runs.Reading;

/// <summary>Renders what a run came to for people; a host without one writes no report.</summary>
public interface IReportWriter
{
    /// <summary>The report, as the bytes of <c>report.html</c>.</summary>
    /// <exception cref="IOException">A file of the run is broken or can't be read; the message says where.</exception>
    Task<byte[]> RenderAsync(RunContents run, CancellationToken cancellationToken);
}
