using System.Text.Json.Serialization;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Worker.Engine;

/// <summary>How a run's orchestration ended.</summary>
/// <param name="Outcome">What came of it; null where it failed, or somebody terminated it.</param>
/// <param name="Failure">Why it failed.</param>
internal sealed record RunEnding(RunOutcome? Outcome, RunFailure? Failure = null)
{
    [JsonIgnore]
    public RunProgress? Progress { get; init; }
}

/// <summary>What a run failed of, after the engine's retries.</summary>
/// <param name="Kind">The name of the exception's type, with or without its namespace.</param>
/// <param name="Message">In words.</param>
internal sealed record RunFailure(string Kind, string Message);
