using System.Text;
using System.Text.Unicode;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// Makes the texts of a request whole Unicode: token sequences end inside a character, and clients send what is left of it. Half of a
/// surrogate pair, escaped or not, and bytes that are no UTF-8 become U+FFFD; everything else stays as it is.
/// </summary>
internal static class WholeText
{
    public static ReadOnlyMemory<byte> Of(ReadOnlyMemory<byte> json)
    {
        byte[]? mended = Utf8.IsValid(json.Span) ? null : Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json.Span));
        ReadOnlySpan<byte> text = mended ?? json.Span;
        for (int at = text.IndexOf((byte)'\\'); at >= 0 && at < text.Length;)
        {
            int length = Escape(text, at, out bool half);
            if (half)
            {
                mended ??= text.ToArray();
                text = mended;
                "fffd"u8.CopyTo(mended.AsSpan(at + 2));
            }

            int next = text[(at + length)..].IndexOf((byte)'\\');
            at = next < 0 ? -1 : at + length + next;
        }

        return mended ?? json;
    }

    // The length of the escape at a backslash, a pair being one; and whether it is half a pair.
    private static int Escape(ReadOnlySpan<byte> text, int at, out bool half)
    {
        half = false;
        if (Unit(text, at) is not { } unit)
        {
            return Math.Min(2, text.Length - at);
        }

        if (char.IsHighSurrogate(unit) && Unit(text, at + 6) is { } second && char.IsLowSurrogate(second))
        {
            return 12;
        }

        half = char.IsSurrogate(unit);
        return 6;
    }

    private static char? Unit(ReadOnlySpan<byte> text, int at) =>
        at + 6 <= text.Length && text[at] == '\\' && text[at + 1] == 'u' && System.Buffers.Text.Utf8Parser.TryParse(text.Slice(at + 2, 4), out ushort unit, out int read, 'x') && read == 4
            ? (char)unit
            : null;
}
