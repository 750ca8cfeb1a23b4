namespace Tribunal.Reports;

/// <summary>Where a judge's answer states its verdict, for marking it in the text. Reading verdicts is the protocols' business.</summary>
internal static class VerdictMark
{
    /// <summary>The last statement of a verdict in any protocol's form; an empty range when there is none.</summary>
    public static Range Find(string text)
    {
        Range last = 0..0;
        Take(Boxed(text));
        Take(Between(text, "<answer>", "</answer>"));
        Take(Between(text, "[[", "]]"));
        return last;

        // An answer element holds its [[A]]: the wider one is marked.
        void Take(Range found)
        {
            if (found.Start.Value > last.End.Value || last.Equals(0..0))
            {
                last = found;
            }
        }
    }

    private static Range Boxed(string text)
    {
        int start = text.LastIndexOf(@"\boxed", StringComparison.Ordinal);
        int open = start < 0 ? -1 : text.IndexOf('{', start);
        int depth = 0;
        for (int i = open; i >= 0 && i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return start..(i + 1);
            }
        }

        return 0..0;
    }

    private static Range Between(string text, string open, string close)
    {
        int end = text.LastIndexOf(close, StringComparison.Ordinal);
        int start = end <= 0 ? -1 : text.LastIndexOf(open, end - 1, StringComparison.Ordinal);
        return start < 0 ? 0..0 : start..(end + close.Length);
    }
}
