using System.Text.Json;

namespace Tribunal.Rollouts;

public static partial class RolloutForm
{
    /// <summary>Writes one rollout in the same form.</summary>
    public static void Write(Utf8JsonWriter writer, Rollout rollout)
    {
        writer.WriteStartObject();
        writer.WriteString("id", rollout.Id);
        if (rollout.Prompt is [{ Role: "user", ToolCalls: null } only] && IsPlain(only.Content))
        {
            writer.WriteString("prompt", only.Content);
        }
        else
        {
            writer.WritePropertyName("prompt");
            WriteTurns(writer, rollout.Prompt);
        }

        writer.WriteStartArray("responses");
        foreach (Response response in rollout.Responses)
        {
            WriteResponse(writer, response);
        }

        writer.WriteEndArray();
        if (rollout.Best is [int single])
        {
            writer.WriteNumber("best", single);
        }
        else if (rollout.Best is not null)
        {
            WriteNumbers(writer, "best", rollout.Best.Select(static b => (double)b));
        }

        if (rollout.Scores is not null)
        {
            WriteNumbers(writer, "scores", rollout.Scores);
        }

        WriteText(writer, "reference", rollout.Reference);
        if (rollout.Rubric is not null)
        {
            writer.WritePropertyName("rubric");
            RubricForm.Write(writer, rollout.Rubric);
        }

        WriteText(writer, "domain", rollout.Domain);
        if (rollout.Metadata is { } metadata)
        {
            writer.WritePropertyName("metadata");
            metadata.WriteTo(writer);
        }

        writer.WriteEndObject();
    }

    // A text that a reader of batches would take for turns stays one by being written as a turn.
    private static bool IsPlain(string text)
    {
        ReadOnlySpan<char> start = text.AsSpan().TrimStart();
        return !start.StartsWith("[") && !start.StartsWith("Human:");
    }

    private static void WriteResponse(Utf8JsonWriter writer, Response response)
    {
        if (response.Id is not null)
        {
            writer.WriteStartObject();
            writer.WriteString("id", response.Id);
            writer.WritePropertyName("content");
        }

        if (response.Turns is { } turns)
        {
            WriteTurns(writer, turns);
        }
        else
        {
            writer.WriteStringValue(response.Content);
        }

        if (response.Id is not null)
        {
            writer.WriteEndObject();
        }
    }

    /// <summary>Writes turns as a list, in the form that <see cref="ReadTurn"/> reads.</summary>
    public static void WriteTurns(Utf8JsonWriter writer, IReadOnlyList<Message> turns)
    {
        writer.WriteStartArray();
        foreach (Message turn in turns)
        {
            WriteTurn(writer, turn);
        }

        writer.WriteEndArray();
    }

    private static void WriteTurn(Utf8JsonWriter writer, Message turn)
    {
        writer.WriteStartObject();
        writer.WriteString("role", turn.Role);
        writer.WriteString("content", turn.Content);
        if (turn.ToolCalls is { } calls)
        {
            writer.WriteStartArray("tool_calls");
            foreach (ToolCall call in calls)
            {
                writer.WriteStartObject();
                WriteText(writer, "id", call.Id);
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", call.Name);
                writer.WriteString("arguments", call.Arguments);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        WriteText(writer, "reasoning_content", turn.Reasoning);
        WriteText(writer, "tool_call_id", turn.ToolCallId);
        WriteText(writer, "name", turn.Name);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, string name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    private static void WriteNumbers(Utf8JsonWriter writer, string name, IEnumerable<double> numbers)
    {
        writer.WriteStartArray(name);
        foreach (double number in numbers)
        {
            writer.WriteNumberValue(number);
        }

        writer.WriteEndArray();
    }
}
