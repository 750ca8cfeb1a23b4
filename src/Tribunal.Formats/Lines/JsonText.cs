using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace Tribunal.Formats.Lines;

/// <summary>What makes bytes unusable as JSON text, said before anything is read from them.</summary>
internal static class JsonText
{
    /// <summary>Why the record's bytes are not text that every later step can read and write; null when they are.</summary>
    public static string? Fault(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json))
        {
            return $"not valid UTF-8 at byte {FirstInvalid(json) + 1} of the record";
        }

        return HasBrokenSurrogate(json) ? "a string holds a broken surrogate pair" : null;
    }

    /// <summary>Reads a string.</summary>
    /// <exception cref="JsonException">The value is not a string.</exception>
    public static string Of(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : throw new JsonException($"{name} is not a string");

    /// <summary>A string, or a number or a word as it is written.</summary>
    public static string? Scalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => value.GetRawText(),
        _ => null,
    };

    /// <summary>A property that is there and is not null: Parquet rows carry every column.</summary>
    public static bool TryGet(JsonElement root, string name, out JsonElement value) =>
        root.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;

    private static int FirstInvalid(ReadOnlySpan<byte> json)
    {
        Span<char> chars = stackalloc char[256];
        int at = 0;
        while (at < json.Length)
        {
            System.Buffers.OperationStatus status = Utf8.ToUtf16(json[at..], chars, out int read, out _, replaceInvalidSequences: false);
            at += read;
            if (status is System.Buffers.OperationStatus.InvalidData or System.Buffers.OperationStatus.NeedMoreData)
            {
                break;
            }
        }

        return at;
    }

    // Escapes can spell half a pair, which is valid JSON and no valid text.
    private static bool HasBrokenSurrogate(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("\\u"u8) < 0)
        {
            return false;
        }

        while (true)
        {
            int backslash = json.IndexOf((byte)'\\');
            if (backslash < 0 || backslash + 1 >= json.Length)
            {
                return false;
            }

            json = json[backslash..];
            if (!IsUnit(json, out int unit) || unit is < 0xD800 or > 0xDFFF)
            {
                json = json[2..];
                continue;
            }

            if (unit >= 0xDC00 || !IsUnit(json[6..], out int low) || low is < 0xDC00 or > 0xDFFF)
            {
                return true;
            }

            json = json[12..];
        }
    }

    private static bool IsUnit(ReadOnlySpan<byte> json, out int unit)
    {
        unit = 0;
        return json.Length >= 6 && json[0] == (byte)'\\' && json[1] == (byte)'u'
            && int.TryParse(json.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit);
    }
}
