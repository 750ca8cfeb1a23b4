namespace Tribunal.Protocols.Declared;

/// <summary>How verdicts are found in an answer.</summary>
public enum Locator
{
    /// <summary>Between <c>&lt;tag&gt;</c> and <c>&lt;/tag&gt;</c>.</summary>
    Tag,

    /// <summary>In <c>\boxed{…}</c>.</summary>
    Boxed,

    /// <summary>After a label and its colon, to the end of the line.</summary>
    Label,

    /// <summary>After a mark such as <c>[RESULT]</c>, to the end of the line.</summary>
    Mark,

    /// <summary>By a regular expression whose group <c>verdict</c> holds it.</summary>
    Pattern,

    /// <summary>At a path of a JSON object.</summary>
    Json,

    /// <summary>The verdict is the whole answer.</summary>
    Whole,

    /// <summary>
    /// By the probabilities of the words at the last token that says one of them: a score is the mean of the words' scores, weighed by
    /// them; a winner is the likeliest. A server that tells no tokens gives no verdict.
    /// </summary>
    Probability,
}

/// <summary>Which of several places counts.</summary>
public enum Take
{
    /// <summary>All of them, which have to agree: two different verdicts are none.</summary>
    Only,

    /// <summary>The first.</summary>
    First,

    /// <summary>The last.</summary>
    Last,

    /// <summary>The i-th is response i's, and there are as many as responses.</summary>
    Each,
}

/// <summary>What a place says.</summary>
public enum Gives
{
    /// <summary>The winner.</summary>
    Winner,

    /// <summary>A score, or the scores of all responses separated by commas.</summary>
    Scores,

    /// <summary>The scores of both responses, of which the higher one wins.</summary>
    HigherWins,
}

/// <summary>How an answer is read.</summary>
public sealed record ReadRule
{
    /// <summary>How the verdict is found.</summary>
    public required Locator Locator { get; init; }

    /// <summary>
    /// The tag, label, mark, pattern or path; empty for <see cref="Locator.Boxed"/>, <see cref="Locator.Whole"/> and <see cref="Locator.Probability"/>. With
    /// <c>{{number}}</c> or <c>{{letter}}</c> in it, every response has a place of its own.
    /// </summary>
    public string Text { get; init; } = "";

    /// <summary>Which place counts.</summary>
    public Take Take { get; init; }

    /// <summary>What a place says.</summary>
    public required Gives Gives { get; init; }

    /// <summary>
    /// What words mean, whatever their case: for winners 1, 2, and <see cref="Tie"/>; for scores numbers. Empty for scores that
    /// are written as numbers.
    /// </summary>
    public IReadOnlyDictionary<string, double> Words { get; init; } = new Dictionary<string, double>();

    /// <summary>The meaning of a word that calls a tie.</summary>
    public const double Tie = 0;

    /// <summary>What an answer may repeat of the prompt and is no verdict in it: examples of answers that the prompt shows.</summary>
    public IReadOnlyList<string> Ignore { get; init; } = [];

    /// <summary>Where the rule stands in the file, for messages.</summary>
    public FilePlace Place { get; init; }

    /// <summary>Whether every response has a place of its own.</summary>
    public bool Numbered => Text.Contains("{{number}}", StringComparison.Ordinal) || Text.Contains("{{letter}}", StringComparison.Ordinal);

    /// <summary>The text for one response.</summary>
    /// <param name="response">The displayed position, from 0.</param>
    public string TextFor(int response) => Numbering.Fill(Text, response);
}

/// <summary>Numbers and letters of responses as judges see them.</summary>
internal static class Numbering
{
    /// <summary>Fills <c>{{number}}</c> and <c>{{letter}}</c>.</summary>
    public static string Fill(string text, int response) => text
        .Replace("{{number}}", (response + 1).ToString(), StringComparison.Ordinal)
        .Replace("{{letter}}", Letter(response).ToString(), StringComparison.Ordinal);

    /// <summary>A, B, C, …; a question mark beyond Z.</summary>
    public static char Letter(int response) => response < 26 ? (char)('A' + response) : '?';
}
