namespace Tribunal.Runs.Storage;

/// <summary>A run exists and was started for something else.</summary>
public sealed class RunMismatchException(string message) : Exception(message)
{
    /// <summary>Whether fewer judgements are asked for than the run has, and nothing else: another vote gives them, and no other run is needed.</summary>
    public bool AsksForFewer { get; init; }
}
