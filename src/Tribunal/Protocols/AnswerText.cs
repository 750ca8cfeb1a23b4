using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols;

/// <summary>What the parsers share: which part of a reply may hold a verdict, and why there may be none.</summary>
internal static partial class AnswerText
{
    private const string ThinkOpen = "<think>";
    private const string ThinkClose = "</think>";

    /// <summary>
    /// Cuts a reply down to its answer. Truncated and refused replies end here: a text that was cut off is never looked at
    /// for a verdict. The reasoning that a server keeps apart is never looked at either.
    /// </summary>
    /// <param name="reply">The reply.</param>
    /// <param name="thinks">Whether the model always thinks first, so that an answer without an end of thinking is none.</param>
    /// <param name="answer">The answer, when the result is null.</param>
    /// <returns>The reading, when the reply has no answer to read.</returns>
    public static Reading? Cut(JudgeReply reply, bool thinks, out string answer)
    {
        answer = reply.Text ?? "";
        switch (reply.Finish)
        {
            case "length" or "max_tokens":
                return new Reading(JudgementOutcome.Truncated, Why: "the token budget ended the answer");
            case "content_filter":
                return new Reading(JudgementOutcome.Refused, Why: "a content filter ended the answer");
            case "abort" or "error":
                return Unparsable($"the server ended the answer ({reply.Finish})");
        }

        if (!string.IsNullOrWhiteSpace(reply.Refusal))
        {
            return new Reading(JudgementOutcome.Refused, Why: $"the judge declined: {Quote(reply.Refusal)}");
        }

        int close = answer.LastIndexOf(ThinkClose, StringComparison.Ordinal);
        if (close >= 0)
        {
            answer = answer[(close + ThinkClose.Length)..];
        }
        else if (answer.AsSpan().TrimStart().StartsWith(ThinkOpen, StringComparison.Ordinal))
        {
            return Unparsable("the thinking never ended");
        }
        else if (thinks && string.IsNullOrEmpty(reply.Reasoning) && !string.IsNullOrWhiteSpace(answer))
        {
            // Their chat templates open the thinking in the prompt, so nothing else tells thoughts from an answer.
            return NoVerdict(answer, "there is no </think>, and the server reported no reasoning apart from the answer");
        }

        return string.IsNullOrWhiteSpace(answer) ? Unparsable("the answer is empty") : null;
    }

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

    /// <summary>
    /// Finds the next <c>\boxed{…}</c> from <paramref name="from"/> on, with balanced braces inside, and moves
    /// <paramref name="from"/> behind it. A box that holds another, or never closes, is none, so that a quoted half of one
    /// can't swallow what follows.
    /// </summary>
    public static bool NextBox(ReadOnlySpan<char> text, scoped ref int from, out ReadOnlySpan<char> content)
    {
        const string Command = @"\boxed";
        content = default;
        while (text[from..].IndexOf(Command, StringComparison.Ordinal) is var word && word >= 0)
        {
            int open = from + word + Command.Length;
            int next = text[open..].IndexOf(Command, StringComparison.Ordinal);
            int limit = next < 0 ? text.Length : open + next;
            while (open < limit && text[open] is ' ' or '\t')
            {
                open++;
            }

            int close = open < limit && text[open] == '{' ? ClosingBrace(text[..limit], open) : -1;
            if (close >= 0)
            {
                content = text[(open + 1)..close];
                from = close + 1;
                return true;
            }

            from = limit;
        }

        from = text.Length;
        return false;
    }

    /// <summary>Where the brace at <paramref name="open"/> closes; −1 where it doesn't.</summary>
    public static int ClosingBrace(ReadOnlySpan<char> text, int open)
    {
        int depth = 0;
        for (int i = open; i < text.Length; i++)
        {
            depth += text[i] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return i;
            }
        }

        return -1;
    }

    [GeneratedRegex(
        @"\A(?:i['’]?m sorry|i am sorry|sorry|i apologi[sz]e|unfortunately|i (?:must|have to) (?:decline|refuse)|i (?:can['’]?t|cannot|can not|won['’]?t|will not|am unable to|['’]?m unable to|am not able to)|i['’]m (?:unable|not able) to|as an ai)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Declines();
}
