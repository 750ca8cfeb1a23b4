using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

/// <summary>The file's format.</summary>
public enum TrainingFileFormat
{
    /// <summary>JSON Lines.</summary>
    JsonLines,

    /// <summary>Parquet.</summary>
    Parquet,
}

/// <summary>How an example to imitate is written.</summary>
public enum ExampleShape
{
    /// <summary>One conversation, <c>messages</c>.</summary>
    Messages,

    /// <summary><c>prompt</c> and <c>completion</c>, both as messages.</summary>
    PromptCompletion,
}

/// <summary>Where thinking goes.</summary>
public enum ReasoningPlace
{
    /// <summary>Into the content, between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>.</summary>
    Think,

    /// <summary>Into <c>reasoning_content</c>, beside the content.</summary>
    Field,
}

/// <summary>What to export.</summary>
public sealed record TrainingExportOptions
{
    /// <summary>The run's folder.</summary>
    public required string Run { get; init; }

    /// <summary>Where <c>train.jsonl</c> or <c>train.parquet</c> and <c>training.json</c> go.</summary>
    public required string Output { get; init; }

    /// <summary>The set.</summary>
    public required TrainingForm Form { get; init; }

    /// <summary>The batch with the labels; null takes the run's own.</summary>
    public string? Batch { get; init; }

    /// <summary>The text of the prompt template, where the run used one of its own.</summary>
    public string? Template { get; init; }

    /// <summary>The file's format.</summary>
    public TrainingFileFormat Format { get; init; }

    /// <summary>How examples to imitate are written.</summary>
    public ExampleShape Shape { get; init; }

    /// <summary>Where thinking goes.</summary>
    public ReasoningPlace Reasoning { get; init; }

    /// <summary>N_RFT, 1 or more; default 3.</summary>
    public int Trajectories { get; init; } = 3;

    /// <summary>Whether hinted trajectories are written under the prompt without its hint, which the judge did not get.</summary>
    public bool StripHints { get; init; }

    /// <summary>Whether judgements of the simulated judge, which are no data to train on, are written, marked as such.</summary>
    public bool AllowSimulated { get; init; }

    /// <summary>How much of trajectories the judge was shown.</summary>
    public TrajectoryView View { get; init; } = new();

    /// <summary>Domains to leave out.</summary>
    public IReadOnlyList<string> ExcludedDomains { get; init; } = [];
}

/// <summary>A run can't be exported; the message says why and what helps.</summary>
public sealed class TrainingExportException(string message, Exception? inner = null) : Exception(message, inner);
