using System.Buffers;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>A record's fields, and which of them have been used for the rollout; the others become its metadata.</summary>
/// <param name="root">The record, an object.</param>
/// <param name="derivedId">The id that it gets without one of its own.</param>
/// <param name="fields">Which of its fields hold what, where that is given.</param>
internal sealed class BatchRecord(JsonElement root, string derivedId, BatchFields? fields)
{
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    public JsonElement Root => root;

    public BatchFields? Fields => fields;

    /// <summary>Fields that are not null and have not been used yet.</summary>
    public IEnumerable<JsonProperty> Unused => root.EnumerateObject().Where(property => !_used.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null);

    public void Used(string name) => _used.Add(name);

    public bool Has(string name) => JsonText.TryGetPath(root, name, out _);

    /// <summary>Whether the field holds something that can be read: neither null, nor blank, nor an empty list.</summary>
    public bool Holds(string name) => JsonText.TryGetPath(root, name, out JsonElement value) && value.ValueKind switch
    {
        JsonValueKind.String => !string.IsNullOrWhiteSpace(value.GetString()),
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => true,
    };

    /// <summary>The field as an id, or one derived from the record's number and content.</summary>
    public string Id(string name)
    {
        name = fields?.Id ?? name;
        if (!Has(name))
        {
            return fields?.Id is null ? derivedId : throw new JsonException($"{name} is missing");
        }

        JsonElement value = Take(name);
        return JsonText.Scalar(value) ?? throw new JsonException($"{name} is neither a string nor a number");
    }

    public JsonElement Take(string name)
    {
        _used.Add(name);
        return JsonText.TryGetPath(root, name, out JsonElement value) ? value
            : throw new JsonException(root.TryGetProperty(name, out _) ? $"{name} is null" : $"{name} is missing");
    }

    public string Text(string name) => JsonText.Of(Take(name), name);

    public string? OptionalText(string name) => Has(name) ? JsonText.Scalar(Take(name)) : null;

    /// <summary>A scalar that also stays in the metadata.</summary>
    public string? Peek(string name) => JsonText.TryGet(root, name, out JsonElement value) ? JsonText.Scalar(value) : null;

    public double? Number(string name) => JsonText.TryGet(root, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    public JsonElement.ArrayEnumerator Array(string name) =>
        Take(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : throw new JsonException($"{name} is not a list");

    public List<double> Numbers(string name) =>
    [
        .. Array(name).Select(item => item.ValueKind switch
        {
            JsonValueKind.Number => item.GetDouble(),
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            _ => throw new JsonException($"{name} is not a list of numbers"),
        }),
    ];

    public Rollout Rollout(string id, IReadOnlyList<Message> prompt, IEnumerable<string> responses) =>
        Rollout(id, prompt, [.. responses.Select(static text => new Response(text))]);

    /// <summary>A rollout with the fields that have not been used as its metadata.</summary>
    public Rollout Rollout(string id, IReadOnlyList<Message> prompt, IReadOnlyList<Response> responses) =>
        new() { Id = id, Prompt = prompt, Responses = responses, Metadata = Rest() };

    /// <summary>The record's own metadata and the fields that have not been used; metadata that is no object stays as it is.</summary>
    public JsonElement? Rest(JsonElement? own = null)
    {
        JsonProperty[] unused = [.. Unused];
        if (unused.Length == 0 || own is { ValueKind: not JsonValueKind.Object })
        {
            return own;
        }

        JsonProperty[] said = own is { } given ? [.. given.EnumerateObject()] : [];

        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (JsonProperty property in said.Concat(unused.Where(other => !said.Any(property => property.Name == other.Name))))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        var reader = new Utf8JsonReader(buffer.WrittenSpan);
        return JsonElement.ParseValue(ref reader);
    }
}
