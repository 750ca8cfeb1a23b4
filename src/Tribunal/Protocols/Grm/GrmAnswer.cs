using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols.Grm;

/// <summary>
/// Reads <c>Scores: \boxed{x, x, …}</c>. The verdict stands after the last line that starts with <c>Scores:</c>; two
/// different verdicts there are none. An answer without that line counts by its last <c>\boxed{…}</c>, as in the known
/// extraction. A bare <c>[a, b]</c> is read after <c>Scores:</c>, or as the answer's very end, where no box is. Exactly
/// one number per response, each from 1 to 10; decimals are taken, and <c>8/10</c> as 8, since 10 is the scale's end.
/// <c>\text{8}</c> is 8, and doubled backslashes are one.
/// </summary>
internal static partial class GrmAnswer
{
    public const double Lowest = 1;
    public const double Highest = 10;

    private static readonly SearchValues<char> ListCharacters = SearchValues.Create("0123456789.,/+- \t\r\n");
    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.-+");

    private const string Padding = " \t\r\n$*~";
    private const string NotFound = "no \\boxed{…} where the scores should stand";

    /// <summary>Reads an answer.</summary>
    public static Reading Read(string answer, int shown)
    {
        ReadOnlySpan<char> place = answer;
        bool labelled = false;
        foreach (ValueMatch label in ScoresLabel().EnumerateMatches(answer))
        {
            place = answer.AsSpan(label.Index + label.Length);
            labelled = true;
        }

        double[]? verdict = null;
        double[]? last = null;
        string? why = null;
        bool any = false;
        bool contradicts = false;
        int from = 0;
        while (AnswerText.NextBox(place, ref from, out ReadOnlySpan<char> box))
        {
            any = true;
            last = Numbers(box, shown, out why);
            if (last is not null)
            {
                contradicts |= verdict is not null && !last.AsSpan().SequenceEqual(verdict);
                verdict = last;
            }
        }

        if (!any)
        {
            (last, why, contradicts, any) = BareList(place, labelled, shown);
        }

        return !any ? AnswerText.NoVerdict(answer, NotFound)
            : last is null ? AnswerText.Unparsable(why!)
            : contradicts && labelled ? AnswerText.Unparsable("two different verdicts after Scores:")
            : new Reading(JudgementOutcome.Valid, Scores: last);
    }

    private static (double[]? Last, string? Why, bool Contradicts, bool Any) BareList(ReadOnlySpan<char> place, bool labelled, int shown)
    {
        double[]? verdict = null;
        double[]? last = null;
        string? why = null;
        bool contradicts = false;
        bool any = false;
        int from = labelled ? 0 : Math.Max(0, place.LastIndexOf('['));
        while (from < place.Length && place[from..].IndexOf('[') is var open && open >= 0)
        {
            int start = from + open + 1;
            int length = place[start..].IndexOfAny('[', ']');
            if (length < 0)
            {
                break;
            }

            from = start + length;
            ReadOnlySpan<char> list = place[start..from];
            if (place[from] != ']' || !IsList(list) || (!labelled && !place[(from + 1)..].Trim(" \t\r\n.*$").IsEmpty))
            {
                continue;
            }

            any = true;
            last = Numbers(list, shown, out why);
            if (last is not null)
            {
                contradicts |= verdict is not null && !last.AsSpan().SequenceEqual(verdict);
                verdict = last;
            }
        }

        return (last, why, contradicts, any);
    }

    private static bool IsList(ReadOnlySpan<char> list) => list.ContainsAnyInRange('0', '9') && !list.ContainsAnyExcept(ListCharacters);

    private static double[]? Numbers(ReadOnlySpan<char> box, int shown, out string? why)
    {
        why = null;
        int count = box.Count(',') + box.Count('，') + 1;
        ReadOnlySpan<char> rest = Unwrap(box);
        if (rest.IsEmpty)
        {
            why = "the box is empty";
            return null;
        }

        if (count != shown)
        {
            why = $"{count} score{(count == 1 ? "" : "s")} for {shown} response{(shown == 1 ? "" : "s")}: {AnswerText.Quote(box)}";
            return null;
        }

        var scores = new double[shown];
        for (int i = 0; i < shown; i++)
        {
            int comma = rest.IndexOfAny(',', '，');
            ReadOnlySpan<char> item = comma < 0 ? rest : rest[..comma];
            rest = comma < 0 ? default : rest[(comma + 1)..];
            if (!Number(item, out scores[i]))
            {
                why = $"not a score: {AnswerText.Quote(item)}";
                return null;
            }

            if (scores[i] is < Lowest or > Highest)
            {
                why = $"score {scores[i].ToString(CultureInfo.InvariantCulture)} of response {i + 1} is outside {Lowest}..{Highest}";
                return null;
            }
        }

        return scores;
    }

    /// <summary>Drops a font command or one pair of brackets around the whole list.</summary>
    private static ReadOnlySpan<char> Unwrap(ReadOnlySpan<char> list)
    {
        list = WithoutFont(list);
        return list is ['[', .., ']'] or ['(', .., ')'] ? list[1..^1].Trim() : list;
    }

    private static bool Number(ReadOnlySpan<char> item, out double number)
    {
        number = 0;
        item = WithoutFont(item);
        int slash = item.IndexOf('/');
        if (slash >= 0)
        {
            if (item[(slash + 1)..].Trim() is not "10")
            {
                return false;
            }

            item = item[..slash].TrimEnd();
        }

        return item.Length is > 0 and <= 32
            && !item.ContainsAnyExcept(NumberCharacters)
            && double.TryParse(item, NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number);
    }

    // \text{8}, \\mathbf{8}, {8}: what a font command wraps is the number.
    private static ReadOnlySpan<char> WithoutFont(ReadOnlySpan<char> item)
    {
        item = item.Trim(Padding);
        while (item is [.., '}'])
        {
            int open = item.IndexOf('{');
            if (open < 0 || AnswerText.ClosingBrace(item, open) != item.Length - 1 || !IsFont(item[..open]))
            {
                break;
            }

            item = item[(open + 1)..^1].Trim(Padding);
        }

        return item;
    }

    private static bool IsFont(ReadOnlySpan<char> command) =>
        command.IsEmpty || (command[0] == '\\' && command.TrimStart('\\').TrimEnd() is "text" or "textbf" or "textrm" or "mathbf" or "mathrm");

    [GeneratedRegex(@"^[ \t>*_#-]{0,32}(?:(?:overall|final)[ \t]+)?scores?[ \t*_]{0,8}[:：][ \t*_]{0,8}", RegexOptions.Multiline | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ScoresLabel();
}
