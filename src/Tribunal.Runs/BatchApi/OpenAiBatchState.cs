using Tribunal.Runs.Summary;

namespace Tribunal.Runs.BatchApi;

/// <summary>How far a run through a batch API is.</summary>
public sealed record OpenAiBatchState
{
    /// <summary>Rollouts judged or to judge.</summary>
    public required long Rollouts { get; init; }

    /// <summary>Refused lines of the batch.</summary>
    public required long Invalid { get; init; }

    /// <summary>Answers that stand in the ledger.</summary>
    public required long Answers { get; init; }

    /// <summary>Answers that could not be used, each with its file, line and reason; the first hundred.</summary>
    public required IReadOnlyList<string> Problems { get; init; }

    /// <summary>Answers that could not be used, in all.</summary>
    public required long Unusable { get; init; }

    /// <summary>Requests to hand to the batch API now; 0 when the run is complete.</summary>
    public required long Requests { get; init; }

    /// <summary>The files that hold them.</summary>
    public required IReadOnlyList<string> RequestFiles { get; init; }

    /// <summary>The summary, when the run is complete.</summary>
    public RunSummary? Summary { get; init; }
}
