using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// A message's text with its placeholders: <c>{{name}}</c>, and <c>{{#name}}…{{/name}}</c> for what stays only where there is
/// such a thing: <c>reference</c>, <c>rubric</c>, <c>principle</c>, <c>multi-turn</c>, <c>single-turn</c>, <c>two-turn</c> (a question, its answer and a second
/// question), <c>flaw</c> (of a criterion); <c>{{^name}}…{{/name}}</c> stays where there is none. Blocks nest. <c>{{json:name}}</c> is a JSON string, as Python's
/// <c>json.dumps</c> writes it with <c>ensure_ascii=False</c>, <c>{{ascii:name}}</c> one as it writes it by default. What is filled in is never looked at for
/// placeholders again.
/// </summary>
public sealed partial class DeclaredText
{
    private static readonly string[] Conditions = ["reference", "rubric", "principle", "multi-turn", "single-turn", "two-turn", "flaw"];

    private readonly List<Segment> _segments;

    private DeclaredText(List<Segment> segments) => _segments = segments;

    /// <summary>What may be shown of a rollout and of the protocol.</summary>
    public static IReadOnlyList<string> Placeholders { get; } =
        ["conversation", "turns", "turns_1", "turns_2", "responses", "response", "response_1", "response_2", "conversation_1", "conversation_2", "count", "number", "letter", "reference", "rubric", "principle", "criteria", "criterion"];

    /// <summary>What a turn's form may show of it.</summary>
    internal static IReadOnlyList<string> TurnPlaceholders { get; } = ["role", "speaker", "turn"];

    /// <summary>The placeholders in it.</summary>
    public IEnumerable<string> Used => _segments.Where(static segment => segment.IsPlaceholder).Select(static segment => segment.Text);

    /// <summary>Its pieces in order: what is written, or the name of a placeholder, and the block that it stands in.</summary>
    internal IReadOnlyList<Segment> Segments => _segments;

    /// <summary>Whether a placeholder is shown for every rollout, outside blocks.</summary>
    internal bool Always(string placeholder) => _segments.Exists(segment => segment.IsPlaceholder && segment.Text == placeholder && segment.Blocks.Count == 0);

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
    /// <param name="known">The placeholders that it may hold; <see cref="Placeholders"/> where none are given.</param>
    /// <exception cref="ProtocolFileException">A placeholder or block is unknown, or a block is never closed.</exception>
    public static DeclaredText Parse(string text, FilePlace place, IReadOnlyList<string>? known = null)
    {
        known ??= Placeholders;
        var segments = new List<Segment>();
        IReadOnlyList<Block> blocks = [];
        int at = 0;
        foreach (Match match in Tag().Matches(text))
        {
            if (match.Index > at)
            {
                segments.Add(new Segment(text[at..match.Index], IsPlaceholder: false, blocks));
            }

            at = match.Index + match.Length;
            string name = match.Groups["name"].Value;
            switch (match.Groups["kind"].Value)
            {
                case "#" or "^":
                    blocks = Conditions.Contains(name, StringComparer.Ordinal) ? [.. blocks, new Block(name, Without: match.Groups["kind"].Value == "^")]
                        : throw new ProtocolFileException(place, $"unknown block {{{{#{name}}}}}; expected one of {string.Join(", ", Conditions)}");
                    break;
                case "/":
                    blocks = blocks.Count > 0 && blocks[^1].Name == name ? [.. blocks.SkipLast(1)] : throw new ProtocolFileException(place, $"{{{{/{name}}}}} closes nothing");
                    break;
                default:
                    segments.Add(known.Contains(name, StringComparer.Ordinal)
                        ? new Segment(name, IsPlaceholder: true, blocks) { Form = match.Groups["form"].Value switch { "json" => TextForm.Json, "ascii" => TextForm.Ascii, _ => TextForm.Plain } }
                        : throw new ProtocolFileException(place, $"unknown placeholder {{{{{name}}}}}; expected one of {string.Join(", ", known)}"));
                    break;
            }
        }

        if (blocks.Count > 0)
        {
            throw new ProtocolFileException(place, $"block {{{{#{blocks[^1].Name}}}}} is never closed");
        }

        if (at < text.Length)
        {
            segments.Add(new Segment(text[at..], IsPlaceholder: false, blocks));
        }

        return new DeclaredText(segments);
    }

    /// <summary>Fills it.</summary>
    /// <param name="value">What a placeholder is filled with.</param>
    /// <param name="stays">Whether a block stays.</param>
    internal string Fill(Func<string, string> value, Func<string, bool> stays)
    {
        // One copy of what may be megabytes, where a growing builder makes several.
        string[] pieces = [.. _segments.Where(segment => segment.Stays(stays)).Select(segment => segment.IsPlaceholder ? JsonText.Of(value(segment.Text), segment.Form) : segment.Text)];
        return string.Concat(pieces);
    }

    // A block's own line break goes with it, so that a block that is left out leaves no blank line.
    [GeneratedRegex(@"\{\{(?<kind>[#/^]?)(?:(?<form>json|ascii):)?(?<name>[A-Za-z][A-Za-z0-9_-]*)\}\}(?:(?<=\{\{[#/^][^}]*\}\})\n)?")]
    private static partial Regex Tag();

    /// <summary>A piece of a text, and the blocks that it stands in, the outermost first.</summary>
    internal sealed record Segment(string Text, bool IsPlaceholder, IReadOnlyList<Block> Blocks)
    {
        /// <summary>How what fills it is written.</summary>
        public TextForm Form { get; init; }

        /// <summary>Whether it stays.</summary>
        /// <param name="holds">Whether there is what a block names.</param>
        public bool Stays(Func<string, bool> holds) => Blocks.All(block => holds(block.Name) != block.Without);

        /// <summary>Whether it stands in a block of the name.</summary>
        public bool In(string name) => Blocks.Any(block => block.Name == name);
    }

    /// <summary>A block: what it names has to be there, or not.</summary>
    internal readonly record struct Block(string Name, bool Without);
}
