namespace Tribunal.Runs.Storage;

/// <summary>A run exists and was started for something else.</summary>
public sealed class RunMismatchException(string message) : Exception(message);
