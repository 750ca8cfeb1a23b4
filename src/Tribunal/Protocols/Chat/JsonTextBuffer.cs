using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Tribunal.Protocols.Chat;

/// <summary>
/// Collects text from JSON strings, whole or in pieces, in a pooled buffer. A surrogate pair may be torn between two
/// pieces, and a server may send one half only: halves are joined where they meet and replaced (U+FFFD) where they don't.
/// </summary>
internal struct JsonTextBuffer : IDisposable
{
    private char[]? _chars;
    private int _length;
    private bool _suspect;

    /// <summary>Whether any text came.</summary>
    public readonly bool IsEmpty => _length == 0;

    /// <summary>How many characters came.</summary>
    public readonly int Length => _length;

    /// <summary>Adds the string that the reader stands on; its value has to be in one segment.</summary>
    public void Append(ref Utf8JsonReader reader)
    {
        int most = reader.ValueSpan.Length;
        if (most == 0)
        {
            return;
        }

        Reserve(most);
        try
        {
            _length += reader.CopyString(_chars.AsSpan(_length));
        }
        catch (Exception exception) when (exception is InvalidOperationException or DecoderFallbackException)
        {
            _suspect = true;
            AppendBroken(reader.ValueSpan);
        }
    }

    /// <summary>The text so far.</summary>
    public override readonly string ToString()
    {
        if (_length == 0)
        {
            return "";
        }

        ReadOnlySpan<char> text = _chars.AsSpan(0, _length);
        return _suspect ? WithoutHalves(text) : new string(text);
    }

    public void Dispose()
    {
        if (_chars is { } chars)
        {
            _chars = null;
            _length = 0;
            ArrayPool<char>.Shared.Return(chars);
        }
    }

    private void Reserve(int more)
    {
        if (_chars is null)
        {
            _chars = ArrayPool<char>.Shared.Rent(Math.Max(more, 1024));
        }
        else if (_chars.Length - _length < more)
        {
            char[] larger = ArrayPool<char>.Shared.Rent(Math.Max(_length + more, _chars.Length * 2));
            _chars.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<char>.Shared.Return(_chars);
            _chars = larger;
        }
    }

    // The JSON is well-formed, so every backslash starts a complete escape.
    private void AppendBroken(ReadOnlySpan<byte> json)
    {
        while (!json.IsEmpty)
        {
            int escape = json.IndexOf((byte)'\\');
            ReadOnlySpan<byte> plain = escape < 0 ? json : json[..escape];
            _length += Encoding.UTF8.GetChars(plain, _chars.AsSpan(_length));
            if (escape < 0)
            {
                return;
            }

            byte kind = json[escape + 1];
            _chars![_length++] = kind switch
            {
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'u' => (char)ushort.Parse(json.Slice(escape + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture),
                _ => (char)kind,
            };
            json = json[(escape + (kind == (byte)'u' ? 6 : 2))..];
        }
    }

    private static string WithoutHalves(ReadOnlySpan<char> text)
    {
        var whole = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
        {
            whole.Append(rune.ToString());
        }

        return whole.ToString();
    }
}
