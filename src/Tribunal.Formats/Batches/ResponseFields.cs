using System.Buffers;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>Finds a record's responses under the names that people use, with its labels where they have the project's own names.</summary>
internal static class ResponseFields
{
    /// <summary>The rollout of a prompt and what the record holds as responses; null where it holds none.</summary>
    /// <exception cref="JsonException">They are of a form that can't be read, or more than one field may hold them.</exception>
    public static Rollout? Read(BatchRecord record, IReadOnlyList<Message> prompt)
    {
        if (record.Fields?.Responses is { } mapped)
        {
            return Mapped(record, prompt, mapped.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        }

        string[] lists = [.. FieldNames.ResponseLists.Where(name => record.Holds(name) && ListOf(record.Root.GetProperty(name)) is not null)];
        if (lists.Length > 0)
        {
            RefuseSteps(record, lists[0]);
            return lists is ["responses", ..] or [_]
                ? Listed(record, prompt, [lists[0]])
                : throw new JsonException($"{string.Join(" and ", lists)} may hold the responses: --responses-field says which");
        }

        if (Numbered(record) is { } numbered)
        {
            Rollout rollout = Listed(record, prompt, numbered);
            return numbered.Length == 2 && rollout.Best is null && record.Peek("winner") is { } winner ? rollout with { Best = BestOf(winner) ?? LabelFields.OfWord(record, rollout.Responses, winner) } : rollout;
        }

        return SingleOf(record) is { } single ? Single(record, prompt, single) : null;
    }

    /// <summary>A list of responses, also where it stands in a text as JSON; null where it is none.</summary>
    public static JsonElement? ListOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value,
        JsonValueKind.String => EncodedLists.Of(value.GetString()!),
        _ => null,
    };

    // "answer" and "solution" are the reference beside what a model wrote; of two that a model may have written nobody can tell.
    private static string? SingleOf(BatchRecord record)
    {
        string[] found = [.. FieldNames.SingleResponses.Where(record.Holds)];
        string[] written = [.. found.Where(static name => name is not ("solution" or "answer"))];
        string[] possible = written.Length > 0 ? written : found;
        return possible.Length > 1 && possible.Select(name => record.Root.GetProperty(name).GetRawText()).Distinct().Count() > 1
            ? throw new JsonException($"{string.Join(" and ", possible)} may each be the response: --responses-field says which")
            : possible is [var only, ..] ? only : null;
    }

    // TRL's stepwise form: what stands in the list are the steps of one answer.
    private static void RefuseSteps(BatchRecord record, string list)
    {
        if (list == "completions" && record.Fields?.Label is null && JsonText.TryGet(record.Root, "labels", out JsonElement labels)
            && labels.ValueKind == JsonValueKind.Array && labels.GetArrayLength() > 0 && labels.EnumerateArray().All(static item => item.ValueKind is JsonValueKind.True or JsonValueKind.False)
            && record.Root.GetProperty(list) is { ValueKind: JsonValueKind.Array } steps && steps.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String))
        {
            throw new JsonException("completions with labels may be the steps of one answer or several answers: --label-field labels says that they are answers");
        }
    }

    /// <summary>Whether a list of responses is as the project's own form has it.</summary>
    public static bool AreOwn(JsonElement responses) => responses.ValueKind != JsonValueKind.Array || responses.EnumerateArray().All(static response => response.ValueKind switch
    {
        JsonValueKind.Object => response.TryGetProperty("content", out _),
        JsonValueKind.Array => response.GetArrayLength() != 1 && !Turns.AreShareGpt(response),
        _ => true,
    });

    /// <summary>Which of two responses a pair's <c>winner</c> names; null where it names none.</summary>
    public static IReadOnlyList<int>? BestOf(string winner) => winner switch
    {
        "model_a" or "model_1" or "response_1" => [0],
        "model_b" or "model_2" or "response_2" => [1],
        "tie" or "tie (bothbad)" or "both_bad" => [0, 1],
        _ => null,
    };

    /// <summary>The fields of responses that stand one by one: <c>response_1</c>, <c>response_2</c>, …, or by letters; null where there are not two.</summary>
    public static string[]? Numbered(BatchRecord record)
    {
        foreach (string stem in FieldNames.ResponseStems)
        {
            foreach (string gap in (string[])["_", ""])
            {
                foreach (char first in "10aA")
                {
                    string[] names = [.. Enumerable.Range(first, 26).Select(character => Name(stem + gap, first, character)).TakeWhile(record.Has)];
                    if (names.Length > 1)
                    {
                        return names;
                    }
                }
            }
        }

        return null;

        static string Name(string stem, char first, int character) => char.IsDigit(first) ? $"{stem}{character - '0'}" : $"{stem}{(char)character}";
    }

    private static Rollout Mapped(BatchRecord record, IReadOnlyList<Message> prompt, string[] names) =>
        names is [var only] && JsonText.TryGetPath(record.Root, only, out JsonElement value) && !(value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && !Turns.IsTurn(value[0]))
            ? Single(record, prompt, only)
            : Listed(record, prompt, names);

    private static Rollout Single(BatchRecord record, IReadOnlyList<Message> prompt, string name)
    {
        JsonElement response = record.Take(name);
        Response said = response.ValueKind == JsonValueKind.Array || Turns.IsTurn(response) ? Trajectory(Turns.Read(response), name) : new Response(JsonText.Of(response, name));
        return record.Rollout(record.Id("id"), prompt, [said]) with { Domain = record.Peek("domain") ?? record.Peek("subset") };
    }

    // Written as the project's own form, so that responses are read in one place.
    private static Rollout Listed(BatchRecord record, IReadOnlyList<Message> prompt, string[] names)
    {
        var json = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(json))
        {
            writer.WriteStartObject();
            writer.WriteString("prompt", "");
            writer.WriteStartArray("responses");
            foreach (string name in names)
            {
                JsonElement value = record.Take(name);
                foreach (JsonElement item in names.Length == 1 ? [.. ListOf(value)?.EnumerateArray() ?? throw new JsonException($"{name} is not a list")] : (IEnumerable<JsonElement>)[value])
                {
                    WriteResponse(writer, item);
                }
            }

            writer.WriteEndArray();
            foreach (string name in (string[])["best", "scores", "reference", "domain", "metadata"])
            {
                if (record.Has(name))
                {
                    writer.WritePropertyName(name);
                    record.Take(name).WriteTo(writer);
                }
            }

            writer.WriteEndObject();
        }

        using JsonDocument own = JsonDocument.Parse(json.WrittenMemory);
        string id = record.Id("id");
        Rollout rollout = RolloutForm.Read(own.RootElement, id);
        return rollout with { Prompt = prompt, Metadata = record.Rest(rollout.Metadata) };
    }

    private static void WriteResponse(Utf8JsonWriter writer, JsonElement response)
    {
        if (response.ValueKind == JsonValueKind.Array && Turns.AreShareGpt(response))
        {
            RolloutForm.WriteTurns(writer, Turns.Read(response));
            return;
        }

        if (response.ValueKind != JsonValueKind.Object || response.TryGetProperty("content", out _))
        {
            response.WriteTo(writer);
            return;
        }

        JsonElement inner = JsonText.TryGet(response, "message", out JsonElement message) && message.ValueKind == JsonValueKind.Object ? message : response;
        string text = Array.Find(FieldNames.ResponseTexts, name => JsonText.TryGet(inner, name, out _))
            ?? throw new JsonException($"a response has none of {string.Join(", ", FieldNames.ResponseTexts)}");
        writer.WriteStartObject();
        if (JsonText.TryGet(response, "id", out JsonElement id) && JsonText.Scalar(id) is { } name)
        {
            writer.WriteString("id", name);
        }

        writer.WritePropertyName("content");
        inner.GetProperty(text).WriteTo(writer);
        writer.WriteEndObject();
    }

    private static Response Trajectory(IReadOnlyList<Message> turns, string field) => turns.Count > 0 ? Response.Of(turns) : throw new JsonException($"{field} has no turn");
}
