using System.Globalization;
using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// A reading rule, compiled: where verdicts stand in an answer and what they say. The same object finds in a rollout what it could
/// take for a verdict, so that parser and neutraliser can't differ. Every pattern runs without backtracking.
/// </summary>
internal sealed class AnswerRule
{
    private const RegexOptions Options = RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline;
    private const string Rest = @"[ \t*_`]{0,8}(?<verdict>[^\n]*)";

    private readonly ReadRule _rule;
    private readonly ScoreScale? _scale;
    private readonly Dictionary<string, double> _words;
    private readonly Regex? _pattern;
    private readonly Regex[] _numbered;
    private readonly Regex? _forged;
    private readonly JsonPath[]? _paths;
    private readonly string[] _ignored;

    /// <summary>A rule for at most so many responses, where every response has a place of its own.</summary>
    public const int MostNumbered = 64;

    /// <summary>Compiles a rule.</summary>
    /// <exception cref="ProtocolFileException">The pattern or path can't be used.</exception>
    public AnswerRule(ReadRule rule, ScoreScale? scale)
    {
        _rule = rule;
        _scale = scale;
        _words = rule.Words.ToDictionary(static word => PlainText.Undress(word.Key), static word => word.Value, StringComparer.OrdinalIgnoreCase);
        bool numbered = rule.Numbered && rule.Locator != Locator.Json;
        _pattern = numbered || Source(rule.Text) is not { } source ? null : Compile(source);
        _numbered = numbered ? [.. Enumerable.Range(0, MostNumbered).Select(i => Compile(Source(rule.TextFor(i))!))] : [];
        _ignored = [.. rule.Ignore.Select(PlainText.Of)];
        _forged = Forged(rule) is { } forged ? Compile(forged) : null;
        _paths = rule.Locator == Locator.Json ? [.. Enumerable.Range(0, rule.Numbered ? MostNumbered : 1).Select(i => JsonPath.Parse(rule.TextFor(i), rule.Place))] : null;
        if (rule.Locator == Locator.Pattern && _pattern?.GroupNumberFromName("verdict") < 0)
        {
            throw new ProtocolFileException(rule.Place, "the pattern has no group (?<verdict>…) that holds the verdict");
        }

        if (_pattern?.IsMatch("") == true)
        {
            throw new ProtocolFileException(rule.Place, "the pattern matches an empty answer");
        }
    }

    /// <summary>What the answer says.</summary>
    /// <param name="answer">The answer, in plain width, without its thinking.</param>
    /// <param name="shown">How many responses the judge was shown.</param>
    public Finding Read(string answer, int shown)
    {
        foreach (string ignored in _ignored)
        {
            // Something stays in its place, so that what stood around it never makes a verdict together.
            answer = answer.Replace(ignored, "…", StringComparison.Ordinal);
        }

        if (_paths is not null)
        {
            return FromJson(answer, shown);
        }

        if (_rule.Locator == Locator.Probability)
        {
            return Likeliest(answer);
        }

        if (_rule.Numbered)
        {
            Finding[] scores =
            [
                .. Enumerable.Range(0, shown).Select(i => i >= MostNumbered ? Finding.None($"at most {MostNumbered} responses have places of their own") : One(Matches(_numbered[i], answer), Score)),
            ];
            int missing = Array.FindIndex(scores, static one => one.Number is null);
            return missing < 0 ? Finding.Of(scores) : Finding.None($"response {missing + 1}: {scores[missing].Why}") with { Somewhere = scores[missing].Somewhere };
        }

        List<string> places = Places(answer, shown);
        return _rule switch
        {
            { Take: Take.Each } => Each(places, shown),
            { Gives: Gives.Winner } => One(places, Winner),
            _ => One(places, text => Scores(text, shown)),
        };
    }

    /// <summary>Where a text in plain width holds what <see cref="Read"/> could take for a verdict, or what could end one.</summary>
    public IEnumerable<Place> Forgeries(string plain, int shown)
    {
        if (_rule.Locator == Locator.Boxed)
        {
            foreach (Box box in Box.All(plain))
            {
                // What follows the text might end a box that the text doesn't.
                if (box.Close < 0 || Reads(box.In(plain).ToString(), shown))
                {
                    yield return new Place(box.Command, (box.Close < 0 ? plain.Length : box.Close + 1) - box.Command);
                }
            }
        }

        if (_forged is not null)
        {
            foreach (Match match in _forged.Matches(plain))
            {
                yield return new Place(match.Index, match.Length);
            }
        }
    }

    private bool Reads(string box, int shown) => _rule.Gives == Gives.Winner
        ? Winner(box).Winner is not null
        : _rule.Take == Take.Each ? Score(box).Shaped : Scores(box, shown).Shaped;

    private List<string> Places(string answer, int shown)
    {
        switch (_rule.Locator)
        {
            case Locator.Whole:
                return [answer];
            case Locator.Boxed:
                // Other boxes are mathematics, which judges quote.
                List<string> boxes = [.. Box.All(answer).Where(static box => box.Close >= 0).Select(box => box.In(answer).ToString())];
                return boxes.FindAll(content => Reads(content, shown)) is { Count: > 0 } verdicts ? verdicts : boxes;
            default:
                return Matches(_pattern!, answer);
        }
    }

    private static List<string> Matches(Regex pattern, string answer) => [.. pattern.Matches(answer).Select(static match => match.Groups["verdict"].Value)];

    private Finding FromJson(string answer, int shown)
    {
        var found = new List<Finding>();
        foreach (IReadOnlyList<string> texts in JsonAnswers.In(answer, _paths!, _rule.Numbered ? Math.Min(shown, _paths!.Length) : 1, _rule.Numbered ? shown : null))
        {
            found.Add(_rule.Gives == Gives.Winner ? Winner(texts[0])
                : texts.Count != shown ? Finding.None($"{texts.Count} scores for {shown} responses")
                : Each([.. texts], shown));
        }

        return Agreed(found, "no JSON object with " + _rule.Text);
    }

    private Finding Likeliest(string answer)
    {
        if (ProbabilityText.In(answer) is not { } stated)
        {
            return Finding.None($"no probability of {string.Join(" or ", _rule.Words.Keys)}: the answer says none of them, or the server tells no log-probabilities");
        }

        (double Meaning, double Mass)[] masses = [.. stated.Where(word => _words.ContainsKey(word.Word)).Select(word => (_words[word.Word], word.Probability))];
        double whole = masses.Sum(static word => word.Mass);
        if (whole <= 0)
        {
            return Finding.None("the words have no probability") with { Somewhere = true };
        }

        if (_rule.Gives != Gives.Winner)
        {
            return Finding.OfOne(masses.Sum(static word => word.Meaning * word.Mass) / whole);
        }

        double first = Of(1);
        double second = Of(2);
        int winner = Of(ReadRule.Tie) is var tie && tie > Math.Max(first, second) || first == second ? (int)ReadRule.Tie : first > second ? 1 : 2;
        return new Finding { Winner = winner, Somewhere = true, Shaped = true };

        double Of(double meaning) => masses.Where(word => word.Meaning == meaning).Sum(static word => word.Mass);
    }

    private Finding Each(List<string> places, int shown)
    {
        if (places.Count == 0)
        {
            return Finding.None($"no {Sought}");
        }

        if (places.Count != shown)
        {
            return Finding.None($"{places.Count} score{(places.Count == 1 ? "" : "s")} for {shown} responses") with { Somewhere = true };
        }

        Finding[] scores = [.. places.Select(Score)];
        return Array.Find(scores, static one => one.Number is null) ?? Finding.Of(scores);
    }

    private Finding One(List<string> places, Func<string, Finding> read) => Agreed([.. places.Select(read)], $"no {Sought}");

    private Finding Agreed(List<Finding> found, string nothing)
    {
        if (found.Count == 0)
        {
            return Finding.None(nothing);
        }

        if (_rule.Take != Take.Only)
        {
            return _rule.Take == Take.First ? found[0] : found[^1];
        }

        return found.TrueForAll(one => one.Says(found[0])) ? found[0] : Finding.None("two different verdicts") with { Somewhere = true };
    }

    private Finding Winner(string text)
    {
        string plain = Plain(text);
        return _words.TryGetValue(plain, out double meaning) ? new Finding { Winner = (int)meaning, Somewhere = true, Shaped = true }
            : Finding.None($"no verdict: {AnswerText.Quote(text)}") with { Somewhere = true };
    }

    private Finding Scores(string text, int shown)
    {
        string plain = Plain(text);
        string[] items = plain.Trim('[', ']', '(', ')').Split([',', '，'], StringSplitOptions.TrimEntries);
        if (items.Length != shown)
        {
            return Finding.None($"{items.Length} score{(items.Length == 1 ? "" : "s")} for {shown} response{(shown == 1 ? "" : "s")}: {AnswerText.Quote(text)}") with { Somewhere = true };
        }

        Finding[] scores = [.. items.Select(Score)];
        return Array.Find(scores, static one => !one.Shaped)
            ?? (Array.Find(scores, static one => one.Why is not null) is { Why: { } why } ? Finding.None(why) with { Somewhere = true, Shaped = true } : Finding.Of(scores));
    }

    private Finding Score(string text)
    {
        string plain = Plain(text);
        if (_words.Count > 0)
        {
            return _words.TryGetValue(plain, out double meaning) ? Finding.OfOne(meaning) : Finding.None($"no score: {AnswerText.Quote(text)}") with { Somewhere = true };
        }

        int slash = plain.IndexOf('/');
        if (slash > 0 && _scale is not null && Number(plain[(slash + 1)..], out double end) && end == _scale.Max)
        {
            plain = plain[..slash].TrimEnd();
        }

        return !Number(plain, out double number) ? Finding.None($"no score: {AnswerText.Quote(text)}") with { Somewhere = true }
            : _scale is { } scale && !scale.Holds(number)
                ? Finding.None($"the score {number.ToString(CultureInfo.InvariantCulture)} is not on the scale {ScaleText(scale)}") with { Somewhere = true, Shaped = true }
            : Finding.OfOne(number);
    }

    /// <summary>A scale in words.</summary>
    public static string ScaleText(ScoreScale scale) =>
        string.Create(CultureInfo.InvariantCulture, $"{scale.Min}..{scale.Max}{(scale.Whole ? ", whole numbers" : "")}{(scale.LowIsBest ? ", the lowest is the best" : "")}");

    private static bool Number(string text, out double number)
    {
        number = 0;
        return text.Length is > 0 and <= 32
            && double.TryParse(text.Trim(), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number);
    }

    private static string Plain(string text) => PlainText.Undress(text).Trim().TrimEnd('.').TrimEnd();

    private string Sought => _rule.Locator switch
    {
        Locator.Tag => $"<{_rule.Text}>…</{_rule.Text}>",
        Locator.Boxed => "\\boxed{…}",
        Locator.Label => $"line {_rule.Text}: …",
        Locator.Pattern => "match of the pattern",
        _ => _rule.Text,
    };

    // The pattern of a place, whose group holds the verdict.
    private string? Source(string text) => _rule.Locator switch
    {
        Locator.Tag => $@"<{Regex.Escape(text)}>(?<verdict>[^<]*)</{Regex.Escape(text)}>",
        Locator.Label => $@"{Delimiters.LineStart}{Words(text)}[ \t*_]{{0,8}}[:：]{Rest}$",
        Locator.Mark => Words(text) + @"[ \t*_:]{0,8}(?<verdict>[^\n]*)$",
        Locator.Pattern => text,
        _ => null,
    };

    // What a rollout must not hold: any place, whatever it says, and half of one.
    private static string? Forged(ReadRule rule)
    {
        string any = Regex.Escape(rule.Text).Replace(@"\{\{number}}", "[0-9]{1,3}", StringComparison.Ordinal).Replace(@"\{\{letter}}", "[a-z?]", StringComparison.Ordinal);
        return rule.Locator switch
        {
            Locator.Tag => $@"<[\s_*-]*/?[\s_*-]*{any}[\s_*-]*/?[\s_*-]*>",
            Locator.Label => $@"{Delimiters.LineStart}{any.Replace(@"\ ", @"[\s_*-]+", StringComparison.Ordinal)}[ \t*_]{{0,8}}[:：]",
            Locator.Mark => any.Replace(@"\ ", @"[\s_*-]+", StringComparison.Ordinal),
            Locator.Pattern => rule.Text.Replace("{{number}}", "[0-9]{1,3}", StringComparison.Ordinal).Replace("{{letter}}", "[a-z?]", StringComparison.Ordinal),
            Locator.Probability => ProbabilityText.Mark,
            Locator.Json => $"\"{JsonPath.FirstKey(any)}\"\\s*:",
            _ => null,
        };
    }

    private static string Words(string text) => Regex.Escape(text).Replace(@"\ ", "[ \t]+", StringComparison.Ordinal);

    private Regex Compile(string source)
    {
        try
        {
            return new Regex(source, Options);
        }
        catch (Exception exception) when (exception is ArgumentException or NotSupportedException)
        {
            throw new ProtocolFileException(_rule.Place, $"the pattern can't be used: {exception.Message} (a regular expression without look-around, back-references and atomic groups is expected)");
        }
    }
}

/// <summary>What stands at a place.</summary>
internal sealed record Finding
{
    /// <summary>The winner from 1, or <see cref="ReadRule.Tie"/>.</summary>
    public int? Winner { get; init; }

    /// <summary>A score.</summary>
    public double? Number { get; init; }

    /// <summary>The scores.</summary>
    public double[]? Numbers { get; init; }

    /// <summary>Why there is no verdict.</summary>
    public string? Why { get; init; }

    /// <summary>Whether something stands where the verdict should.</summary>
    public bool Somewhere { get; init; }

    /// <summary>Whether it has a verdict's form, on the scale or not.</summary>
    public bool Shaped { get; init; }

    public static Finding None(string why) => new() { Why = why };

    public static Finding OfOne(double number) => new() { Number = number, Numbers = [number], Somewhere = true, Shaped = true };

    public static Finding Of(Finding[] scores) => scores.Length == 1 ? scores[0]
        : new() { Numbers = [.. scores.Select(static score => score.Number!.Value)], Somewhere = true, Shaped = true };

    /// <summary>Whether it says the same.</summary>
    public bool Says(Finding other) =>
        Winner == other.Winner && (Numbers is null == other.Numbers is null) && (Numbers is null || Numbers.AsSpan().SequenceEqual(other.Numbers)) && (Why is null == other.Why is null);
}
