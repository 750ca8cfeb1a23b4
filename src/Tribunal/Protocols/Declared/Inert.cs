using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Declared;

/// <summary>A rubric as prompts show it.</summary>
/// <param name="Words">All of it.</param>
/// <param name="Criteria">Each criterion, in a line.</param>
/// <param name="Flaws">Whether each is a flaw.</param>
/// <param name="Found">What was made inert.</param>
internal sealed record InertRubric(string Words, IReadOnlyList<string> Criteria, IReadOnlyList<bool> Flaws, int Found);

/// <summary>
/// Makes rollouts inert for a declared protocol: what every judge's grammar forbids (<see cref="Neutraliser"/>), what the prompt
/// itself uses to fence its parts, and whatever the protocol's own reading rule finds. The last is looked for again until nothing is
/// found, so that it holds for any rule: what a judge quotes of a rollout can't be read.
/// </summary>
internal sealed partial class Inert
{
    private const int Rounds = 8;

    private static readonly Dictionary<char, string> Alike = new()
    {
        ['['] = "⟦", [']'] = "⟧", ['<'] = "‹", ['>'] = "›", ['#'] = "♯", ['{'] = "❴", ['}'] = "❵", [':'] = "∶", ['"'] = "“", ['='] = "꞊", ['('] = "⟮", [')'] = "⟯", ['|'] = "∣",
    };

    private readonly ConditionalWeakTable<Rollout, InertRollout> _seen = [];
    private readonly ConditionalWeakTable<Rubric, InertRubric> _rubrics = [];
    private readonly Neutraliser _base;
    private readonly AnswerRule? _rule;

    /// <summary>For a protocol.</summary>
    /// <param name="rule">How its answers are read; null where no text is read.</param>
    /// <param name="texts">What it writes around a rollout's texts.</param>
    public Inert(AnswerRule? rule, IEnumerable<DeclaredText> texts)
    {
        _rule = rule;
        List<string> fences = [.. texts.SelectMany(static text => text.Written()).SelectMany(Fences).Distinct(StringComparer.Ordinal)];
        string markers = string.Join('|', [Delimiters.Fences, Delimiters.Chat, PartAnswers.Mark, .. fences.Where(static fence => fence[^1] != ':').Select(AnyDress)]);
        string labels = string.Join('|', [$"{Delimiters.Speakers}", Delimiters.Hint, .. fences.Where(static fence => fence[^1] == ':').Select(static fence => $"(?i:{Gapped(fence[..^1])})")]);
        _base = new Neutraliser(
            new Regex(markers, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline),
            new Regex($"{Delimiters.LineStart}(?:{labels}){Delimiters.Colon}", RegexOptions.Multiline | RegexOptions.CultureInvariant),
            static (_, _) => []);
    }

    /// <summary>A rollout's texts, inert.</summary>
    /// <param name="shown">How many responses a judge is shown at once.</param>
    public InertRollout Of(Rollout rollout, int shown) => _seen.GetValue(rollout, one =>
    {
        InertRollout inert = _base.Neutralise(one);
        return new InertRollout(
            [.. inert.Turns.Select(text => Break(text, shown))], [.. inert.Responses.Select(text => Break(text, shown))], inert.Reference is null ? null : Break(inert.Reference, shown));
    });

    /// <summary>A rubric's texts, inert: who wrote them may have read a rollout, or be one.</summary>
    public InertRubric Of(Rubric rubric) => _rubrics.GetValue(rubric, one =>
    {
        InertText Calm(string text) => Break(_base.Neutralise(text, 1), Math.Max(1, one.Criteria.Count));

        // Each criterion by itself first: what stands behind a dash in the list may be quoted on a line of its own.
        InertText[] alone = [.. one.Criteria.Select(criterion => Calm(criterion.Text))];
        InertText words = Calm(one.Text ?? (one with { Criteria = [.. one.Criteria.Select((criterion, i) => criterion with { Text = alone[i].Text })] }).Words());
        InertText[] criteria = [.. one.Criteria.Select(criterion => Calm(criterion.Text.ReplaceLineEndings(" ")))];
        return new InertRubric(words.Text, [.. criteria.Select(static text => text.Text)], [.. one.Criteria.Select(static criterion => criterion.Kind == CriterionKind.Negative)], words.Found + (one.Text is null ? alone.Sum(static text => text.Found) : 0));
    });

    private InertText Break(InertText inert, int shown)
    {
        if (_rule is null)
        {
            return inert;
        }

        string text = inert.Text;
        int found = inert.Found;
        for (int round = 0; ; round++)
        {
            (string plain, int[]? origin) = PlainText.Skeleton(text);
            List<Place> places = [.. _rule.Forgeries(plain, shown)];
            if (places.Count == 0)
            {
                return new InertText(text, found);
            }

            found += round == 0 ? places.Count : 0;
            if (round == Rounds)
            {
                // Nested beyond any use: every character that could open one goes.
                return new InertText(Altered(plain).Replace(@"\boxed", @"\fbox", StringComparison.Ordinal), found);
            }

            var edits = new Edits(origin);
            foreach (Place place in places)
            {
                edits.Add(place.At, place.Length, Altered(plain.Substring(place.At, place.Length)));
            }

            text = edits.Apply(text);
        }
    }

    private static string Altered(string found)
    {
        if (found.StartsWith(@"\boxed", StringComparison.Ordinal))
        {
            return @"\fbox" + found[@"\boxed".Length..];
        }

        bool any = false;
        var altered = new StringBuilder(found.Length + 2);
        foreach (char c in found)
        {
            any |= Alike.TryGetValue(c, out string? alike);
            altered.Append(alike ?? c.ToString());
        }

        // Words alone: a dot after the first character is seen, and no word goes on behind it.
        return any ? altered.ToString() : altered.Insert(1, '·').ToString();
    }

    // The lines that stand directly before and after a rollout's text; the ones that could be of a text by themselves are left alone.
    private static IEnumerable<string> Fences((string Text, bool AfterShown, bool BeforeShown) written)
    {
        // In plain width, as rollouts are searched: a colon of another width ends a label too.
        string[] lines = PlainText.Of(written.Text).Split('\n', StringSplitOptions.TrimEntries);
        IEnumerable<string> near = (written.BeforeShown ? lines.Reverse().Where(static line => line.Length > 0).Take(2) : [])
            .Concat(written.AfterShown ? lines.Where(static line => line.Length > 0).Take(2) : []);
        return near.Where(static line => line.Length is > 2 and <= 80 && line.Any(char.IsLetter) && (line[0] is '[' or '<' or '#' || line[^1] == ':'));
    }

    private static string AnyDress(string fence) => fence[0] == '#' ? $"(?<!#)#+{Delimiters.Gap}{Gapped(fence.TrimStart('#').Trim())}" : Gapped(fence);

    private static string Gapped(string fence) => string.Join(Delimiters.Gap, Word().Matches(fence).Select(static match => Regex.Escape(match.Value)));

    [GeneratedRegex(@"[\p{L}\p{N}]+|[^\s\p{L}\p{N}_*-]")]
    private static partial Regex Word();
}
