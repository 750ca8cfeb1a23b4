using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>A line of a ledger: a judgement and, beside what votes, its trace. The form is that of <see cref="TribunalJson"/>.</summary>
public static class JudgementLine
{
    private static readonly string[] Required = ["rolloutId", "sample", "protocol", "judge", "order", "outcome"];
    private static readonly string[] Trace = ["text", "reasoning"];
    private static readonly JsonTypeInfo<Judgement> Whole = Contract(skipped: []);

    // Voting reads millions of lines, most of whose bytes are texts that it doesn't look at.
    private static readonly JsonTypeInfo<Judgement> WithoutTrace = Contract(Trace);

    /// <summary>Reads a line.</summary>
    /// <param name="line">UTF-8, without its line feed.</param>
    /// <param name="withText">Whether to read <c>text</c> and <c>reasoning</c>; voting needs neither.</param>
    /// <exception cref="JsonException">It is not a judgement; the message says why.</exception>
    public static Judgement Read(ReadOnlySpan<byte> line, bool withText)
    {
        try
        {
            return JsonSerializer.Deserialize(line, withText ? Whole : WithoutTrace) ?? throw new JsonException();
        }
        catch (JsonException exception)
        {
            throw new JsonException(WhyNot(line, exception), exception);
        }
    }

    /// <summary>Appends a judgement as a line with its line feed.</summary>
    public static void Write(IBufferWriter<byte> output, Judgement judgement)
    {
        using (Utf8JsonWriter writer = new(output, new JsonWriterOptions { SkipValidation = true, Encoder = LedgerEncoding.Encoder }))
        {
            JsonSerializer.Serialize(writer, judgement, TribunalJson.Default.Judgement);
        }

        output.Write("\n"u8);
    }

    private static JsonTypeInfo<Judgement> Contract(string[] skipped)
    {
        var options = new JsonSerializerOptions(TribunalJson.Default.Options)
        {
            RespectNullableAnnotations = true,
            TypeInfoResolver = TribunalJson.Default.WithAddedModifier(type =>
            {
                foreach (JsonPropertyInfo property in type.Properties.Where(property => type.Type == typeof(Judgement) && skipped.Contains(property.Name)))
                {
                    property.CustomConverter = new Skipped();
                }
            }),
        };
        return (JsonTypeInfo<Judgement>)options.GetTypeInfo(typeof(Judgement));
    }

    // The library names our types; who reads the message knows fields.
    private static string WhyNot(ReadOnlySpan<byte> line, JsonException exception)
    {
        try
        {
            var reader = new Utf8JsonReader(line);
            using var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                return "a judgement is an object";
            }

            string? missing = Array.Find(Required, name => !document.RootElement.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null);
            return missing is not null ? $"{missing} is missing"
                : exception.Path is ['$', '.', .. var field] ? $"{field} has the wrong type or is out of range"
                : "more follows than one object";
        }
        catch (JsonException broken)
        {
            return broken.Message;
        }
    }

    private sealed class Skipped : JsonConverter<string?>
    {
        public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            reader.Skip();
            return null;
        }

        public override void Write(Utf8JsonWriter writer, string? value, JsonSerializerOptions options) => writer.WriteStringValue(value);
    }
}
