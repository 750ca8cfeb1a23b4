using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Tribunal.Formats.Lines;

/// <summary>What makes bytes unusable as JSON text, said before anything is read from them.</summary>
internal static class JsonText
{
    /// <summary>Why the record's bytes are not text; null when they are.</summary>
    public static string? Fault(ReadOnlySpan<byte> json) =>
        Utf8.IsValid(json) ? null : $"not valid UTF-8 at byte {FirstInvalid(json) + 1} of the record";

    /// <summary>Why the record is not JSON, by what the parser met.</summary>
    public static string Fault(ReadOnlySpan<byte> json, JsonException exception)
    {
        int at = LineStart(json, exception.LineNumber ?? 0) + (int)(exception.BytePositionInLine ?? 0);
        return NonFinite(json, at) is { } word
            ? $"{word} at byte {at + 1} of the record is a number that JSON doesn't have: write null, or leave the field out"
            : $"not valid JSON at byte {(exception.BytePositionInLine ?? 0) + 1} of the record: {FirstSentence(exception.Message)}";
    }

    /// <summary>
    /// The text with U+FFFD where an escape spells half a surrogate pair, as a token sequence that was cut inside an emoji leaves it:
    /// valid JSON, and no text that could be read, written or sent.
    /// </summary>
    public static ReadOnlyMemory<byte> WithWholeCharacters(ReadOnlyMemory<byte> json)
    {
        byte[]? mended = null;
        for (int at = NextEscape(json.Span, 0); at >= 0; at = NextEscape(json.Span, at))
        {
            ReadOnlySpan<byte> escape = json.Span[at..];
            if (!IsUnit(escape, out int unit) || unit is < 0xD800 or > 0xDFFF)
            {
                at += 2;
                continue;
            }

            if (unit < 0xDC00 && IsUnit(escape[6..], out int low) && low is >= 0xDC00 and <= 0xDFFF)
            {
                at += 12;
                continue;
            }

            mended ??= json.ToArray();
            "\\ufffd"u8.CopyTo(mended.AsSpan(at));
            at += 6;
        }

        return mended ?? json;
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

    /// <summary>A property that is a text; null where there is none, and of what is no object.</summary>
    public static string? TextOf(JsonElement from, string name) =>
        from.ValueKind == JsonValueKind.Object && TryGet(from, name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A property by its name, or else by a path whose dots lead into objects and, by index, into lists.</summary>
    public static bool TryGetPath(JsonElement root, string path, out JsonElement value)
    {
        if (TryGet(root, path, out value))
        {
            return true;
        }

        value = root;
        foreach (string step in path.Contains('.', StringComparison.Ordinal) ? path.Split('.') : [path])
        {
            bool found = value.ValueKind switch
            {
                JsonValueKind.Object => TryGet(value, step, out value),
                JsonValueKind.Array when int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out int at) && at < value.GetArrayLength() =>
                    (value = value[at]).ValueKind != JsonValueKind.Null,
                _ => false,
            };
            if (!found)
            {
                return false;
            }
        }

        return true;
    }

    private static int FirstInvalid(ReadOnlySpan<byte> json)
    {
        int at = 0;
        while (Rune.DecodeFromUtf8(json[at..], out _, out int read) == OperationStatus.Done)
        {
            at += read;
        }

        return at;
    }

    private static int NextEscape(ReadOnlySpan<byte> json, int from)
    {
        int next = from >= json.Length ? -1 : json[from..].IndexOf((byte)'\\');
        return next < 0 ? -1 : from + next;
    }

    private static int LineStart(ReadOnlySpan<byte> json, long line)
    {
        int start = 0;
        for (long i = 0; i < line && json[start..].IndexOf((byte)'\n') is var end and >= 0; i++)
        {
            start += end + 1;
        }

        return start;
    }

    // The parser stops at the word, or behind its sign.
    private static string? NonFinite(ReadOnlySpan<byte> json, int at)
    {
        ReadOnlySpan<byte> word = json[Math.Clamp(at, 0, json.Length)..];
        word = word.StartsWith("-"u8) ? word[1..] : word;
        return word.StartsWith("NaN"u8) ? "NaN" : word.StartsWith("Infinity"u8) ? "Infinity" : null;
    }

    // The rest of the parser's message repeats the position in its own terms.
    private static string FirstSentence(string message)
    {
        int end = message.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? message : message[..end];
    }

    private static bool IsUnit(ReadOnlySpan<byte> json, out int unit)
    {
        unit = 0;
        return json.Length >= 6 && json[0] == (byte)'\\' && json[1] == (byte)'u'
            && int.TryParse(json.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out unit);
    }
}
