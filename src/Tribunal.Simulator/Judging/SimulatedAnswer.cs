using System.Text.Json.Serialization;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>What the simulated judge is asked.</summary>
public sealed record SimulatedRequest
{
    /// <summary>The judge's name.</summary>
    public string Model { get; init; } = SimulatedJudgeOptions.DefaultModel;

    /// <summary>The conversation.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>The sampling seed; a request without one has 0. Ignored at temperature 0.</summary>
    public long Seed { get; init; }

    /// <summary>The sampling temperature; it widens the sample's own noise.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Output budget in tokens, thinking included; null for none.</summary>
    public int? MaxTokens { get; init; }
}

/// <summary>What kind of answer it is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerKind>))]
public enum AnswerKind
{
    /// <summary>It holds a verdict.</summary>
    [JsonStringEnumMemberName("verdict")]
    Verdict,

    /// <summary>Its verdict can't be read.</summary>
    [JsonStringEnumMemberName("garbage")]
    Garbage,

    /// <summary>It declines.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>It is cut off.</summary>
    [JsonStringEnumMemberName("truncated")]
    Truncated,

    /// <summary>The prompt called for no judgement.</summary>
    [JsonStringEnumMemberName("chat")]
    Chat,
}

/// <summary>What the simulated judge answers.</summary>
public sealed record SimulatedAnswer
{
    /// <summary>The answer; empty where <see cref="Refusal"/> says it all.</summary>
    public required string Text { get; init; }

    /// <summary>Thinking that is kept apart.</summary>
    public string? Reasoning { get; init; }

    /// <summary><c>stop</c>, <c>length</c> or <c>content_filter</c>.</summary>
    public required string Finish { get; init; }

    /// <summary>A refusal reported as such.</summary>
    public string? Refusal { get; init; }

    /// <summary>The verdict's token with its rivals, where the protocol of the prompt reads probabilities.</summary>
    public IReadOnlyList<TokenChoice>? Tokens { get; init; }

    /// <summary>Tokens by <see cref="TokenCount"/>.</summary>
    public required Usage Usage { get; init; }

    /// <summary>What kind of answer it is.</summary>
    public required AnswerKind Kind { get; init; }

    /// <summary>Names the judgement: model, conversation, temperature and seed, without the budget.</summary>
    public required ulong Key { get; init; }
}
