using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Protocols.Declared;

namespace Tribunal.Simulator.Judging;

/// <summary>Answers in JSON: an object that holds the values at the rule's paths, and all that its schema asks for.</summary>
internal static class DeclaredJson
{
    // Keys are read as they are written, so nothing is escaped that need not be.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes an object.</summary>
    /// <param name="rule">Where the values stand.</param>
    /// <param name="schema">The schema of the answer; null for none.</param>
    /// <param name="values">A value for each place.</param>
    /// <param name="remark">What texts say that nothing is read of.</param>
    public static string Write(ReadRule rule, string? schema, IReadOnlyList<string> values, string remark)
    {
        JsonNode? form = schema is null ? null : JsonNode.Parse(schema);
        var root = new JsonObject();
        for (int i = 0; i < values.Count; i++)
        {
            Set(root, JsonPath.Parse(rule.TextFor(i), rule.Place).Steps, values[i], form);
        }

        JsonNode whole = form is null ? root : Complete(root, form, remark);
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            whole.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Set(JsonObject root, IReadOnlyList<JsonStep> steps, string value, JsonNode? form)
    {
        JsonObject at = root;
        for (int i = 0; i < steps.Count; i++)
        {
            JsonStep step = steps[i];
            form = form?["properties"]?[step.Key];
            if (i == steps.Count - 1)
            {
                at[step.Key] = Value(value, form);
                return;
            }

            if (step.By is not { } by)
            {
                at[step.Key] ??= new JsonObject();
                at = (JsonObject)at[step.Key]!;
                continue;
            }

            form = form?["items"];
            at[step.Key] ??= new JsonArray();
            var list = (JsonArray)at[step.Key]!;
            JsonNode name = Value(step.Is, form?["properties"]?[by]);
            if (list.OfType<JsonObject>().FirstOrDefault(one => JsonNode.DeepEquals(one[by], name)) is not { } chosen)
            {
                chosen = new JsonObject { [by] = name };
                list.Add((JsonNode)chosen);
            }

            at = chosen;
        }
    }

    // A number or a truth where it looks like one, unless the schema wants a text.
    private static JsonNode Value(string value, JsonNode? form) => form?["type"]?.ToString() is "string" ? JsonValue.Create(value)!
        : value is "true" or "false" ? JsonValue.Create(value == "true")
        : double.TryParse(value, System.Globalization.CultureInfo.InvariantCulture, out _) ? JsonNode.Parse(value)!
        : JsonValue.Create(value)!;

    private static JsonNode Complete(JsonNode? given, JsonNode form, string remark)
    {
        switch (form["type"]?.ToString())
        {
            case "object":
                var members = new JsonObject();
                foreach ((string key, JsonNode? member) in form["properties"] as JsonObject ?? [])
                {
                    members[key] = Complete((given as JsonObject)?[key]?.DeepClone(), member!, remark);
                }

                return members;
            case "array":
                return given is JsonArray list && form["items"] is { } item ? new JsonArray([.. list.Select(one => Complete(one?.DeepClone(), item, remark))]) : given ?? new JsonArray();
            default:
                return given ?? (form["enum"] is JsonArray words ? words[0]!.DeepClone()
                    : form["type"]?.ToString() switch
                    {
                        "string" => JsonValue.Create(remark)!,
                        "boolean" => JsonValue.Create(false),
                        _ => JsonValue.Create(1),
                    });
        }
    }
}
