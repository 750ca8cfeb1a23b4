namespace Tribunal.Runs.Reading;

/// <summary>A run can't be reported on; the message says why, for people.</summary>
public sealed class ReportException(string message, Exception? inner = null) : IOException(message, inner);
