using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.Rollouts;

/// <summary>
/// Reads and writes a rollout in the project's own line form: <c>prompt</c> a string or turns, <c>responses</c> strings or
/// objects, <c>best</c> an index or a list of them. Foreign dataset shapes are the batch readers' business.
/// </summary>
public sealed class RolloutJsonConverter : JsonConverter<Rollout>
{
    /// <inheritdoc/>
    public override Rollout Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using JsonDocument document = JsonDocument.ParseValue(ref reader);
        return RolloutForm.Read(document.RootElement);
    }

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, Rollout value, JsonSerializerOptions options) =>
        RolloutForm.Write(writer, value);
}

/// <summary>The project's own rollout form, element by element.</summary>
public static partial class RolloutForm
{
    /// <summary>Reads one rollout.</summary>
    /// <exception cref="JsonException">A field is missing or has the wrong type; the message names it.</exception>
    public static Rollout Read(JsonElement root) => Read(root, null);

    /// <summary>Reads one rollout under a given id, whatever its own <c>id</c> is; null takes its own.</summary>
    /// <exception cref="JsonException">A field is missing or has the wrong type; the message names it.</exception>
    public static Rollout Read(JsonElement root, string? id)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("a rollout is an object");
        }

        List<Response> responses = ReadResponses(Required(root, "responses"));
        bool whole = !root.TryGetProperty("prompt", out JsonElement prompt) || prompt.ValueKind == JsonValueKind.Null;
        int shared = whole ? Conversation.Shared(responses) : 0;
        if (whole && shared == 0)
        {
            throw new JsonException("prompt is missing: only several trajectories that begin with the same turns go without");
        }

        return new Rollout
        {
            Id = id ?? RequiredText(root, "id"),
            Prompt = whole ? [.. responses[0].Turns!.Take(shared)] : ReadPrompt(prompt),
            Responses = whole ? [.. responses.Select(response => Response.Of([.. response.Turns!.Skip(shared)], response.Id))] : responses,
            Best = ReadBest(root),
            Scores = ReadScores(root),
            Reference = root.TryGetProperty("reference", out JsonElement reference) && reference.ValueKind != JsonValueKind.Null ? ReadReference(reference, "reference") : null,
            Rubric = root.TryGetProperty("rubric", out JsonElement rubric) && rubric.ValueKind != JsonValueKind.Null ? RubricForm.Read(rubric) : null,
            Domain = OptionalText(root, "domain"),
            Metadata = root.TryGetProperty("metadata", out JsonElement metadata) && metadata.ValueKind != JsonValueKind.Null ? metadata.Clone() : null,
        };
    }

    /// <summary>Reads a prompt: a string is one user turn, an array is turns of role and content.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static IReadOnlyList<Message> ReadPrompt(JsonElement prompt)
    {
        switch (prompt.ValueKind)
        {
            case JsonValueKind.String:
                return [new Message("user", Text(prompt))];
            case JsonValueKind.Array:
                var turns = new List<Message>(prompt.GetArrayLength());
                foreach (JsonElement turn in prompt.EnumerateArray())
                {
                    if (turn.ValueKind != JsonValueKind.Object)
                    {
                        throw new JsonException("a turn is an object with role and content");
                    }

                    turns.Add(ReadTurn(turn));
                }

                return turns;
            default:
                throw new JsonException("prompt is a string or a list of turns");
        }
    }

    /// <summary>
    /// Reads a turn: <c>role</c>, <c>content</c>, and what has to do with tools as OpenAI's interface writes it:
    /// <c>tool_calls</c>, beside which the content may be null or missing, <c>tool_call_id</c>, <c>name</c>.
    /// </summary>
    /// <exception cref="JsonException">A field is missing or has the wrong type; the message names it.</exception>
    public static Message ReadTurn(JsonElement turn)
    {
        string role = RequiredText(turn, "role");
        List<ToolCall>? calls = ReadCalls(turn);
        bool said = turn.TryGetProperty("content", out JsonElement content) && content.ValueKind != JsonValueKind.Null;
        return new Message(role, said || calls is null ? ReadContent(Required(turn, "content")) : "")
        {
            ToolCalls = calls,
            ToolCallId = role is "tool" or "function" ? OptionalText(turn, "tool_call_id") : null,
            Name = role is "tool" or "function" ? OptionalText(turn, "name") : null,
            Reasoning = ReadReasoning(turn),
        };
    }

    // As vLLM, SGLang and the trainers' datasets name it; other forms than text are no thoughts that could be shown.
    private static string? ReadReasoning(JsonElement turn)
    {
        foreach (string name in (string[])["reasoning_content", "reasoning", "thinking"])
        {
            if (turn.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String && Text(value) is { Length: > 0 } text)
            {
                return text;
            }
        }

        return null;
    }

    private static List<ToolCall>? ReadCalls(JsonElement turn)
    {
        if (!turn.TryGetProperty("tool_calls", out JsonElement calls) || calls.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (calls.ValueKind != JsonValueKind.Array || calls.EnumerateArray().Any(static call => call.ValueKind != JsonValueKind.Object))
        {
            throw new JsonException("tool_calls is a list of objects");
        }

        var read = new List<ToolCall>(calls.GetArrayLength());
        foreach (JsonElement call in calls.EnumerateArray())
        {
            JsonElement function = call.TryGetProperty("function", out JsonElement inner) && inner.ValueKind == JsonValueKind.Object ? inner : call;
            string arguments = !function.TryGetProperty("arguments", out JsonElement given) || given.ValueKind == JsonValueKind.Null ? "{}"
                : given.ValueKind == JsonValueKind.String ? Text(given) : given.GetRawText();
            read.Add(new ToolCall(RequiredText(function, "name"), arguments, OptionalText(call, "id")));
        }

        return read.Count > 0 ? read : null;
    }

    /// <summary>Reads a turn's content: a string, or a list of parts whose texts are joined.</summary>
    /// <exception cref="JsonException">It has a part that is not text.</exception>
    public static string ReadContent(JsonElement content)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            return Text(content);
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("content is a string or a list of text parts");
        }

        var parts = new List<string>();
        foreach (JsonElement part in content.EnumerateArray())
        {
            if (part.ValueKind == JsonValueKind.String)
            {
                parts.Add(Text(part));
            }
            else if (part.ValueKind == JsonValueKind.Object && part.TryGetProperty("text", out JsonElement text) && text.ValueKind == JsonValueKind.String)
            {
                parts.Add(Text(text));
            }
            else
            {
                throw new JsonException($"only text content can be judged{(part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String ? $", and a part is {Text(type)}" : "")}");
            }
        }

        return string.Join('\n', parts);
    }

    /// <summary>Reads a reference answer: a text or a number, or a list of them, which stand on a line each.</summary>
    /// <param name="reference">The value.</param>
    /// <param name="name">What it is called where it is none of these.</param>
    /// <exception cref="JsonException">It is none of them.</exception>
    public static string ReadReference(JsonElement reference, string name) => reference.ValueKind switch
    {
        JsonValueKind.String => Text(reference),
        JsonValueKind.Number => reference.GetRawText(),
        JsonValueKind.Array when reference.GetArrayLength() > 0 && reference.EnumerateArray().All(static item => item.ValueKind is JsonValueKind.String or JsonValueKind.Number) =>
            string.Join('\n', reference.EnumerateArray().Select(item => ReadReference(item, name))),
        _ => throw new JsonException($"{name} is not a text, a number, or a list of them"),
    };

    private static List<Response> ReadResponses(JsonElement responses)
    {
        if (responses.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("responses is a list");
        }

        var read = new List<Response>(responses.GetArrayLength());
        foreach (JsonElement response in responses.EnumerateArray())
        {
            read.Add(response.ValueKind == JsonValueKind.Null ? throw new JsonException($"response {read.Count + 1} of {responses.GetArrayLength()} is null: an empty one is \"\"") : ReadResponse(response));
        }

        return read;
    }

    /// <summary>Reads a response: a text, turns (a trajectory), a turn, or an object whose <c>content</c> is a text or turns.</summary>
    /// <exception cref="JsonException">It is none of them.</exception>
    public static Response ReadResponse(JsonElement response)
    {
        switch (response.ValueKind)
        {
            case JsonValueKind.String:
                return new Response(Text(response));
            case JsonValueKind.Array:
                return ReadTrajectory(response, null);
            case JsonValueKind.Object when response.TryGetProperty("tool_calls", out _) && response.TryGetProperty("role", out _):
                return Response.Of([ReadTurn(response)], OptionalText(response, "id"));
            case JsonValueKind.Object:
                JsonElement content = Required(response, "content");
                return content.ValueKind == JsonValueKind.Array && content.GetArrayLength() > 0 && content[0].ValueKind == JsonValueKind.Object && content[0].TryGetProperty("role", out _)
                    ? ReadTrajectory(content, OptionalText(response, "id"))
                    : new Response(ReadContent(content), OptionalText(response, "id"));
            default:
                throw new JsonException("a response is a string, an object with content, or a list of turns");
        }
    }

    private static Response ReadTrajectory(JsonElement turns, string? id)
    {
        IReadOnlyList<Message> read = ReadPrompt(turns);
        return read.Count > 0 ? Response.Of(read, id) : throw new JsonException("a response has no turn");
    }

    private static List<int>? ReadBest(JsonElement root)
    {
        if (!root.TryGetProperty("best", out JsonElement best) || best.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        var indexes = new List<int>();
        IEnumerable<JsonElement> items = best.ValueKind == JsonValueKind.Array ? best.EnumerateArray() : [best];
        foreach (JsonElement item in items)
        {
            // Tables with gaps keep whole numbers as 1.0.
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetDouble(out double index) || index != (int)index)
            {
                throw new JsonException("best is an index or a list of indexes");
            }

            indexes.Add((int)index);
        }

        return indexes;
    }

    private static List<double>? ReadScores(JsonElement root)
    {
        if (!root.TryGetProperty("scores", out JsonElement scores) || scores.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        if (scores.ValueKind != JsonValueKind.Array || scores.EnumerateArray().Any(static s => s.ValueKind != JsonValueKind.Number))
        {
            throw new JsonException("scores is a list of numbers");
        }

        return [.. scores.EnumerateArray().Select(static s => s.GetDouble())];
    }

    private static JsonElement Required(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) ? value : throw new JsonException($"{name} is missing");

    private static string RequiredText(JsonElement from, string name) =>
        Required(from, name) is { ValueKind: JsonValueKind.String } value ? Text(value) : throw new JsonException($"{name} is not a string");

    private static string? OptionalText(JsonElement from, string name) =>
        !from.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.String ? Text(value)
        : throw new JsonException($"{name} is not a string");

    // A lone surrogate escape is valid JSON but not valid text; GetString reports it as InvalidOperationException.
    private static string Text(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("a string holds a broken surrogate pair", exception);
        }
    }
}
