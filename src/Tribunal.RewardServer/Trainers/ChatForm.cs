using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.RewardServer.Trainers;

/// <summary>A chat request.</summary>
internal sealed record ChatRequest
{
    /// <summary>The model: the judge's, <c>tribunal</c>, or none means the vote; any other has the request passed through.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation.</summary>
    public IReadOnlyList<JsonElement>? Messages { get; init; }

    /// <summary>Sampling temperature; null takes the protocol's, which is made for voting.</summary>
    public double? Temperature { get; init; }

    /// <summary>Nucleus mass.</summary>
    [JsonPropertyName("top_p")]
    public double? TopP { get; init; }

    /// <summary>Output budget of one answer.</summary>
    [JsonPropertyName("max_tokens")]
    public int? MaxTokens { get; init; }

    /// <summary>The same by its newer name.</summary>
    [JsonPropertyName("max_completion_tokens")]
    public int? MaxCompletionTokens { get; init; }

    /// <summary>The answers' seeds derive from it.</summary>
    public long? Seed { get; init; }

    /// <summary>Answers wanted: a vote is one.</summary>
    public int? N { get; init; }

    /// <summary>Whether the answer comes as a stream.</summary>
    public bool? Stream { get; init; }

    /// <summary>What goes into a stream.</summary>
    [JsonPropertyName("stream_options")]
    public ChatStreamOptions? StreamOptions { get; init; }

    /// <summary>Structured output; it goes to the judge.</summary>
    [JsonPropertyName("response_format")]
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>Everything else, which goes to the judge; what makes the answer something else than one text has the request passed through.</summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? More { get; set; }
}

/// <summary>What goes into a stream.</summary>
/// <param name="IncludeUsage">Whether a last piece says what it took.</param>
internal sealed record ChatStreamOptions([property: JsonPropertyName("include_usage")] bool? IncludeUsage);

/// <summary>A chat answer.</summary>
internal sealed record ChatCompletion
{
    /// <summary>Its name; the same for the same question.</summary>
    public required string Id { get; init; }

    /// <summary><c>chat.completion</c>.</summary>
    public string Object { get; init; } = "chat.completion";

    /// <summary>Seconds since 1970.</summary>
    public required long Created { get; init; }

    /// <summary>As asked.</summary>
    public required string Model { get; init; }

    /// <summary>One.</summary>
    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    /// <summary>Of all answers together.</summary>
    public required ChatUsage Usage { get; init; }

    /// <summary>What stands behind the answer.</summary>
    public required ChatTribunal Tribunal { get; init; }
}

/// <summary>The answer.</summary>
/// <param name="Index">0.</param>
/// <param name="Message">The message.</param>
/// <param name="FinishReason">How it ended.</param>
internal sealed record ChatChoice(int Index, ChatMessage Message, [property: JsonPropertyName("finish_reason")] string FinishReason);

/// <summary>A piece of a stream.</summary>
/// <param name="Id">The answer's name.</param>
/// <param name="Created">Seconds since 1970.</param>
/// <param name="Model">As asked.</param>
/// <param name="Choices">One; none in the piece that says the usage.</param>
/// <param name="Usage">In the last piece, where it was asked for.</param>
/// <param name="Tribunal">What stands behind the answer, in the piece that ends it.</param>
internal sealed record ChatChunk(string Id, long Created, string Model, IReadOnlyList<ChatDelta> Choices, ChatUsage? Usage = null, ChatTribunal? Tribunal = null)
{
    /// <summary><c>chat.completion.chunk</c>.</summary>
    public string Object { get; } = "chat.completion.chunk";
}

/// <summary>A piece of the answer.</summary>
/// <param name="Index">0.</param>
/// <param name="Delta">What comes; empty in the piece that ends it.</param>
/// <param name="FinishReason">How it ended; null before.</param>
internal sealed record ChatDelta(int Index, ChatPiece Delta, [property: JsonPropertyName("finish_reason"), JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? FinishReason);

/// <summary>A piece of a message.</summary>
/// <param name="Role"><c>assistant</c>, in the first.</param>
/// <param name="Content">The text.</param>
/// <param name="ReasoningContent">The thinking.</param>
internal sealed record ChatPiece(string? Role = null, string? Content = null, [property: JsonPropertyName("reasoning_content")] string? ReasoningContent = null);

/// <summary>A message.</summary>
/// <param name="Role"><c>assistant</c>.</param>
/// <param name="Content">One of the judge's answers, with the verdict that was voted.</param>
/// <param name="ReasoningContent">Its thinking, where the judge keeps it apart.</param>
internal sealed record ChatMessage(string Role, string Content, [property: JsonPropertyName("reasoning_content")] string? ReasoningContent);

/// <summary>Tokens.</summary>
/// <param name="PromptTokens">Read.</param>
/// <param name="CompletionTokens">Written.</param>
/// <param name="TotalTokens">Both.</param>
internal sealed record ChatUsage(
    [property: JsonPropertyName("prompt_tokens")] long PromptTokens, [property: JsonPropertyName("completion_tokens")] long CompletionTokens, [property: JsonPropertyName("total_tokens")] long TotalTokens);

/// <summary>What stands behind a voted answer.</summary>
internal sealed record ChatTribunal
{
    /// <summary>The verdict in short; null where the answer holds none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required string? Verdict { get; init; }

    /// <summary>How many answers gave each verdict; those without one count under the empty text.</summary>
    public required IReadOnlyDictionary<string, int> Votes { get; init; }

    /// <summary>The share of the verdicts that agree with the vote.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? Confidence { get; init; }

    /// <summary>Answers that were drawn.</summary>
    public required int Judgements { get; init; }

    /// <summary>Whether the answer is the judge's as it is, because it holds no verdict.</summary>
    [JsonPropertyName("passed_through")]
    public required bool PassedThrough { get; init; }

    /// <summary>True where no model judged.</summary>
    public bool? Simulated { get; init; }
}

/// <summary>Models.</summary>
/// <param name="Object"><c>list</c>.</param>
/// <param name="Data">The judge's model.</param>
internal sealed record ChatModels(string Object, IReadOnlyList<ChatModel> Data);

/// <summary>A model.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object"><c>model</c>.</param>
/// <param name="Created">0.</param>
/// <param name="OwnedBy"><c>tribunal</c>.</param>
internal sealed record ChatModel(string Id, string Object, long Created, [property: JsonPropertyName("owned_by")] string OwnedBy);
