using System.Buffers;
using System.Globalization;
using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols.Grm;

/// <summary>
/// Reads <c>Scores: \boxed{x, x, …}</c>. A verdict is a box of exactly one number per response, each from 1 to 10; decimals are
/// taken, <c>8/10</c> as 8, since 10 is the scale's end, and what it is dressed in counts for nothing
/// (<see cref="PlainText.Undress"/>). Boxes of anything else are mathematics, not verdicts. After a line that starts with
/// <c>Scores:</c> the boxes there are the verdict's places, and where none stands there, a bare <c>[a, b]</c> that ends its line;
/// without such a line all boxes are. Places with different verdicts are no verdict. No list counts without a label: a citation
/// <c>[8]</c> is none.
/// </summary>
internal static partial class GrmAnswer
{
    public const double Lowest = 1;
    public const double Highest = 10;

    /// <summary>A line's label before the verdict; parser and neutraliser look for the same.</summary>
    public const string Label = $@"{Delimiters.LineStart}(?i:(?:(?:overall|final)[ \t]+)?scores?){Delimiters.Colon}";

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.-+");

    /// <summary>Reads an answer in plain width.</summary>
    public static Reading Read(string answer, int shown)
    {
        int from = answer.Length;
        foreach (ValueMatch label in ScoresLabel().EnumerateMatches(answer))
        {
            from = Math.Min(from, label.Index + label.Length);
        }

        string labelled = answer[from..];
        Found found = default;
        Boxes(labelled, shown, ref found);
        if (found.Verdict is null)
        {
            foreach (ValueMatch list in BareList().EnumerateMatches(labelled))
            {
                found.Add(Numbers(InBrackets(labelled.AsSpan(list.Index, list.Length)), shown, out string? why), why);
            }
        }

        if (found.Verdict is null)
        {
            Boxes(answer, shown, ref found);
        }

        return !found.Any ? AnswerText.NoVerdict(answer, "no \\boxed{…} where the scores should stand")
            : found.Differs ? AnswerText.Unparsable("two different verdicts stand in the answer")
            : found.Verdict is { } scores ? new Reading(JudgementOutcome.Valid, Scores: scores)
            : AnswerText.Unparsable(found.Why!);
    }

    /// <summary>Where a text in plain width holds what <see cref="Read"/> could take for a verdict on so many responses.</summary>
    /// <remarks>What follows the text might end a box that the text doesn't.</remarks>
    public static IEnumerable<Place> Places(string plain, int shown) =>
    [
        .. Box.All(plain).Where(box => box.Close < 0 || Numbers(box.In(plain), shown, out _) is not null).Select(static box => new Place(box.Command, box.Open - box.Command)),
        .. BareList().Matches(plain).Where(list => Numbers(InBrackets(list.ValueSpan), shown, out _) is not null).Select(static list => new Place(list.Index, list.Length)),
    ];

    private static void Boxes(string text, int shown, ref Found found)
    {
        foreach (Box box in Box.All(text).Where(static box => box.Close >= 0))
        {
            found.Add(Numbers(box.In(text), shown, out string? why), why);
        }
    }

    private static ReadOnlySpan<char> InBrackets(ReadOnlySpan<char> list) => list[1..list.IndexOf(']')];

    private static double[]? Numbers(ReadOnlySpan<char> dressed, int shown, out string? why)
    {
        why = null;
        ReadOnlySpan<char> list = PlainText.Undress(dressed);
        list = list is ['[', .., ']'] ? list[1..^1].Trim() : list;
        if (list.IsEmpty)
        {
            why = "the box is empty";
            return null;
        }

        int count = list.Count(',') + 1;
        if (count != shown)
        {
            why = $"{count} score{(count == 1 ? "" : "s")} for {shown} response{(shown == 1 ? "" : "s")}: {AnswerText.Quote(dressed)}";
            return null;
        }

        double[] scores = new double[shown];
        for (int i = 0; i < shown; i++)
        {
            int comma = list.IndexOf(',');
            ReadOnlySpan<char> item = comma < 0 ? list : list[..comma];
            list = comma < 0 ? default : list[(comma + 1)..];
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

    private static bool Number(ReadOnlySpan<char> item, out double number)
    {
        number = 0;
        item = item.Trim();
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

    [GeneratedRegex(Label, RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex ScoresLabel();

    [GeneratedRegex(@"\[[0-9.,/+\- \t]{1,400}\](?=[ \t.*_`]{0,16}\r?$)", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex BareList();

    private struct Found
    {
        public double[]? Verdict { get; private set; }

        public string? Why { get; private set; }

        public bool Any { get; private set; }

        public bool Differs { get; private set; }

        public void Add(double[]? verdict, string? why)
        {
            Any = true;
            Why = why ?? Why;
            Differs |= verdict is not null && Verdict is not null && !verdict.AsSpan().SequenceEqual(Verdict);
            Verdict ??= verdict;
        }
    }
}
