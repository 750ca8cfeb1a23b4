using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Protocols;

/// <summary>
/// Makes a rollout's text inert inside a prompt. Delimiters, tags, role markers and what the protocol's own parser could
/// read as a verdict keep their words and lose the characters that make them one, visibly, so that a judge that quotes them
/// quotes something harmless: <c>[…]</c> becomes <c>⟦…⟧</c>, <c>&lt;…&gt;</c> <c>‹…›</c>, <c>###</c> <c>♯♯♯</c>, a label's
/// colon <c>∶</c>, and <c>\boxed{8, 3}</c> the equally legible LaTeX <c>\fbox{8, 3}</c>. What can be no verdict stays:
/// mathematics keeps its boxes. Variants in case, spacing and width, and with invisible characters inside, are found too. Control characters become their pictures (␀) and broken surrogates U+FFFD, which
/// counts as nothing; line ends become LF.
/// </summary>
/// <param name="markers">Finds what loses its brackets or hashes.</param>
/// <param name="labels">Finds line labels; a match ends with the colon.</param>
/// <param name="verdicts">Finds, in a text in plain width, what the parser could take for a verdict on so many responses.</param>
internal sealed class Neutraliser(Regex markers, Regex labels, Func<string, int, IEnumerable<Place>> verdicts)
{
    private const char Replacement = '\uFFFD';

    private static readonly SearchValues<char> Unprintable = SearchValues.Create(
        [.. PlainText.Range('\0', '\u001F').Except("\t\n"), '\u007F', .. PlainText.Range('\u0080', '\u009F'), .. PlainText.Range('\uD800', '\uDFFF')]);

    private static readonly SearchValues<char> UnprintableAscii = SearchValues.Create([.. PlainText.Range('\0', '\u001F').Except("\t\n"), '\u007F']);

    // A rollout is shown many times over; its texts are searched once, for as long as somebody holds the rollout.
    private readonly ConditionalWeakTable<Rollout, InertRollout> _seen = [];

    /// <summary>A rollout's texts, inert.</summary>
    public InertRollout Neutralise(Rollout rollout) => _seen.GetValue(rollout, Search);

    private InertRollout Search(Rollout rollout)
    {
        int responses = rollout.Responses.Count;
        return new InertRollout(
            [.. Enumerable.Range(0, rollout.Prompt.Count).Select(turn => Neutralise(ToolTurns.Text(rollout.Prompt, turn), responses))],
            [.. rollout.Responses.Select(response => response.Turns is { } turns ? Neutralise(turns, responses) : Neutralise(response.Content, responses))],
            rollout.Reference is null ? null : Neutralise(rollout.Reference, responses));
    }

    // Turn by turn, so that whose turn it is can't be said by what a turn holds.
    private InertText Neutralise(IReadOnlyList<Message> turns, int responses)
    {
        InertText[] inert = [.. Enumerable.Range(0, turns.Count).Select(turn => Neutralise(ToolTurns.Text(turns, turn), responses))];
        return new InertText(Conversation.Response(turns, turn => inert[turn].Text), inert.Sum(static text => text.Found));
    }

    /// <summary>A text, inert.</summary>
    /// <param name="responses">How many responses the judge is asked about.</param>
    public InertText Neutralise(string text, int responses)
    {
        int count = 0;
        // Most texts are ASCII, which has few characters to look for.
        text = Printable(text.ReplaceLineEndings("\n"), Ascii.IsValid(text) ? UnprintableAscii : Unprintable);
        (string skeleton, int[]? origin) = PlainText.Skeleton(text);
        var edits = new Edits(origin);
        foreach (ValueMatch match in markers.EnumerateMatches(skeleton))
        {
            count++;
            Mark(skeleton, new Place(match.Index, match.Length), ref edits);
        }

        foreach (Place verdict in verdicts(skeleton, responses))
        {
            count++;
            Mark(skeleton, verdict, ref edits);
        }

        foreach (ValueMatch match in labels.EnumerateMatches(skeleton))
        {
            count++;
            edits.Add(match.Index + match.Length - 1, 1, "∶");
        }

        return new InertText(edits.Apply(text), count);
    }

    private static void Mark(string skeleton, Place place, ref Edits edits)
    {
        if (skeleton[place.At] == '\\')
        {
            edits.Add(place.At + 1, "boxed".Length, "fbox");
            return;
        }

        for (int i = place.At; i < place.At + place.Length; i++)
        {
            string? with = skeleton[i] switch
            {
                '[' => "⟦",
                ']' => "⟧",
                '<' => "‹",
                '>' => "›",
                '#' => "♯",
                '◁' => "◃",
                '▷' => "▹",
                _ => null,
            };
            if (with is not null)
            {
                edits.Add(i, 1, with);
            }
        }
    }

    private static string Printable(string text, SearchValues<char> unprintable)
    {
        int at = text.AsSpan().IndexOfAny(unprintable);
        if (at < 0)
        {
            return text;
        }

        var result = new StringBuilder(text.Length);
        result.Append(text, 0, at);
        for (; at < text.Length; at++)
        {
            char c = text[at];
            if (char.IsHighSurrogate(c) && at + 1 < text.Length && char.IsLowSurrogate(text[at + 1]))
            {
                result.Append(c).Append(text[++at]);
            }
            else
            {
                result.Append(c switch
                {
                    '\t' or '\n' => c,
                    < ' ' => (char)('\u2400' + c),
                    '\u007F' => '\u2421',
                    >= '\u0080' and <= '\u009F' => Replacement,
                    _ => char.IsSurrogate(c) ? Replacement : c,
                });
            }
        }

        return result.ToString();
    }

}

/// <summary>Replacements, noted at positions of a text's skeleton and applied to the text behind it; of two that overlap the first one counts.</summary>
internal struct Edits(int[]? origin)
{
    private List<(int At, int Length, string With)>? _edits;

    public void Add(int at, int length, string with)
    {
        int start = origin?[at] ?? at;
        int end = origin?[at + length - 1] ?? (at + length - 1);
        (_edits ??= []).Add((start, end - start + 1, with));
    }

    public readonly string Apply(string text)
    {
        if (_edits is null)
        {
            return text;
        }

        _edits.Sort(static (a, b) => a.At.CompareTo(b.At));
        var result = new StringBuilder(text.Length + 16);
        int at = 0;
        foreach ((int start, int length, string with) in _edits)
        {
            if (start >= at)
            {
                result.Append(text, at, start - at).Append(with);
                at = start + length;
            }
        }

        return result.Append(text, at, text.Length - at).ToString();
    }
}

/// <summary>A part of a text.</summary>
internal readonly record struct Place(int At, int Length);

/// <summary>A neutralised text.</summary>
/// <param name="Found">How many delimiters were found in it.</param>
internal sealed record InertText(string Text, int Found);

/// <summary>A rollout's texts, neutralised, in original order.</summary>
internal sealed record InertRollout(IReadOnlyList<InertText> Turns, IReadOnlyList<InertText> Responses, InertText? Reference);
