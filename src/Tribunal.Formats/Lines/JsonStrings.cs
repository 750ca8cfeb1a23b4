using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tribunal.Formats.Lines;

/// <summary>Strings of JSON text, found and read many bytes at a time: long ones with line breaks in them are what a batch is made of.</summary>
internal static class JsonStrings
{
    private static readonly SearchValues<byte> Special = SearchValues.Create([.. Enumerable.Range(0, 0x20).Select(static code => (byte)code), (byte)'"', (byte)'\\']);

    private static readonly SearchValues<byte> Hexadecimal = SearchValues.Create("0123456789abcdefABCDEF"u8);

    /// <summary>The length of a string's content, escapes included; −1 where it is not one, or never ends.</summary>
    /// <param name="json">From behind the opening quote.</param>
    public static int Length(ReadOnlySpan<byte> json)
    {
        int at = 0;
        while (true)
        {
            int next = json[at..].IndexOfAny(Special);
            if (next < 0)
            {
                return -1;
            }

            at += next;
            switch (json[at])
            {
                case (byte)'"':
                    return at;
                case (byte)'\\' when EscapeLength(json[at..]) is var length and > 0:
                    at += length;
                    break;
                default:
                    return -1;
            }
        }
    }

    /// <summary>Reads a string; null where it is not one, or never ends.</summary>
    /// <param name="json">From behind the opening quote, valid UTF-8 without broken surrogates.</param>
    /// <param name="characters">Room for as many characters as there are bytes.</param>
    /// <param name="length">The length of its content, escapes included.</param>
    public static string? Read(ReadOnlySpan<byte> json, Span<char> characters, out int length)
    {
        length = 0;
        int count = 0;
        while (true)
        {
            int next = json[length..].IndexOfAny(Special);
            if (next < 0)
            {
                return null;
            }

            count += Encoding.UTF8.GetChars(json.Slice(length, next), characters[count..]);
            length += next;
            switch (json[length])
            {
                case (byte)'"':
                    return new string(characters[..count]);
                case (byte)'\\' when EscapeLength(json[length..]) is var escape and > 0:
                    characters[count++] = Unescape(json[length..]);
                    length += escape;
                    break;
                default:
                    return null;
            }
        }
    }

    private static int EscapeLength(ReadOnlySpan<byte> escape) => escape.Length < 2 ? -1 : escape[1] switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t' => 2,
        (byte)'u' when escape.Length >= 6 && !escape[2..6].ContainsAnyExcept(Hexadecimal) => 6,
        _ => -1,
    };

    private static char Unescape(ReadOnlySpan<byte> escape) => escape[1] switch
    {
        (byte)'b' => '\b',
        (byte)'f' => '\f',
        (byte)'n' => '\n',
        (byte)'r' => '\r',
        (byte)'t' => '\t',
        (byte)'u' => (char)int.Parse(escape[2..6], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
        var itself => (char)itself,
    };
}
