using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>Reads a line of a ledger, UTF-8 without its line feed.</summary>
/// <exception cref="JsonException">It is not a judgement; the message says why.</exception>
public delegate T ReadJudgement<out T>(ReadOnlySpan<byte> line)
    where T : class;

/// <summary>A line of a ledger: a judgement and its trace. The form is that of <see cref="TribunalJson"/>.</summary>
public static class JudgementLine
{
    private static readonly string[] Required = ["rolloutId", "sample", "protocol", "judge", "order", "outcome"];
    private static readonly TribunalJson Contracts = new(new JsonSerializerOptions(TribunalJson.Default.Options) { RespectNullableAnnotations = true });

    /// <summary>Reads what votes. Voting reads millions of lines, most of whose bytes are texts that it doesn't look at.</summary>
    /// <inheritdoc cref="ReadJudgement{T}"/>
    public static Judgement Read(ReadOnlySpan<byte> line) => Read(line, Contracts.Judgement);

    /// <summary>Reads a judgement with its texts.</summary>
    /// <inheritdoc cref="ReadJudgement{T}"/>
    public static TracedJudgement ReadTraced(ReadOnlySpan<byte> line) => Read(line, Contracts.TracedJudgement);

    /// <summary>Reads a judgement, and keeps of its texts what they look like.</summary>
    /// <inheritdoc cref="ReadJudgement{T}"/>
    public static Judgement ReadWithTraits(ReadOnlySpan<byte> line) => ReadTraced(line).WithTraits();

    /// <summary>Appends a judgement as a line with its line feed.</summary>
    public static void Write(IBufferWriter<byte> output, TracedJudgement judgement) => JsonLine.Append(output, judgement, TribunalJson.Default.TracedJudgement);

    /// <summary>Appends a line as it stands, with its line feed.</summary>
    public static void Copy(IBufferWriter<byte> output, ReadOnlyMemory<byte> line)
    {
        output.Write(line.Span);
        output.Write("\n"u8);
    }

    private static T Read<T>(ReadOnlySpan<byte> line, JsonTypeInfo<T> contract)
    {
        try
        {
            return JsonSerializer.Deserialize(line, contract) ?? throw new JsonException();
        }
        catch (JsonException exception)
        {
            throw new JsonException(WhyNot(line, exception), exception);
        }
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
}
