using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>Items of OpenAI's Responses API as turns: messages, function calls, their outputs, reasoning.</summary>
internal static class ResponsesItems
{
    /// <summary>Whether an item is one that <see cref="Turns"/> reads.</summary>
    public static bool IsKnown(JsonElement item) => item.ValueKind == JsonValueKind.Object && TypeOf(item) is "message" or "function_call" or "function_call_output" or "reasoning";

    /// <summary>The turns. Calls that follow a message, or one another, are that turn's; reasoning is that of the turn after it.</summary>
    /// <exception cref="JsonException">An item can't be read.</exception>
    public static IReadOnlyList<Message> Turns(IEnumerable<JsonElement> items)
    {
        var turns = new List<Message>();
        string? thought = null;
        foreach (JsonElement item in items)
        {
            switch (item.ValueKind == JsonValueKind.Object ? TypeOf(item) : null)
            {
                case "reasoning":
                    thought = Thought(item) is { Length: > 0 } text ? text : thought;
                    break;
                case "function_call":
                    var call = new ToolCall(TextOf(item, "name") ?? throw new JsonException("a function call has no name"), TextOf(item, "arguments") ?? "{}", TextOf(item, "call_id"));
                    if (turns is [.., { Role: "assistant" } last] && thought is null)
                    {
                        turns[^1] = last with { ToolCalls = [.. last.ToolCalls ?? [], call] };
                    }
                    else
                    {
                        turns.Add(new Message("assistant", "") { ToolCalls = [call], Reasoning = thought });
                        thought = null;
                    }

                    break;
                case "function_call_output":
                    turns.Add(new Message("tool", item.TryGetProperty("output", out JsonElement output) ? Text(output) : "") { ToolCallId = TextOf(item, "call_id") });
                    break;
                default:
                    Message turn = Turn(item);
                    turns.Add(turn.Role == "assistant" && thought is not null ? turn with { Reasoning = thought } : turn);
                    thought = null;
                    break;
            }
        }

        return turns;
    }

    private static Message Turn(JsonElement turn)
    {
        if (turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty("tool_calls", out _))
        {
            return RolloutForm.ReadTurn(turn);
        }

        return turn.ValueKind == JsonValueKind.Object && turn.TryGetProperty("content", out JsonElement content) && content.ValueKind is JsonValueKind.String or JsonValueKind.Array
            ? new Message(TextOf(turn, "role") ?? "user", Text(content)) { ToolCallId = TextOf(turn, "tool_call_id") }
            : throw new JsonException("a turn is an object with 'role' and 'content'");
    }

    private static string Thought(JsonElement item) => string.Join('\n', ((string[])["summary", "content"])
        .Where(name => item.TryGetProperty(name, out JsonElement parts) && parts.ValueKind == JsonValueKind.Array)
        .SelectMany(name => item.GetProperty(name).EnumerateArray())
        .Select(static part => part.ValueKind == JsonValueKind.Object ? TextOf(part, "text") : null)
        .Where(static text => !string.IsNullOrEmpty(text)));

    // A text, or parts of which the texts count (input_text, output_text, text).
    private static string Text(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => content.GetString()!,
        JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(static part =>
            part.ValueKind == JsonValueKind.Object && TypeOf(part) != "reasoning_text" ? TextOf(part, "text") : "")),
        _ => "",
    };

    private static string? TypeOf(JsonElement item) => TextOf(item, "type");

    private static string? TextOf(JsonElement item, string name) => item.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
