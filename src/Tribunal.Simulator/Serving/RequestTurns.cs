using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Serving;

/// <summary>Conversations and texts in request bodies.</summary>
internal static class RequestTurns
{
    /// <summary>The turns of a list of messages.</summary>
    /// <exception cref="JsonException">It is none; the message says why.</exception>
    public static IReadOnlyList<Message> Read(JsonElement messages) => messages.ValueKind == JsonValueKind.Array
        ? [.. messages.EnumerateArray().Select(Turn)]
        : throw new JsonException("messages: a list is required");

    /// <summary>A text.</summary>
    /// <exception cref="JsonException">It is none: an escaped lone surrogate is valid JSON and no valid text.</exception>
    public static string Text(JsonElement value, string name)
    {
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new JsonException($"{name}: a string is required");
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException($"{name}: broken surrogate pair", exception);
        }
    }

    private static Message Turn(JsonElement turn) => turn.ValueKind == JsonValueKind.Object
        ? new Message(
            turn.TryGetProperty("role", out JsonElement role) ? Text(role, "role") : "user",
            turn.TryGetProperty("content", out JsonElement content) ? Content(content) : "")
        : throw new JsonException("messages: a list of objects is required");

    // A string, or parts of which the texts are joined, as the clients' libraries send it.
    private static string Content(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.Null => "",
        JsonValueKind.String => Text(content, "content"),
        JsonValueKind.Array => string.Join('\n', content.EnumerateArray()
            .Where(static part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out _)).Select(static part => Text(part.GetProperty("text"), "text"))),
        _ => throw new JsonException("content: a string or a list of parts"),
    };
}
