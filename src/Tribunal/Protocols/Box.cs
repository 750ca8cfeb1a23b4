namespace Tribunal.Protocols;

/// <summary>A <c>\boxed{…}</c> of a text.</summary>
/// <param name="Command">Where its backslash stands.</param>
/// <param name="Open">Where its content begins.</param>
/// <param name="Close">Where its content ends; −1 where the text ends before the box does.</param>
internal readonly record struct Box(int Command, int Open, int Close)
{
    private const string Boxed = @"\boxed";

    /// <summary>
    /// The boxes of a text, with balanced braces inside. A box that holds another is none, so that a quoted half of one can't swallow what follows.
    /// </summary>
    public static IEnumerable<Box> All(string text)
    {
        int from = 0;
        while (text.IndexOf(Boxed, from, StringComparison.Ordinal) is var command && command >= 0)
        {
            int open = command + Boxed.Length;
            int next = text.IndexOf(Boxed, open, StringComparison.Ordinal);
            int limit = next < 0 ? text.Length : next;
            while (open < limit && text[open] is ' ' or '\t')
            {
                open++;
            }

            bool opens = open < limit && text[open] == '{';
            int close = opens ? ClosingBrace(text.AsSpan(0, limit), open) : -1;
            from = close < 0 ? limit : close + 1;
            if (opens && (close >= 0 || limit == text.Length))
            {
                yield return new Box(command, open + 1, close);
            }
        }
    }

    /// <summary>What stands in it.</summary>
    public ReadOnlySpan<char> In(ReadOnlySpan<char> text) => text[Open..Close];

    private static int ClosingBrace(ReadOnlySpan<char> text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        return -1;
    }
}
