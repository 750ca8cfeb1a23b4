namespace Tribunal.Cli.Output;

/// <summary>Makes text of batches, endpoints and command lines fit to be shown: it can't move the cursor, colour or reorder anything.</summary>
internal static class TerminalText
{
    private const char Shown = '\uFFFD';

    /// <summary>The text with its control characters, line breaks included, and bidirectional controls replaced.</summary>
    public static string Clean(string text) => text.Any(Acts) ? string.Concat(text.Select(static c => Acts(c) ? Shown : c)) : text;

    /// <summary>The text, clean, on one line and no longer than asked for.</summary>
    public static string Fit(string text, int length)
    {
        string clean = Clean(text.ReplaceLineEndings(" "));
        return clean.Length <= length ? clean : clean[..Math.Max(0, length - 1)] + "…";
    }

    // C0, DEL, C1; line and paragraph separators; marks, embeddings, overrides and isolates of bidirectional text.
    private static bool Acts(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or '\u061C' or '\u200E' or '\u200F' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');
}
