using Tribunal.Runs.Orchestration;

namespace Tribunal.Cli.Commands;

/// <summary>What <c>tribunal score</c> is asked for.</summary>
internal sealed record ScoreOptions
{
    /// <summary>The run's folder, without a separator at its end.</summary>
    public required string Folder { get; init; }

    /// <summary>What to evaluate; its batch is a full path.</summary>
    public required EvaluationRequest Request { get; init; }

    /// <summary>The run stops when a smaller share of judgements has a verdict, in [0, 1].</summary>
    public required double ValidRateFloor { get; init; }

    /// <summary>Minutes to wait for a judge that is still starting.</summary>
    public required double PatienceMinutes { get; init; }

    /// <summary>How long what is in flight has to end once the process is told to terminate.</summary>
    public required TimeSpan Drain { get; init; }

    /// <summary>Whether what failed is drawn once more at the end.</summary>
    public bool RetryFailed { get; init; }

    /// <summary>Request fields that are left out of a file of requests.</summary>
    public IReadOnlyList<string> Omit { get; init; } = [];

    /// <summary>The cap on one answer that was given; null for the protocol's.</summary>
    public int? AnswerCap { get; init; }

    /// <summary>Whether a report is written.</summary>
    public bool Report { get; init; }

    /// <summary>Whether standard output holds the summary as JSON, and nothing else.</summary>
    public bool Json { get; init; }

    /// <summary>Whether the command line names the folder.</summary>
    public bool OutputNamed { get; init; }

    /// <summary>The run's name: its folder's.</summary>
    public string RunId => Path.GetFileName(Folder);
}
