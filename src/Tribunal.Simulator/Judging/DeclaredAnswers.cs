using System.Globalization;
using System.Text.RegularExpressions;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;

namespace Tribunal.Simulator.Judging;

/// <summary>A verdict in a protocol's own form.</summary>
/// <param name="Text">What the answer holds: after prose, unless <paramref name="Alone"/>.</param>
/// <param name="Alone">Whether nothing may stand around it.</param>
internal sealed record DeclaredVerdict(string Text, bool Alone)
{
    /// <summary>The verdict's token with its rivals, where the protocol reads probabilities.</summary>
    public IReadOnlyList<TokenChoice>? Tokens { get; init; }
}

/// <summary>
/// Writes answers by the reading rule of a protocol file. What is written is read by the protocol itself before it is given, so that an
/// answer says what it should whatever the rule is.
/// </summary>
internal sealed class DeclaredAnswers
{
    // A budget this small holds a verdict and no reasons.
    private const int ShortBudget = 100;

    // Closer than this, a judge whose protocol has ties calls one.
    private const double Indifference = 0.1;

    private readonly DeclaredProtocol _protocol;
    private readonly ProtocolFile _file;
    private readonly ReadRule? _rule;

    public DeclaredAnswers(DeclaredProtocol protocol)
    {
        _protocol = protocol;
        _file = protocol.Definition;
        _rule = _file.Read;
        WhyNot = _rule is null ? null : Trial();
    }

    /// <summary>Why answers can't be written; null where they can.</summary>
    public string? WhyNot { get; }

    /// <summary>Whether the judge thinks before it answers.</summary>
    public bool Thinks => _file.Thinks;

    /// <summary>Whether an answer says what was perceived.</summary>
    public bool Says(DeclaredVerdict answer, IReadOnlyList<double> perceived)
    {
        Reading reading = Read(answer, perceived.Count);
        return reading.Outcome == JudgementOutcome.Valid && (_file.Kind != ProtocolKind.Pairwise || reading.Winner == Winner(perceived) - 1);
    }

    /// <summary>Whether an answer holds a verdict.</summary>
    public bool Holds(DeclaredVerdict answer, int shown) => Read(answer, shown).Outcome == JudgementOutcome.Valid;

    /// <summary>The verdict on what was perceived.</summary>
    /// <param name="perceived">Of each response, in displayed order; standard normal.</param>
    /// <param name="pick">Chooses among words that mean the same.</param>
    /// <param name="remark">What a structured answer says in its texts.</param>
    public DeclaredVerdict Say(IReadOnlyList<double> perceived, int pick, string remark) =>
        _rule!.Locator == Locator.Probability ? Likely(perceived) : Compose(Values(perceived, pick), remark);

    /// <summary>What looks like a verdict and is none: missing, of a word that means nothing or off the scale, or two at once.</summary>
    public DeclaredVerdict Spoil(IReadOnlyList<double> perceived, int pick, string remark)
    {
        const string Missing = "All of them have their merits.";
        double[] turned = [.. perceived.Select(static one => one > 0 ? -2.0 : 2.0)];
        if (perceived is [var first, var second])
        {
            turned = first >= second ? [-2, 2] : [2, -2];
        }

        DeclaredVerdict good = Say(perceived, pick, remark);
        Func<DeclaredVerdict>[] ways =
        [
            () => new DeclaredVerdict(Missing, good.Alone),
            () => Compose([.. Values(perceived, pick).Select(_ => _rule!.Words.Count > 0 ? "neither" : Off())], remark) with { Alone = good.Alone },
            () => good with { Text = $"{good.Text}\n{Say(turned, pick, remark).Text}", Tokens = null },
        ];
        for (int way = 0; way < ways.Length; way++)
        {
            if (ways[(pick + way) % ways.Length]() is var spoilt && !Holds(spoilt, perceived.Count))
            {
                return spoilt;
            }
        }

        return new DeclaredVerdict(Missing, good.Alone);
    }

    private string Off() => _file.Scale is { } scale ? Text(scale.Max + ((scale.Max - scale.Min) * 2)) : "none";

    private Reading Read(DeclaredVerdict answer, int shown) =>
        _protocol.Read(new JudgeReply { Text = answer.Text, Reasoning = "thoughts", Finish = "stop", Tokens = answer.Tokens }, shown);

    private static readonly double[][] Pairs = [[1, -1], [-1, 1]];

    // Every verdict that there is, for one response or for two.
    private string? Trial()
    {
        bool single = _file.Kind is ProtocolKind.Pointwise or ProtocolKind.Rubric;
        foreach (double[] perceived in single ? [[2], [-2]] : Pairs)
        {
            if (!Says(Say(perceived, 0, "A remark."), perceived))
            {
                return $"the simulated judge can't answer by {_file.Name}: no answer that it can write is read by the file's own rule ({_rule!.Locator.ToString().ToLowerInvariant()})";
            }
        }

        return null;
    }

    private int Winner(IReadOnlyList<double> perceived)
    {
        double margin = perceived[0] - perceived[1];
        return _file.Ties && (_rule!.Gives == Gives.HigherWins || _rule.Words.Values.Contains(ReadRule.Tie)) && Math.Abs(margin) < Indifference ? (int)ReadRule.Tie : margin >= 0 ? 1 : 2;
    }

    private List<string> Values(IReadOnlyList<double> perceived, int pick)
    {
        if (_rule!.Gives == Gives.Scores)
        {
            return [.. perceived.Select(one => Score(one, pick))];
        }

        int winner = Winner(perceived);
        if (_rule.Gives == Gives.Winner)
        {
            string[] words = [.. _rule.Words.Where(word => word.Value == winner).Select(static word => word.Key)];
            return [words[pick % words.Length]];
        }

        // The winner's score has to be the better one on the scale, whatever rounding does.
        string[] scores = [.. perceived.Select(one => Score(one, pick))];
        return winner == ReadRule.Tie ? [scores[0], scores[0]]
            : scores[0] != scores[1] && winner == (Number(scores[0]) > Number(scores[1]) == !_file.Scale!.LowIsBest ? 1 : 2) ? [.. scores]
            : winner == 1 ? [Score(3, pick), Score(-3, pick)]
            : [Score(-3, pick), Score(3, pick)];
    }

    private double Number(string score) => _rule!.Words.TryGetValue(score, out double meaning) ? meaning : double.Parse(score, CultureInfo.InvariantCulture);

    // A standard deviation is a fifth of the scale, as in the built-in grammars.
    private string Score(double perceived, int pick)
    {
        ScoreScale scale = _file.Scale!;
        double score = Place(perceived);
        if (_rule!.Words.Count > 0)
        {
            double nearest = _rule.Words.Values.MinBy(meaning => Math.Abs(meaning - score));
            string[] words = [.. _rule.Words.Where(word => word.Value == nearest).Select(static word => word.Key)];
            return words[pick % words.Length];
        }

        return Text(scale.Whole ? Math.Clamp(Math.Round(score), Math.Ceiling(scale.Min), Math.Floor(scale.Max)) : Math.Round(score, scale.Max - scale.Min > 5 ? 1 : 2));
    }

    private double Place(double perceived)
    {
        ScoreScale scale = _file.Scale!;
        return scale.Upwards(Math.Clamp(((scale.Min + scale.Max) / 2) + (perceived * (scale.Max - scale.Min) / 5), scale.Min, scale.Max));
    }

    private static string Text(double number) => number.ToString("0.##", CultureInfo.InvariantCulture);

    // The words by how near they are to what was perceived, and the nearest said.
    private DeclaredVerdict Likely(IReadOnlyList<double> perceived)
    {
        (string Word, double Weight)[] words = [.. _rule!.Words.Select(word => (word.Key, Weight(word.Value, perceived)))];
        double whole = words.Sum(static word => word.Weight);
        TokenRival[] rivals = [.. words.Select(word => new TokenRival(word.Word, Math.Max(Math.Log(word.Weight / whole), -100))).OrderByDescending(static rival => rival.LogProb)];
        return new DeclaredVerdict(Lead(rivals[0].Token) + rivals[0].Token, Alone: _file.Sampling.MaxTokens < ShortBudget) { Tokens = [new TokenChoice(rivals[0].Token, rivals[0].LogProb, rivals)] };
    }

    // What leads to the word on its line, as an example shows it: another protocol may read the same answer by that.
    private string Lead(string word)
    {
        string? line = _file.Examples.Select(static example => example.Answer.Split('\n').LastOrDefault(static line => !line.StartsWith('⟪'))).OfType<string>()
            .FirstOrDefault(line => line.EndsWith(word, StringComparison.Ordinal));
        return line?[..^word.Length] ?? "";
    }

    private double Weight(double meaning, IReadOnlyList<double> perceived)
    {
        if (_rule!.Gives == Gives.Winner)
        {
            return meaning == ReadRule.Tie ? 1e-3 : JudgeEngine.Sigmoid(2 * (meaning == 1 ? perceived[0] - perceived[1] : perceived[1] - perceived[0]));
        }

        double range = _file.Scale!.Max - _file.Scale.Min;
        double away = (meaning - Place(perceived[0])) / (0.63 * range / _rule.Words.Count);
        return Math.Exp(-away * away / 2);
    }

    private DeclaredVerdict Compose(IReadOnlyList<string> values, string remark)
    {
        ReadRule rule = _rule!;
        switch (rule.Locator)
        {
            case Locator.Json:
                return new DeclaredVerdict(DeclaredJson.Write(rule, _file.Request.Schema, values, remark), Alone: _file.Request.Schema is not null);
            case Locator.Whole:
                return new DeclaredVerdict(string.Join(", ", values), Alone: true);
            case Locator.Pattern:
                return new DeclaredVerdict(Matching(values), Alone: false);
        }

        bool apart = rule.Numbered || rule.Take == Take.Each;
        return new DeclaredVerdict(
            apart ? string.Join('\n', values.Select((value, i) => Formed(rule.TextFor(i), value))) : Formed(rule.Text, string.Join(", ", values)), Alone: false);
    }

    private string Formed(string name, string value) => _rule!.Locator switch
    {
        Locator.Tag => $"<{name}>{value}</{name}>",
        Locator.Boxed => $"\\boxed{{{value}}}",
        Locator.Label => $"{name}: {value}",
        _ => $"{name} {value}",
    };

    // A pattern says what it finds and not how to write it: the file's examples do.
    private string Matching(IReadOnlyList<string> values)
    {
        ReadRule rule = _rule!;
        bool apart = rule.Numbered || rule.Take == Take.Each;
        string[] wanted = apart ? [.. values] : [string.Join(", ", values)];
        return string.Join('\n', wanted.Select((value, i) =>
        {
            var pattern = new Regex(rule.TextFor(i), RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.Multiline);
            foreach (ProtocolExample example in _file.Examples)
            {
                if (pattern.Match(example.Answer) is { Success: true } match)
                {
                    Group verdict = match.Groups["verdict"];
                    return $"{match.Value[..(verdict.Index - match.Index)]}{value}{match.Value[(verdict.Index - match.Index + verdict.Length)..]}";
                }
            }

            return value;
        }));
    }
}
