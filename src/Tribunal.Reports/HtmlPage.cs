using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Tribunal.Reports;

/// <summary>HTML that this code wrote itself: the only thing that goes into a page unescaped.</summary>
/// <param name="Html">The markup.</param>
internal readonly record struct Markup(string Html);

/// <summary>
/// A page under construction. Literals of an interpolated string are markup and every hole is escaped, so that hostile text
/// can't be put in as markup by forgetting something.
/// </summary>
internal sealed class HtmlPage
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly StringBuilder _html = new();

    /// <summary>Characters written.</summary>
    public int Length => _html.Length;

    public HtmlPage Add([InterpolatedStringHandlerArgument("")] ref Handler html)
    {
        _ = html;
        return this;
    }

    /// <summary>Opens a section, which whoever writes it closes.</summary>
    public void Section(string id, string title) => Add($"<section id=\"{id}\" aria-labelledby=\"{id}-title\">\n<h2 id=\"{id}-title\">{title}</h2>\n");

    /// <summary>Adds a text as it stands, a part of it marked.</summary>
    public void Pre(string label, string text, Range mark = default)
    {
        (int start, int length) = mark.GetOffsetAndLength(text.Length);
        if (mark.Equals(default) || length == 0)
        {
            Add($"<pre tabindex=\"0\" role=\"region\" aria-label=\"{label}\" dir=\"auto\">{text}</pre>");
            return;
        }

        Add($"<pre tabindex=\"0\" role=\"region\" aria-label=\"{label}\" dir=\"auto\">{text[..start]}<mark>{text.Substring(start, length)}</mark>{text[(start + length)..]}</pre>");
    }

    /// <summary>A plot with its caption, and links that save the drawing and its figures, which the page itself holds.</summary>
    public static Markup Figure(RunPlot plot)
    {
        static string Data(string type, string text) => $"data:{type};base64,{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}";
        return new Markup(
            $"<figure>{plot.Svg.Html}{plot.Key().Html}<figcaption>{Escape(plot.Caption)}</figcaption><p class=\"save\"><a download=\"{plot.Name}.svg\" href=\"{Data("image/svg+xml", plot.File())}\">Save as SVG</a> "
            + $"<a download=\"{plot.Name}.csv\" href=\"{Data("text/csv", plot.Csv)}\">Figures as CSV</a></p></figure>");
    }

    public override string ToString() => _html.ToString();

    /// <summary>Text as it may stand between tags and in quoted attributes.</summary>
    public static string Escape(string text) => Encoder.Encode(PlainText.Of(text));

    [InterpolatedStringHandler]
    public readonly ref struct Handler(int literalLength, int formattedCount, HtmlPage page)
    {
        private readonly StringBuilder _html = Room(page._html, literalLength + (8 * formattedCount));

        public void AppendLiteral(string markup) => _html.Append(markup);

        public void AppendFormatted(Markup markup) => _html.Append(markup.Html);

        public void AppendFormatted(string? text) => _html.Append(text is null ? "" : Escape(text));

        public void AppendFormatted<T>(T value, string? format = null)
            where T : IFormattable => _html.Append(Escape(value.ToString(format, CultureInfo.InvariantCulture)));

        private static StringBuilder Room(StringBuilder html, int more)
        {
            html.EnsureCapacity(html.Length + more);
            return html;
        }
    }
}

/// <summary>Text that can't reorder or hide what stands around it.</summary>
internal static class PlainText
{
    /// <summary>
    /// Shows control and format characters (bidi overrides, zero widths, tags) by their code points and broken surrogates as
    /// U+FFFD. Line feeds, tabs and the joiners that scripts and emoji need stay.
    /// </summary>
    public static string Of(string text)
    {
        int first = 0;
        while (first < text.Length && text[first] is >= ' ' and < '\u007F' or '\n' or '\t')
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var plain = new StringBuilder(text.Length + 16).Append(text, 0, first);
        foreach (Rune rune in text.AsSpan(first).EnumerateRunes())
        {
            bool hidden = Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
                && rune.Value is not ('\n' or '\t' or 0x200C or 0x200D);
            if (rune.Value == '\r')
            {
                continue;
            }

            if (hidden || rune.Value is 0xFFFE or 0xFFFF)
            {
                plain.Append(CultureInfo.InvariantCulture, $"⟦U+{rune.Value:X4}⟧");
            }
            else
            {
                plain.Append(rune.ToString());
            }
        }

        return plain.ToString();
    }

    /// <summary>A name that somebody chose, at a length that a page can hold.</summary>
    public static string Name(string name) => Head(name, 160);

    /// <summary>The beginning of a text, saying how much is left out.</summary>
    public static string Head(string text, int most) =>
        text.Length <= most ? text : $"{text[..most]}… ({text.Length - most:N0} more characters)";

    /// <summary>The beginning and the end of a text, saying how much is left out between: a verdict stands at the end.</summary>
    public static string Ends(string text, int most) =>
        text.Length <= most ? text : $"{text[..(most / 4)]}\n… ({text.Length - most:N0} characters left out) …\n{text[^(most - (most / 4))..]}";
}
