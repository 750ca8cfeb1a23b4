using System.Collections.Frozen;

namespace Tribunal.Protocols;

/// <summary>How an answer ended.</summary>
public enum AnswerEnd
{
    /// <summary>The judge had said what it had to say. Only these are read for a verdict.</summary>
    Whole,

    /// <summary>A budget or a window ended it.</summary>
    Truncated,

    /// <summary>A filter or the model's own refusal ended it.</summary>
    Refused,

    /// <summary>The server gave it up: asking again may help.</summary>
    Broken,

    /// <summary>By a word that no list here knows. Nobody knows whether it is whole, so it counts as if it weren't.</summary>
    Unknown,
}

/// <summary>
/// Finish reasons of public servers, sorted. The list of good ones is closed: whatever is not on it is never voted. Words are
/// compared without case, and without the names of the enumerations that some servers print with them
/// (<c>FinishReason.STOP</c>, <c>FINISH_REASON_STOP</c>).
/// </summary>
/// <remarks>
/// Sources: the API references of OpenAI (chat and responses), Azure OpenAI, Anthropic, Google Gemini and Vertex, Amazon
/// Bedrock (Converse, Titan), Cohere, Mistral, DeepSeek, Zhipu, Baidu, DashScope, IBM watsonx, AI21, Aleph Alpha, OpenRouter,
/// and the sources of vLLM, SGLang, TGI, TensorRT-LLM, llama.cpp, LMDeploy, MLC and Ollama.
/// </remarks>
public static class FinishReasons
{
    private static readonly FrozenDictionary<string, AnswerEnd> Known = new Dictionary<AnswerEnd, string[]>
    {
        [AnswerEnd.Whole] =
        [
            "stop", "end_turn", "eos", "eos_token", "end_of_text", "endoftext", "end_of_sequence", "end_id", "stop_sequence", "stop_sequence_reached", "stop_token",
            "stop_word", "stop_words", "stop_criteria_met", "complete", "completed", "finish", "finished", "end", "done", "normal", "succeeded",
        ],
        [AnswerEnd.Truncated] =
        [
            "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_new_tokens", "maximum_tokens", "max_length", "token_limit", "limit",
            "model_length", "model_context_window_exceeded", "context_window_exceeded", "context_length_exceeded", "context_length", "error_limit", "incomplete",
            "repetition",
        ],
        [AnswerEnd.Refused] =
        [
            "content_filter", "content_filtered", "content_policy_violation", "safety", "image_safety", "prohibited_content", "image_prohibited_content", "image_recitation", "blocklist", "spii", "recitation",
            "sensitive", "refusal", "refused", "guardrail_intervened", "guardrails", "error_toxic", "moderation", "flagged", "blocked", "model_armor",
        ],
        [AnswerEnd.Broken] =
        [
            "error", "abort", "aborted", "cancel", "cancelled", "canceled", "user_cancel", "failed", "failure", "network_error", "server_error", "internal_error",
            "insufficient_system_resource", "engine_overloaded", "preempt", "preempted", "timeout", "timed_out", "time_limit", "not_finished", "unload",
        ],
    }.SelectMany(static pair => pair.Value.Select(word => KeyValuePair.Create(word, pair.Key))).ToFrozenDictionary(StringComparer.Ordinal);

    // What asking once more with a larger budget can mend: not a full context window, nor a loop.
    private static readonly FrozenSet<string> Budgets = FrozenSet.Create(
        StringComparer.Ordinal, "length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_new_tokens", "maximum_tokens", "max_length", "token_limit", "limit");

    /// <summary>Sorts a finish reason.</summary>
    /// <param name="reason">
    /// The server's word. None says nothing against an answer that came whole, in one body; that a stream has one is checked
    /// where it is read.
    /// </param>
    public static AnswerEnd Of(string? reason) =>
        string.IsNullOrEmpty(reason) || reason == "stop" ? AnswerEnd.Whole : Known.GetValueOrDefault(Word(reason), AnswerEnd.Unknown);

    /// <summary>Whether the output budget ended the answer, so that a larger one may let it end by itself.</summary>
    public static bool AtBudget(string? reason) => reason is not null && Budgets.Contains(Word(reason));

    private static string Word(string reason)
    {
        // Gemini puts its own reason behind the word: "content_filter: PROHIBITED_CONTENT".
        string word = reason.Split(':')[0].Trim().ToLowerInvariant().Replace('-', '_').Replace(' ', '_');
        word = word[(word.LastIndexOf('.') + 1)..];
        const string Prefix = "finish_reason_";
        return word.StartsWith(Prefix, StringComparison.Ordinal) ? word[Prefix.Length..] : word;
    }
}
