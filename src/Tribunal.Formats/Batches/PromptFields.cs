using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Finds a record's prompt. The judge sees the whole prompt or the record is refused: where a second field may belong to it, the
/// message names both and how to say which is meant.
/// </summary>
internal static class PromptFields
{
    /// <summary>The stated prompt, system prompt and earlier turns included; null where there is none.</summary>
    /// <exception cref="JsonException">A field of it is of the wrong type, or more than one may be it.</exception>
    public static IReadOnlyList<Message>? Find(BatchRecord record) =>
        (record.Fields?.Prompt is { } mapped ? Mapped(record, mapped) : Stated(record)) is { } prompt ? WithSystem(record, WithHistory(record, prompt)) : null;

    /// <summary>The stated prompt.</summary>
    /// <exception cref="JsonException">There is none, or not one alone.</exception>
    public static IReadOnlyList<Message> Require(BatchRecord record) => Find(record) ?? throw new JsonException("there is no prompt");

    /// <summary>Puts the system prompt of a field of its own before a prompt that has none.</summary>
    /// <exception cref="JsonException">The prompt has another.</exception>
    public static IReadOnlyList<Message> WithSystem(BatchRecord record, IReadOnlyList<Message> prompt)
    {
        string[] names = record.Fields?.System is { } mapped ? [mapped] : FieldNames.Systems;
        if (Array.Find(names, record.Holds) is not { } name)
        {
            return prompt;
        }

        JsonElement value = record.Take(name);
        if (value.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            return record.Fields?.System is null ? prompt : throw new JsonException($"{name} is not a text");
        }

        string system = RolloutForm.ReadContent(value);
        return prompt.FirstOrDefault(static turn => turn.Role == "system") is not { } own ? [new Message("system", system), .. prompt]
            : own.Content.Trim() == system.Trim() ? prompt
            : throw new JsonException($"{name} and the prompt's own system turn differ");
    }

    /// <summary>The conversation that is the record's prompt; null where it states one otherwise, or the user says which field it is.</summary>
    public static string? Conversation(BatchRecord record) =>
        record.Fields?.Prompt is null && !Array.Exists(FieldNames.Prompts, record.Holds) ? Array.Find(FieldNames.Conversations, record.Holds) : null;

    /// <summary>Refuses a record whose prompt would be guessed while a text is left that may be it.</summary>
    /// <exception cref="JsonException">There is one; the message names it and how to map it.</exception>
    public static void RefuseUnusedTexts(BatchRecord record)
    {
        string[] left = [.. record.Unused.Where(static property => IsText(property.Value) && !FieldNames.IsAbout(property.Name)).Select(static property => property.Name)];
        if (left.Length > 0)
        {
            throw new JsonException($"no prompt is known in this record, and {string.Join(", ", left)} may be it: --prompt-field {left[0]} says so");
        }
    }

    private static IReadOnlyList<Message> Mapped(BatchRecord record, string fields)
    {
        string[] names = fields.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return names is [var only]
            ? Turns.Read(record.Take(only))
            : [new Message("user", string.Join("\n\n", names.Where(record.Has).Select(record.Text).Where(static text => !string.IsNullOrWhiteSpace(text))))];
    }

    private static IReadOnlyList<Message>? Stated(BatchRecord record)
    {
        string[] found = [.. FieldNames.Prompts.Where(record.Holds)];
        if (Array.Find(FieldNames.Media, record.Holds) is { } media)
        {
            throw new JsonException($"{media} holds what a judge of texts isn't shown: {(found is [var text, ..] ? $"--prompt-field {text} leaves it out" : "the prompt can't be judged without it")}");
        }

        if (found.Length == 0)
        {
            // A prompt that is there and blank is refused as such.
            return Array.Find(FieldNames.Conversations, record.Holds) is { } turns ? Turns.Read(record.Take(turns))
                : record.Has("prompt") ? Turns.Read(record.Take("prompt"))
                : null;
        }

        if (found is ["instruction", .., "input"] or ["instruction", "input", "text"] && record.Root.GetProperty("instruction").ValueKind == JsonValueKind.String)
        {
            // Alpaca's form: what to do, and what with.
            string whole = $"{record.Text("instruction")}\n\n{record.Text("input")}";
            RefuseOthers(record, "instruction", whole, found);
            return [new Message("user", whole)];
        }

        IReadOnlyList<Message> prompt = Turns.Read(record.Take(found[0]));
        RefuseOthers(record, found[0], string.Join('\n', prompt.Select(static turn => turn.Content)), found);
        return prompt;
    }

    // A text that the prompt holds is shown; one that isn't in it may be a part of it.
    private static void RefuseOthers(BatchRecord record, string name, string prompt, string[] found)
    {
        foreach (JsonProperty other in record.Unused.Where(property => property.Value.ValueKind == JsonValueKind.String
            && (found.Contains(property.Name, StringComparer.Ordinal) || FieldNames.Contexts.Contains(property.Name, StringComparer.Ordinal))))
        {
            string text = other.Value.GetString()!.Trim();
            bool shown = prompt.Contains(text, StringComparison.Ordinal) || (other.Name == "text" && text.Contains(prompt.Trim(), StringComparison.Ordinal));
            if (!shown)
            {
                throw new JsonException($"{name} and {other.Name} may both belong to the prompt: --prompt-field {name} leaves {other.Name} out, --prompt-field {other.Name},{name} shows both");
            }
        }
    }

    // LLaMA-Factory's earlier rounds: pairs of what was asked and answered.
    private static IReadOnlyList<Message> WithHistory(BatchRecord record, IReadOnlyList<Message> prompt)
    {
        if (!JsonText.TryGet(record.Root, "history", out JsonElement history) || history.ValueKind != JsonValueKind.Array || history.GetArrayLength() == 0
            || !history.EnumerateArray().All(static round => round.ValueKind == JsonValueKind.Array && round.GetArrayLength() == 2 && round.EnumerateArray().All(static text => text.ValueKind == JsonValueKind.String)))
        {
            return prompt;
        }

        record.Used("history");
        return
        [
            .. history.EnumerateArray().SelectMany(static round => (Message[])[new Message("user", round[0].GetString()!), new Message("assistant", round[1].GetString()!)]),
            .. prompt,
        ];
    }

    private static bool IsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => !string.IsNullOrWhiteSpace(value.GetString()),
        JsonValueKind.Array => value.GetArrayLength() > 0 && Turns.IsTurn(value[0]),
        _ => false,
    };
}
