using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>A reward reasoning model behind an endpoint. Implementations are safe for concurrent use.</summary>
public interface IJudge
{
    /// <summary>The name written into ledgers.</summary>
    string Name { get; }

    /// <summary>Prepares for a protocol before the first question by it. A model behind an endpoint needs no preparation.</summary>
    /// <returns>Why it can't be asked by it, in a line; null where it can.</returns>
    string? Prepare(IProtocol protocol) => null;

    /// <summary>Draws one reasoning trace.</summary>
    /// <exception cref="JudgeException">No answer, after every try.</exception>
    Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken);

    /// <summary>Whether the endpoint is up and serves the model. Never throws for an endpoint that is away.</summary>
    Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken);
}

/// <summary>One request to a judge.</summary>
public sealed record JudgeQuestion
{
    /// <summary>The conversation to send.</summary>
    public required IReadOnlyList<Message> Messages { get; init; }

    /// <summary>Sampling temperature, 0 or more.</summary>
    public double Temperature { get; init; }

    /// <summary>Nucleus mass in (0, 1].</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Output budget in tokens, thinking included.</summary>
    public required int MaxTokens { get; init; }

    /// <summary>Thinking budget in tokens, sent as <c>thinking_token_budget</c>; null leaves it to the server.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary>The sampling seed.</summary>
    public long Seed { get; init; }

    /// <summary>What goes into the request besides these; null for nothing.</summary>
    public RequestFields? Fields { get; init; }

    /// <summary>Whether the endpoint is a classic reward model: its number is the answer, and nothing is sampled.</summary>
    public bool Scalar { get; init; }

    /// <summary>A prompt as a question, sampled so.</summary>
    public static JudgeQuestion Of(JudgePrompt prompt, SamplingDefaults sampling) => new()
    {
        Messages = prompt.Messages,
        Temperature = sampling.Temperature,
        TopP = sampling.TopP,
        MaxTokens = sampling.MaxTokens,
        ThinkingTokens = sampling.ThinkingTokens,
        Fields = prompt.Fields,
        Scalar = prompt.Scalar,
    };
}

/// <summary>What the judge answered.</summary>
public sealed record JudgeReply
{
    /// <summary>The answer's content; verdicts are read from here only.</summary>
    public required string Text { get; init; }

    /// <summary>Thinking that the server kept apart, in whatever form.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Whether the server kept thinking apart without showing it: encrypted, or only counted.</summary>
    public bool ThoughtApart { get; init; }

    /// <summary>The finish reason: <c>stop</c>, <c>length</c>, <c>content_filter</c>, … (<see cref="FinishReasons"/>); null when the server gave none.</summary>
    public string? Finish { get; init; }

    /// <summary>The refusal that the server reported as such.</summary>
    public string? Refusal { get; init; }

    /// <summary>The answer's first token and its last ones, with their rivals, where they were asked for and the server gave them; null otherwise.</summary>
    public IReadOnlyList<TokenChoice>? Tokens { get; init; }

    /// <summary>The model that answered, as the server names it; null where it names none.</summary>
    public string? Model { get; init; }

    /// <summary>Tokens, of this answer and of every try before it that reported any.</summary>
    public Usage Usage { get; init; }

    /// <summary>Whether the server counted far fewer prompt tokens than the prompt has words: it can't have read all of it.</summary>
    public bool PromptCut { get; init; }

    /// <summary>From the first request to the last byte.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The requests it took.</summary>
    public Tries Tries { get; init; } = new();
}

/// <summary>The state of an endpoint.</summary>
/// <param name="Ready">It answers and serves the model.</param>
/// <param name="Detail">What it said, for people.</param>
public sealed record JudgeHealth(bool Ready, string Detail);

/// <summary>Why a judge gave no answer.</summary>
public enum JudgeFault
{
    /// <summary>The key, the model, the address or a field of every request is refused: trying again can't help, for this or any other.</summary>
    Rejected,

    /// <summary>This one request is too large for the model's context, or otherwise refused; others may pass.</summary>
    RequestRefused,

    /// <summary>A content filter refuses what this one request holds; others may pass.</summary>
    Filtered,

    /// <summary>429 until the tries ran out, and nobody was answered in that time.</summary>
    Exhausted,

    /// <summary>Nothing listens, or every connection broke.</summary>
    Unreachable,

    /// <summary>429 or 5xx until the tries ran out.</summary>
    Overloaded,

    /// <summary>The time limit, on every try.</summary>
    TimedOut,

    /// <summary>An answer came that is not a chat completion.</summary>
    Malformed,
}

/// <summary>A judge gave no answer after every try.</summary>
public sealed class JudgeException(JudgeFault fault, string message, Tries tries, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public JudgeFault Fault { get; } = fault;

    /// <summary>The requests that were sent.</summary>
    public Tries Tries { get; } = tries;

    /// <summary>The tokens that they have cost all the same, as far as the server reported them.</summary>
    public Usage Usage { get; init; }
}
