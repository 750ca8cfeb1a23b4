using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Recognises a record's shape by its fields and makes one rollout of it. Known answers become <c>best</c>; the order is the
/// record's own (chosen before rejected), and is shuffled by seed when it is shown to a judge. Fields that a shape does not
/// use are kept as metadata. A record without an id gets one from its number and content.
/// </summary>
internal static class RolloutShapes
{
    /// <summary>Reads one record.</summary>
    /// <param name="raw">Its bytes, which a missing id is derived from.</param>
    /// <param name="fields">Which fields hold what, where that is given; datasets are not recognised then.</param>
    /// <exception cref="JsonException">It has no shape known, or a field is missing or of the wrong type.</exception>
    public static Rollout Read(JsonElement root, ReadOnlySpan<byte> raw, long number, BatchFields? fields = null)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("the record is not a JSON object");
        }

        if (IsTable(root))
        {
            throw new JsonException("the record is a whole table, column by column: write a row a line, in pandas to_json(FILE, orient=\"records\", lines=True)");
        }

        var derived = XxHash3.HashToUInt64(raw);
        var record = new BatchRecord(root, string.Create(CultureInfo.InvariantCulture, $"row-{number}-{derived:x16}"), fields);
        return LabelFields.Apply(record, TrainerText.Plain(Shaped(record, fields is { Prompt: not null } or { Responses: not null } or { Label: not null })));
    }

    private static Rollout Shaped(BatchRecord record, bool mapped)
    {
        JsonElement root = record.Root;
        if (record.Fields is not ({ Prompt: not null } or { Responses: not null }) && record.Has("prompt") && record.Has("responses"))
        {
            return OwnForm(record);
        }

        if (!mapped && record.Has("responses") && HasWholeTrajectories(root.GetProperty("responses")) && PromptFields.Find(record) is null)
        {
            return RolloutForm.Read(root, record.Id("id"));
        }

        if (!mapped && DatasetShapes.Read(record) is { } dataset)
        {
            return dataset;
        }

        if (record.Fields?.Responses is null && IsPair(record))
        {
            return PreferenceShape.Read(record);
        }

        if (!mapped && OtherTools.Advice(root) is { } advice)
        {
            throw new JsonException(advice);
        }

        if (PromptFields.Find(record) is not { } prompt)
        {
            throw Unknown(root);
        }

        bool answered = PromptFields.Conversation(record) is not null && prompt[^1].Role == "assistant";
        Rollout? rollout = ResponseFields.Read(record, prompt);
        return (answered, rollout) switch
        {
            (true, { }) => throw new JsonException($"{PromptFields.Conversation(record)} ends with an answer, and there are responses beside it: --prompt-field {PromptFields.Conversation(record)} shows all of it as the prompt"),
            (true, null) => LastAnswer(record, prompt),
            (false, { }) => rollout,
            _ when root.TryGetProperty("responses", out JsonElement none) && none.ValueKind == JsonValueKind.Null => throw new JsonException("responses is null"),
            _ => throw new JsonException($"there is a prompt and no response in the record's fields {Names(root)}: --responses-field says which of them holds one or several"),
        };
    }

    // Every field holds the values of all rows, in a list of texts among others, or by row numbers.
    private static bool IsTable(JsonElement root)
    {
        bool numbered = false, listed = false, texts = false;
        int rows = -1;
        foreach (JsonProperty field in root.EnumerateObject())
        {
            bool byNumber = field.Value.ValueKind == JsonValueKind.Object && field.Value.TryGetProperty("0", out _);
            bool list = field.Value.ValueKind == JsonValueKind.Array && field.Value.GetArrayLength() > 0 && (rows < 0 || field.Value.GetArrayLength() == rows);
            if (!byNumber && !list)
            {
                return false;
            }

            numbered |= byNumber;
            listed |= list;
            rows = list ? field.Value.GetArrayLength() : rows;
            texts |= list && FieldNames.Prompts.Contains(field.Name, StringComparer.Ordinal) && field.Value[0].ValueKind == JsonValueKind.String;
        }

        return (numbered && !listed) || (texts && !numbered);
    }

    // What stands after the last question is the answer, as in data to fine-tune on.
    private static Rollout LastAnswer(BatchRecord record, IReadOnlyList<Message> turns)
    {
        int question = turns.Count - 1;
        while (question >= 0 && Conversation.Label(turns[question].Role) != "User")
        {
            question--;
        }

        return question < 0 ? throw new JsonException("the conversation has no user's turn")
            : record.Rollout(record.Id("id"), [.. turns.Take(question + 1)], [Response.Of([.. turns.Skip(question + 1)])]) with { Domain = record.Peek("domain") ?? record.Peek("subset") };
    }

    // With one of the two null or gone the record is a pair that lacks it, unless it holds responses elsewhere.
    private static bool IsPair(BatchRecord record) => (record.Has("chosen") && record.Root.TryGetProperty("rejected", out _)) || (record.Has("rejected") && record.Root.TryGetProperty("chosen", out _));

    private static Rollout OwnForm(BatchRecord record)
    {
        if (record.Root.GetProperty("responses") is { ValueKind: JsonValueKind.String } text && ResponseFields.ListOf(text) is null)
        {
            throw new JsonException(text.GetString()!.TrimStart().StartsWith('[')
                ? $"responses is a list written as a text that is not JSON: {EncodedLists.PythonAdvice}"
                : "responses is a text: --responses-field responses says that it is the only response");
        }

        string id = record.Id("id");
        if (record.Root.GetProperty("responses").ValueKind == JsonValueKind.Array && ResponseFields.AreOwn(record.Root.GetProperty("responses")) && !Turns.AreShareGpt(record.Root.GetProperty("prompt")))
        {
            Rollout own = RolloutForm.Read(record.Root, id) with { Prompt = PromptFields.Require(record) };
            foreach (string name in (string[])["responses", "best", "scores", "reference", "rubric", "domain", "metadata"])
            {
                record.Used(name);
            }

            return own with { Metadata = record.Rest(own.Metadata) };
        }

        IReadOnlyList<Message> prompt = PromptFields.Require(record);
        return ResponseFields.Read(record, prompt) ?? throw new JsonException(record.Root.GetProperty("responses").ValueKind == JsonValueKind.Array ? "responses is empty" : "responses is not a list");
    }

    // Each with what it was asked, as RULER takes them.
    private static bool HasWholeTrajectories(JsonElement responses) =>
        responses.ValueKind == JsonValueKind.Array && responses.GetArrayLength() > 1
        && responses.EnumerateArray().All(static response => response.ValueKind == JsonValueKind.Array && response.GetArrayLength() > 1 && Turns.IsTurn(response[0]));

    private static string Names(JsonElement root) => string.Join(", ", root.EnumerateObject().Take(12).Select(static p => p.Name));

    private static JsonException Unknown(JsonElement root)
    {
        JsonProperty[] fields = [.. root.EnumerateObject()];
        if (fields.Length == 0)
        {
            return new JsonException("the record is empty");
        }

        // A whole file in one value.
        string[] rows = [.. fields.Where(static field => HoldsRecords(field.Value)).Select(static field => field.Name)];
        return new JsonException(rows is [var only]
            ? $"the record has none of the shapes known; should its field {only} be the records, write them one a line: jq -c '.{only}[]{(root.GetProperty(only)[0].TryGetProperty("row", out _) ? ".row" : "")}' FILE"
            : $"the record has none of the shapes known (prompt and responses; prompt, chosen and rejected; …); its fields are {Names(root)}: --prompt-field and --responses-field say which of them it is");
    }

    private static bool HoldsRecords(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value[0].ValueKind == JsonValueKind.Object && !Turns.IsTurn(value[0])
        && (value[0].TryGetProperty("row", out _) || FieldNames.Prompts.Concat(FieldNames.Conversations).Any(name => value[0].TryGetProperty(name, out _)));
}
