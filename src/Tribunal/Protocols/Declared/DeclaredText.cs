using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// A message's text with its placeholders: <c>{{name}}</c>, and <c>{{#name}}…{{/name}}</c> for what stays only where there is
/// such a thing: <c>reference</c>, <c>rubric</c>, <c>principle</c>, <c>multi-turn</c>, <c>single-turn</c>, <c>flaw</c> (of a criterion). Blocks don't nest. What
/// is filled in is never looked at for placeholders again.
/// </summary>
public sealed partial class DeclaredText
{
    private static readonly string[] Conditions = ["reference", "rubric", "principle", "multi-turn", "single-turn", "flaw"];

    private readonly List<Segment> _segments;

    private DeclaredText(List<Segment> segments) => _segments = segments;

    /// <summary>What may be shown of a rollout and of the protocol.</summary>
    public static IReadOnlyList<string> Placeholders { get; } =
        ["conversation", "responses", "response", "response_1", "response_2", "conversation_1", "conversation_2", "count", "number", "letter", "reference", "rubric", "principle", "criteria", "criterion"];

    /// <summary>The placeholders in it.</summary>
    public IEnumerable<string> Used => _segments.Where(static segment => segment.IsPlaceholder).Select(static segment => segment.Text);

    /// <summary>Its pieces in order: what is written, or the name of a placeholder, and the block that it stands in.</summary>
    internal IReadOnlyList<Segment> Segments => _segments;

    /// <summary>Whether a placeholder is shown for every rollout, outside blocks.</summary>
    internal bool Always(string placeholder) => _segments.Exists(segment => segment.IsPlaceholder && segment.Text == placeholder && segment.Condition is null);

    /// <summary>What is written in it, by pieces between placeholders of any kind; the pieces tell rollouts where they end.</summary>
    internal IEnumerable<(string Text, bool AfterShown, bool BeforeShown)> Written()
    {
        for (int i = 0; i < _segments.Count; i++)
        {
            if (!_segments[i].IsPlaceholder)
            {
                yield return (_segments[i].Text, i > 0 && _segments[i - 1].IsPlaceholder, i + 1 < _segments.Count && _segments[i + 1].IsPlaceholder);
            }
        }
    }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="place">Where the text begins in the file.</param>
    /// <exception cref="ProtocolFileException">A placeholder or block is unknown, or a block is never closed.</exception>
    public static DeclaredText Parse(string text, FilePlace place)
    {
        ArgumentNullException.ThrowIfNull(text);
        var segments = new List<Segment>();
        string? block = null;
        int at = 0;
        foreach (Match match in Tag().Matches(text))
        {
            if (match.Index > at)
            {
                segments.Add(new Segment(text[at..match.Index], IsPlaceholder: false, block));
            }

            at = match.Index + match.Length;
            string name = match.Groups["name"].Value;
            switch (match.Groups["kind"].Value)
            {
                case "#" when block is not null:
                    throw new ProtocolFileException(place, $"block {{{{#{name}}}}} inside {{{{#{block}}}}}: blocks don't nest");
                case "#":
                    block = Conditions.Contains(name, StringComparer.Ordinal) ? name
                        : throw new ProtocolFileException(place, $"unknown block {{{{#{name}}}}}; expected one of {string.Join(", ", Conditions)}");
                    break;
                case "/":
                    block = block == name ? null : throw new ProtocolFileException(place, $"{{{{/{name}}}}} closes nothing");
                    break;
                default:
                    segments.Add(Placeholders.Contains(name, StringComparer.Ordinal)
                        ? new Segment(name, IsPlaceholder: true, block)
                        : throw new ProtocolFileException(place, $"unknown placeholder {{{{{name}}}}}; expected one of {string.Join(", ", Placeholders)}"));
                    break;
            }
        }

        if (block is not null)
        {
            throw new ProtocolFileException(place, $"block {{{{#{block}}}}} is never closed");
        }

        if (at < text.Length)
        {
            segments.Add(new Segment(text[at..], IsPlaceholder: false, null));
        }

        return new DeclaredText(segments);
    }

    /// <summary>Fills it.</summary>
    /// <param name="value">What a placeholder is filled with.</param>
    /// <param name="stays">Whether a block stays.</param>
    internal string Fill(Func<string, string> value, Func<string, bool> stays)
    {
        // One copy of what may be megabytes, where a growing builder makes several.
        string?[] pieces = new string?[_segments.Count];
        for (int i = 0; i < pieces.Length; i++)
        {
            Segment segment = _segments[i];
            pieces[i] = segment.Condition is { } condition && !stays(condition) ? null
                : segment.IsPlaceholder ? value(segment.Text)
                : segment.Text;
        }

        return string.Concat(pieces);
    }

    // A block's own line break goes with it, so that a block that is left out leaves no blank line.
    [GeneratedRegex(@"\{\{(?<kind>[#/]?)(?<name>[A-Za-z][A-Za-z0-9_-]*)\}\}(?:(?<=\{\{[#/][^}]*\}\})\n)?")]
    private static partial Regex Tag();

    /// <summary>A piece of a text.</summary>
    internal sealed record Segment(string Text, bool IsPlaceholder, string? Condition);
}
