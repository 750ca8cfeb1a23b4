using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>One record of a file of judgements that another tool recorded: what it gives, or why it gives nothing.</summary>
public sealed record RecordedLine
{
    /// <summary>Line number in JSON Lines, record number in other layouts; from 1.</summary>
    public required long Line { get; init; }

    /// <summary>The judgements it holds, in the ledger's form.</summary>
    public IReadOnlyList<TracedJudgement> Judgements { get; init; } = [];

    /// <summary>The rollout they are about, where the file carries it.</summary>
    public Rollout? Rollout { get; init; }

    /// <summary>Whether asking again may help: the batch service expired, throttled or broke the request.</summary>
    public bool MayAskAgain { get; init; }

    /// <summary>Whether the batch service refused what the request holds, as far as can be told; a filter's refusal says so itself.</summary>
    public bool Refused { get; init; }

    /// <summary>The tag of the request that a batch service answered (<see cref="OpenAiBatchRequest.Tag"/>); null where it had none.</summary>
    public string? Tag { get; init; }

    /// <summary>Why it can't be used; null when it can.</summary>
    public string? Error { get; init; }

    /// <summary>Reads one of the rollouts that a record holds: one that can't be read costs the others nothing.</summary>
    internal static RecordedLine Reading(long number, Func<RecordedLine> read)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return new RecordedLine { Line = number, Error = exception.Message };
        }
    }
}

/// <summary>Formats of recorded judgements.</summary>
public enum RecordedFormat
{
    /// <summary>Told by each record's fields.</summary>
    Auto,

    /// <summary>Ledger lines.</summary>
    Ledger,

    /// <summary>Output of the OpenAI batch API for requests that <see cref="OpenAiBatchWriter"/> wrote.</summary>
    OpenAiBatch,

    /// <summary>prometheus-eval: outputs of its evaluation scripts, and BiGGen-Bench results.</summary>
    Prometheus,

    /// <summary>JudgeBench outputs: both games of each pair.</summary>
    JudgeBench,

    /// <summary>RewardBench: <c>…_outputs.jsonl</c>, and the per-prompt score files with one list per column, of RewardBench 2 too.</summary>
    RewardBench,

    /// <summary>promptfoo's results: what its model-graded assertions said.</summary>
    Promptfoo,

    /// <summary>Logs of Inspect as JSON: what their model-graded scorers said.</summary>
    Inspect,

    /// <summary>AlpacaEval's annotations.</summary>
    AlpacaEval,
}

/// <summary>How recorded judgements are read.</summary>
public sealed record ImportOptions
{
    /// <summary>The file's format.</summary>
    public RecordedFormat Format { get; init; } = RecordedFormat.Auto;

    /// <summary>The judge's name where the file does not give one.</summary>
    public string Judge { get; init; } = "recorded";

    /// <summary>How answers of a batch API are read: one of <see cref="ProtocolCatalog.Names"/>; <c>auto</c> goes by the model's name.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>The protocol itself, where it is at hand; it goes before its name.</summary>
    public IProtocol? Grammar { get; init; }

    /// <summary>The requests behind a batch API's answers, where they are at hand.</summary>
    public OpenAiBatchRequests? Requests { get; init; }
}
