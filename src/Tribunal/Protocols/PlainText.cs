using System.Buffers;
using System.Globalization;
using System.Text;

namespace Tribunal.Protocols;

/// <summary>
/// Texts as a reader sees them, for parsers and for the neutraliser alike: in plain width and without what is invisible, and
/// verdicts without the LaTeX and Markdown that they are dressed in.
/// </summary>
internal static class PlainText
{
    /// <summary>What may be wrapped around a verdict or a part of it: spacing, emphasis, code ticks, mathematics, font commands.</summary>
    public const string Dress = @"(?>(?:[\s*_$`~{}]|\\+(?:(?:text|math)[a-z]{0,8}\b|operatorname\b|boldsymbol\b|bm\b|emph\b|[ ,;:!]))*)";

    // Everything that a reader doesn't see, and ASCII in full width; U+DB40 starts the invisible tag characters.
    private static readonly SearchValues<char> Disguises = SearchValues.Create(
        [.. Invisible().Concat(Range('\uFF01', '\uFF5E')).Append('\uDB40')]);

    private static readonly SearchValues<char> InvisibleChars = SearchValues.Create([.. Invisible()]);

    /// <summary>The text in plain width without invisible characters.</summary>
    public static string Of(string text) => Skeleton(text).Text;

    /// <summary>The same, and where each of its characters came from; null where all stayed where they were.</summary>
    public static (string Text, int[]? Origin) Skeleton(string text)
    {
        // Most texts are ASCII, which has nothing that is invisible or of full width, and is told far faster.
        if (Ascii.IsValid(text) || !text.AsSpan().ContainsAny(Disguises))
        {
            return (text, null);
        }

        var skeleton = new StringBuilder(text.Length);
        int[] origin = new int[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            if (c == '\uDB40')
            {
                i++;
                continue;
            }

            if (InvisibleChars.Contains(c))
            {
                continue;
            }

            origin[skeleton.Length] = i;
            skeleton.Append(c is >= '\uFF01' and <= '\uFF5E' ? (char)(c - '\uFF01' + '!') : c);
        }

        return (skeleton.ToString(), origin);
    }

    /// <summary>
    /// What a verdict says: font commands, spacing commands, math delimiters, braces, emphasis and code ticks become spaces,
    /// doubled backslashes count as one, and runs of spaces are one. <c>\text{8}</c> is <c>8</c>, <c>Assistant\ 1</c> is
    /// <c>Assistant 1</c>; commands that mean something stay (<c>\frac</c>), and <c>{1}{0}</c> is no <c>10</c>.
    /// </summary>
    public static string Undress(ReadOnlySpan<char> dressed)
    {
        var plain = new StringBuilder(dressed.Length);
        for (int i = 0; i < dressed.Length; i++)
        {
            char c = dressed[i];
            if (c == '\\')
            {
                while (i + 1 < dressed.Length && dressed[i + 1] == '\\')
                {
                    i++;
                }
                int end = i + 1;
                while (end < dressed.Length && char.IsAsciiLetter(dressed[end]))
                {
                    end++;
                }
                ReadOnlySpan<char> command = dressed[(i + 1)..end];
                if (command.IsEmpty ? end == dressed.Length || dressed[end] is ' ' or ',' or ';' or ':' or '!' or '(' or ')' or '[' or ']' : IsDress(command))
                {
                    Space(plain);
                    i = command.IsEmpty ? end : end - 1;
                }
                else
                {
                    plain.Append('\\').Append(command);
                    i = end - 1;
                }
            }
            else if (char.IsWhiteSpace(c) || c is '{' or '}' or '$' or '*' or '_' or '`' or '~')
            {
                Space(plain);
            }
            else
            {
                plain.Append(c);
            }
        }

        return plain.ToString().TrimEnd();
    }

    private static void Space(StringBuilder plain)
    {
        if (plain.Length > 0 && plain[^1] != ' ')
        {
            plain.Append(' ');
        }
    }

    private static bool IsDress(ReadOnlySpan<char> command) =>
        command.StartsWith("text", StringComparison.Ordinal) || command.StartsWith("math", StringComparison.Ordinal)
        || command is "operatorname" or "boldsymbol" or "bm" or "emph" or "bf" or "rm" or "it" or "tt" or "sf" or "quad" or "qquad" or "displaystyle" or "left" or "right"
            or "Large" or "large" or "huge" or "Huge";

    // Format characters, and what else shows nothing: the grapheme joiner, fillers, variation selectors.
    private static IEnumerable<char> Invisible() =>
        Range('\0', '\uFFFF').Where(static c => char.GetUnicodeCategory(c) == UnicodeCategory.Format)
            .Concat(['\u034F', '\u115F', '\u1160', '\u17B4', '\u17B5', '\u3164', '\uFFA0', .. Range('\u180B', '\u180F'), .. Range('\u2060', '\u206F'), .. Range('\uFE00', '\uFE0F')]);

    internal static IEnumerable<char> Range(char first, char last) => Enumerable.Range(first, last - first + 1).Select(static c => (char)c);
}
