using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Tribunal.Formats.Lines;

/// <summary>Values as lines of JSON.</summary>
internal static class JsonLine
{
    // Rounds are planned a short line at a time.
    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    /// <summary>Appends a value as one line, its line feed included.</summary>
    public static void Append<T>(IBufferWriter<byte> buffer, T value, JsonTypeInfo<T> type)
    {
        Utf8JsonWriter writer = _writer ??= new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = LedgerEncoding.Encoder, SkipValidation = true });
        writer.Reset(buffer);
        JsonSerializer.Serialize(writer, value, type);
        writer.Flush();
        buffer.Write("\n"u8);
    }
}
