using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols.RmR1;

/// <summary>
/// Reads <c>&lt;answer&gt;[[A]]&lt;/answer&gt;</c> by both of the authors' rules at once. Their evaluation reads the whole
/// text and calls one that holds both <c>[[A]]</c> and <c>[[B]]</c> an error, which keeps a quoted verdict from counting;
/// their RL reward wants the verdict in the last 80 characters, which keeps a verdict that the text goes on from from
/// counting. A verdict that passes one and fails the other is rare (1 of 232 recorded outputs) and not trustworthy: it is
/// unparsable here, never a vote. What the letter or the brackets are dressed in counts for nothing.
/// </summary>
internal static partial class RmR1Answer
{
    /// <summary>How near the end the verdict stands: the window of the authors' RL reward, in characters.</summary>
    public const int Window = 80;

    /// <summary>How a verdict opens and closes around its letter, dressed or not; parser and neutraliser look for the same.</summary>
    public const string Open = $@"\[{Delimiters.Gap}\[{PlainText.Dress}";

    /// <inheritdoc cref="Open"/>
    public const string Close = $@"{PlainText.Dress}\]{Delimiters.Gap}\]";

    /// <summary>Reads an answer in plain width.</summary>
    public static Reading Read(string answer)
    {
        string? task = TaskType(answer);
        bool a = false;
        bool b = false;
        foreach (ValueMatch match in Bracketed().EnumerateMatches(answer))
        {
            bool first = answer.AsSpan(match.Index, match.Length).Contains('A');
            a |= first;
            b |= !first;
        }

        if (a && b)
        {
            return AnswerText.Unparsable("both [[A]] and [[B]] stand in the answer", task);
        }

        if (!a && !b)
        {
            return AnswerText.NoVerdict(answer, "no <answer>[[A]]</answer> or <answer>[[B]]</answer>") with { Task = task };
        }

        ReadOnlySpan<char> text = answer.AsSpan().TrimEnd();
        ReadOnlySpan<char> end = text[Math.Max(0, text.Length - Window)..];
        if (Verdict().IsMatch(end))
        {
            return new Reading(JudgementOutcome.Valid, Winner: a ? 0 : 1, Task: task);
        }

        return AnswerText.Unparsable(
            Verdict().IsMatch(text) ? $"the verdict does not stand in the last {Window} characters" : "the verdict is not inside <answer>…</answer>",
            task);
    }

    // The task type opens the answer; what is quoted further down is none.
    private static string? TaskType(string answer)
    {
        ReadOnlySpan<char> opening = answer.AsSpan().TrimStart();
        foreach (ValueMatch match in Task().EnumerateMatches(opening[..Math.Min(opening.Length, 200)]))
        {
            return opening.Slice(match.Index, match.Length).Contains("chat", StringComparison.OrdinalIgnoreCase) ? "chat" : "reasoning";
        }

        return null;
    }

    [GeneratedRegex($"{Open}[AB]{Close}", RegexOptions.CultureInvariant)]
    private static partial Regex Bracketed();

    [GeneratedRegex($"<answer>{PlainText.Dress}{Open}[AB]{Close}{PlainText.Dress}</answer>", RegexOptions.CultureInvariant)]
    private static partial Regex Verdict();

    [GeneratedRegex(@"<type>\s*(?:chat|reasoning)\s*</type>", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Task();
}
