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
    /// <param name="root">The record.</param>
    /// <param name="raw">Its bytes, which a missing id is derived from.</param>
    /// <param name="number">Its line or record number.</param>
    /// <param name="fields">Which fields hold what, where that is given; datasets are not recognised then.</param>
    /// <exception cref="JsonException">It has no shape known, or a field is missing or of the wrong type.</exception>
    public static Rollout Read(JsonElement root, ReadOnlySpan<byte> raw, long number, BatchFields? fields = null)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("the record is not a JSON object");
        }

        var derived = XxHash3.HashToUInt64(raw);
        var record = new BatchRecord(root, string.Create(CultureInfo.InvariantCulture, $"row-{number}-{derived:x16}"), fields);
        bool mapped = fields is { Prompt: not null } or { Responses: not null };
        if (!mapped && record.Has("prompt") && record.Has("responses"))
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

        if (fields?.Responses is null && record.Has("chosen") && record.Has("rejected"))
        {
            return PreferenceShape.Read(record);
        }

        return PromptFields.Find(record) is { } prompt && ResponseFields.Read(record, prompt) is { } rollout ? rollout : throw Unknown(root);
    }

    private static Rollout OwnForm(BatchRecord record)
    {
        string id = record.Id("id");
        Rollout? rollout = ResponseFields.AreOwn(record.Root.GetProperty("responses")) && !Turns.AreShareGpt(record.Root.GetProperty("prompt"))
            ? RolloutForm.Read(record.Root, id)
            : ResponseFields.Read(record, []);
        return (rollout ?? throw new JsonException("responses is empty")) with { Prompt = PromptFields.Require(record) };
    }

    // Each with what it was asked, as RULER takes them.
    private static bool HasWholeTrajectories(JsonElement responses) =>
        responses.ValueKind == JsonValueKind.Array && responses.GetArrayLength() > 1
        && responses.EnumerateArray().All(static response => response.ValueKind == JsonValueKind.Array && response.GetArrayLength() > 1 && Turns.IsTurn(response[0]));

    private static JsonException Unknown(JsonElement root)
    {
        string fields = string.Join(", ", root.EnumerateObject().Take(12).Select(static p => p.Name));
        return new JsonException(fields.Length == 0
            ? "the record is empty"
            : $"the record has none of the shapes known (prompt and responses; prompt, chosen and rejected; …); its fields are {fields}: --prompt-field and --responses-field say which of them it is");
    }
}
