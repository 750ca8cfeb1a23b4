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
        JsonElement? prompt = Optional(root, "prompt");
        int shared = prompt is null ? Conversation.Shared(responses) : 0;
        if (prompt is null && shared == 0)
        {
            throw new JsonException("prompt is missing: only several trajectories that begin with the same turns go without");
        }

        return new Rollout
        {
            Id = id ?? RequiredText(root, "id"),
            Prompt = prompt is { } given ? ReadPrompt(given) : [.. responses[0].Turns!.Take(shared)],
            Responses = prompt is null ? [.. responses.Select(response => Response.Of([.. response.Turns!.Skip(shared)], response.Id))] : responses,
            Best = ReadBest(root),
            Scores = ReadScores(root),
            Reference = Optional(root, "reference") is { } reference ? ReadReference(reference, "reference") : null,
            Rubric = Optional(root, "rubric") is { } rubric ? RubricForm.Read(rubric) : null,
            Domain = OptionalText(root, "domain"),
            Metadata = Optional(root, "metadata")?.Clone(),
        };
    }

    /// <summary>Reads a prompt: a string is one user turn, an array is turns of role and content.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static IReadOnlyList<Message> ReadPrompt(JsonElement prompt) => prompt.ValueKind switch
    {
        JsonValueKind.String => [new Message("user", Text(prompt))],
        JsonValueKind.Array =>
        [
            .. prompt.EnumerateArray().Select(static turn => turn.ValueKind == JsonValueKind.Object ? ReadTurn(turn) : throw new JsonException("a turn is an object with role and content")),
        ],
        _ => throw new JsonException("prompt is a string or a list of turns"),
    };

    /// <summary>
    /// Reads a turn: <c>role</c>, <c>content</c>, and what has to do with tools as OpenAI's interface writes it:
    /// <c>tool_calls</c>, beside which the content may be null or missing, <c>tool_call_id</c>, <c>name</c>.
    /// </summary>
    /// <exception cref="JsonException">A field is missing or has the wrong type; the message names it.</exception>
    public static Message ReadTurn(JsonElement turn)
    {
        string role = RequiredText(turn, "role");
        List<ToolCall>? calls = ReadCalls(turn);
        return new Message(role, Optional(turn, "content") is not null || calls is null ? ReadContent(Required(turn, "content")) : "")
        {
            ToolCalls = calls,
            ToolCallId = role is "tool" or "function" ? OptionalText(turn, "tool_call_id") : null,
            Name = role is "tool" or "function" ? OptionalText(turn, "name") : null,
            Reasoning = ReadReasoning(turn),
        };
    }

    // As vLLM, SGLang and the trainers' datasets name it; other forms than text are no thoughts that could be shown.
    private static string? ReadReasoning(JsonElement turn) => ((string[])["reasoning_content", "reasoning", "thinking"])
        .Select(name => Optional(turn, name) is { ValueKind: JsonValueKind.String } value ? Text(value) : "").FirstOrDefault(static text => text.Length > 0);

    private static List<ToolCall>? ReadCalls(JsonElement turn)
    {
        if (Optional(turn, "tool_calls") is not { } calls)
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
            string arguments = Optional(function, "arguments") is not { } given ? "{}"
                : given.ValueKind == JsonValueKind.String ? Text(given) : given.GetRawText();
            read.Add(new ToolCall(RequiredText(function, "name"), arguments, OptionalText(call, "id")));
        }

        return read.Count > 0 ? read : null;
    }

    /// <summary>Reads a turn's content: a string, or a list of parts whose texts are joined.</summary>
    /// <exception cref="JsonException">It has a part that is not text.</exception>
    public static string ReadContent(JsonElement content) => content.ValueKind switch
    {
        JsonValueKind.String => Text(content),
        JsonValueKind.Array => string.Join('\n', content.EnumerateArray().Select(ReadPart)),
        _ => throw new JsonException("content is a string or a list of text parts"),
    };

    private static string ReadPart(JsonElement part)
    {
        bool structured = part.ValueKind == JsonValueKind.Object;
        return part.ValueKind == JsonValueKind.String ? Text(part)
            : structured && Optional(part, "text") is { ValueKind: JsonValueKind.String } text ? Text(text)
            : throw new JsonException($"only text content can be judged{(structured && Optional(part, "type") is { ValueKind: JsonValueKind.String } type ? $", and a part is {Text(type)}" : "")}");
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

        return
        [
            .. responses.EnumerateArray().Select((response, i) => response.ValueKind != JsonValueKind.Null ? ReadResponse(response)
                : throw new JsonException($"response {i + 1} of {responses.GetArrayLength()} is null: an empty one is \"\"")),
        ];
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
        if (Optional(root, "best") is not { } best)
        {
            return null;
        }

        // Tables with gaps keep whole numbers as 1.0.
        IEnumerable<JsonElement> items = best.ValueKind == JsonValueKind.Array ? best.EnumerateArray() : [best];
        return
        [
            .. items.Select(static item => item.ValueKind == JsonValueKind.Number && item.TryGetDouble(out double index) && index == (int)index ? (int)index
                : throw new JsonException("best is an index or a list of indexes")),
        ];
    }

    private static List<double>? ReadScores(JsonElement root)
    {
        if (Optional(root, "scores") is not { } scores)
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

    private static JsonElement? Optional(JsonElement from, string name) =>
        from.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private static string? OptionalText(JsonElement from, string name) => Optional(from, name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String ? Text(value)
        : throw new JsonException($"{name} is not a string");

    // A lone surrogate escape is valid JSON but not valid text; GetString reports it as InvalidOperationException.
    internal static string Text(JsonElement value)
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
