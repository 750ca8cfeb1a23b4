using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>Turns of a conversation: role and content, or ShareGPT's from and value.</summary>
internal static class Turns
{
    /// <summary>Reads a text, a list of turns, or one turn; of a text that is a list of turns as JSON, or a transcript, its turns.</summary>
    /// <exception cref="JsonException">It is none of them.</exception>
    public static IReadOnlyList<Message> Read(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Object && IsTurn(value))
        {
            return [One(value)];
        }

        if (value.ValueKind == JsonValueKind.String && JsonText.Of(value, "prompt") is var text)
        {
            return EncodedLists.Turns(text) is [var turns] ? Read(turns) : ImplicitPrompt.TranscriptTurns(text) ?? RolloutForm.ReadPrompt(value);
        }

        return AreShareGpt(value)
            ? [.. value.EnumerateArray().Select(One)]
            : RolloutForm.ReadPrompt(value);
    }

    /// <summary>Whether a value is a turn, by its fields.</summary>
    public static bool IsTurn(JsonElement value) => IsShareGpt(value) || (value.ValueKind == JsonValueKind.Object && value.TryGetProperty("role", out _) && value.TryGetProperty("content", out _));

    /// <summary>Whether a value is turns with a ShareGPT one among them.</summary>
    public static bool AreShareGpt(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.EnumerateArray().Any(IsShareGpt);

    private static bool IsShareGpt(JsonElement value) => value.ValueKind == JsonValueKind.Object && value.TryGetProperty("from", out _) && value.TryGetProperty("value", out _);

    private static Message One(JsonElement turn)
    {
        if (!IsShareGpt(turn))
        {
            using JsonDocument list = JsonDocument.Parse($"[{turn.GetRawText()}]");
            return RolloutForm.ReadPrompt(list.RootElement)[0];
        }

        string role = JsonText.Of(turn.GetProperty("from"), "from") switch
        {
            "human" => "user",
            "gpt" or "bot" or "chatgpt" or "function_call" => "assistant",
            "observation" or "function_response" => "tool",
            string other => other,
        };
        return new Message(role, RolloutForm.ReadContent(turn.GetProperty("value")));
    }
}
