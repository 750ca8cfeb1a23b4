using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tribunal.Pipeline.Batches;

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

    /// <summary>Reads a string.</summary>
    /// <param name="content">Its content, as long as <see cref="Length"/> says, valid UTF-8 without broken surrogates.</param>
    public static string Read(ReadOnlySpan<byte> content)
    {
        int escape = content.IndexOf((byte)'\\');
        if (escape < 0)
        {
            return Encoding.UTF8.GetString(content);
        }

        char[] characters = ArrayPool<char>.Shared.Rent(content.Length);
        int count = 0;
        while (escape >= 0)
        {
            count += Encoding.UTF8.GetChars(content[..escape], characters.AsSpan(count));
            characters[count++] = Unescape(content[escape..]);
            content = content[(escape + EscapeLength(content[escape..]))..];
            escape = content.IndexOf((byte)'\\');
        }

        count += Encoding.UTF8.GetChars(content, characters.AsSpan(count));
        string text = new(characters, 0, count);
        ArrayPool<char>.Shared.Return(characters);
        return text;
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
