using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols;

/// <summary>What the parsers share: which part of a reply may hold a verdict, and why there may be none.</summary>
internal static partial class AnswerText
{
    // The ends of thinking that chat templates have; the first is what nearly all have.
    private static readonly (string Open, string Close)[] Thoughts =
        [("<think>", "</think>"), ("[THINK]", "[/THINK]"), ("<seed:think>", "</seed:think>"), ("◁think▷", "◁/think▷")];

    /// <summary>
    /// Cuts a reply down to its answer, in plain width (<see cref="PlainText"/>). A reply whose end is not on the list of good
    /// ones ends here (<see cref="FinishReasons"/>): a text that was cut off is never looked at for a verdict. The reasoning that
    /// a server keeps apart is never looked at either.
    /// </summary>
    /// <param name="thinks">Whether the model always thinks first, so that an answer without an end of thinking is none.</param>
    /// <param name="answer">The answer, when the result is null.</param>
    /// <returns>The reading, when the reply has no answer to read.</returns>
    public static Reading? Cut(JudgeReply reply, bool thinks, out string answer)
    {
        answer = reply.Text ?? "";
        if (OfEnd(reply.Finish) is { } ended)
        {
            return ended;
        }

        if (!string.IsNullOrWhiteSpace(reply.Refusal))
        {
            return new Reading(JudgementOutcome.Refused, Why: $"the judge declined: {Quote(reply.Refusal)}");
        }

        bool apart = reply.ThoughtApart || !string.IsNullOrEmpty(reply.Reasoning);
        int close = -1;
        bool opens = false;
        foreach ((string open, string end) in Thoughts)
        {
            int at = answer.LastIndexOf(end, StringComparison.Ordinal);
            close = at < 0 ? close : Math.Max(close, at + end.Length);
            opens |= answer.AsSpan().TrimStart().StartsWith(open, StringComparison.Ordinal);
        }

        if (close >= 0)
        {
            answer = answer[close..];
        }
        else if (opens)
        {
            return Unparsable("the thinking never ended");
        }
        else if (thinks && !apart && !string.IsNullOrWhiteSpace(answer))
        {
            // Their chat templates open the thinking in the prompt, so nothing else tells thoughts from an answer.
            return NoVerdict(answer, "there is no </think>, and the server reported no reasoning apart from the answer");
        }

        answer = PlainText.Of(answer);
        return !string.IsNullOrWhiteSpace(answer) ? null
            : Unparsable(apart && close < 0 ? "the answer is empty: all that came stands in the server's reasoning field" : "the answer is empty");
    }

    private static Reading? OfEnd(string? finish) => FinishReasons.Of(finish) switch
    {
        AnswerEnd.Whole => null,
        AnswerEnd.Truncated => new Reading(
            JudgementOutcome.Truncated, Why: FinishReasons.AtBudget(finish) ? "the token budget ended the answer" : $"the answer was cut off ({Quote(finish)})"),
        AnswerEnd.Refused => new Reading(
            JudgementOutcome.Refused, Why: finish == "content_filter" ? "a content filter ended the answer" : $"a content filter ended the answer ({Quote(finish)})"),
        AnswerEnd.Broken => new Reading(JudgementOutcome.Failed, Why: $"the server ended the answer ({Quote(finish)})"),
        _ => new Reading(JudgementOutcome.Failed, Why: $"the answer ended in a way that is not known to be a good one ({Quote(finish)})"),
    };

    /// <summary>No verdict where it may stand: a refusal when the answer opens like one, else unparsable.</summary>
    public static Reading NoVerdict(string answer, string why)
    {
        ReadOnlySpan<char> opening = answer.AsSpan().TrimStart();
        return opening.Length <= 1000 && Declines().IsMatch(opening)
            ? new Reading(JudgementOutcome.Refused, Why: $"the judge declined: {Quote(opening)}")
            : Unparsable(why);
    }

    /// <summary>An unparsable reading.</summary>
    public static Reading Unparsable(string why, string? task = null) => new(JudgementOutcome.Unparsable, Why: why, Task: task);

    /// <summary>A short, printable quote for a reason.</summary>
    public static string Quote(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        const int Most = 80;
        int length = Math.Min(text.Length, Most);
        Span<char> shown = stackalloc char[Most];
        for (int i = 0; i < length; i++)
        {
            shown[i] = char.IsControl(text[i]) ? ' ' : char.IsSurrogate(text[i]) ? '\uFFFD' : text[i];
        }

        return text.Length > Most ? $"{shown[..length]}…" : shown[..length].ToString();
    }

    [GeneratedRegex(
        @"\A(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately|i (?:must|have to) (?:decline|refuse)|i (?:can['’]?t|cannot|can not|won['’]?t|will not|am unable to|['’]?m unable to|am not able to)|i['’]m (?:unable|not able) to|as an ai)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Declines();
}
