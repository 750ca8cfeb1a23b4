using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Protocols.Chat;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// The probabilities of a verdict's words as a line of the answer, <c>⟪probabilities Yes=0.83 No=0.17⟫</c>: a ledger keeps it with the
/// text, and it is read again like any other answer.
/// </summary>
internal static partial class ProbabilityText
{
    /// <summary>What neither a rollout nor a judge's own words may hold.</summary>
    public const string Mark = @"⟪\s*probabilities";

    /// <summary>
    /// The reply with its line, where the server told the tokens and the answer proper says one of the words; whatever looks like such a
    /// line in the judge's own words is none afterwards.
    /// </summary>
    public static JudgeReply Noted(JudgeReply reply, IReadOnlyCollection<string> words)
    {
        string text = Line().Replace(reply.Text ?? "", "‹probabilities");
        if (TokenProbabilities.Place(reply.Tokens, words) is not { } place
            || AnswerText.Cut(reply with { Text = text }, thinks: false, out string answer) is not null
            || !words.Any(word => TokenProbabilities.Says(place.Token, [word]) && answer.Contains(word, StringComparison.OrdinalIgnoreCase)))
        {
            return reply with { Text = text, Tokens = null };
        }

        var line = new StringBuilder(text).Append("\n⟪probabilities");
        foreach (string word in words)
        {
            line.Append(' ').Append(word).Append('=').Append(TokenProbabilities.Mass(place, [word]).ToString("0.######", CultureInfo.InvariantCulture));
        }

        return reply with { Text = line.Append('⟫').ToString(), Tokens = null };
    }

    /// <summary>An answer without its line: what the judge itself wrote.</summary>
    public static string? Without(string? text) => text is null ? null : Whole().Replace(text, "").TrimEnd('\n');

    /// <summary>The probabilities that an answer's last line states; null where it states none.</summary>
    public static IReadOnlyList<(string Word, double Probability)>? In(string answer)
    {
        if (Whole().Match(answer) is not { Success: true } match)
        {
            return null;
        }

        var stated = new List<(string, double)>();
        foreach (string part in match.Groups["list"].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int at = part.LastIndexOf('=');
            if (at < 1 || !double.TryParse(part.AsSpan(at + 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double probability) || probability > 1)
            {
                return null;
            }

            stated.Add((part[..at], probability));
        }

        return stated;
    }

    [GeneratedRegex(Mark, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex(@"^⟪probabilities(?<list>(?: [^\s=⟫]{1,32}=[0-9.]{1,10}){1,64})⟫\s*\z", RegexOptions.Multiline)]
    private static partial Regex Whole();
}
