using Tribunal.Judgements;

namespace Tribunal.Training;

/// <summary>A line of the ledger as training data, or why it is none.</summary>
/// <param name="Judgement">The line.</param>
/// <param name="Label">What it was measured against; null where there is no label.</param>
/// <param name="Grade">How it did; meaningless without a label.</param>
/// <param name="Dropped">Why it is left out; null when it is kept.</param>
/// <param name="Reward">+1 or −1, by the form's rule, when it is kept.</param>
/// <param name="Cause">Why the reward is −1: <c>incorrect</c>, <c>unparsable</c>, <c>truncated</c>, <c>refused</c> or <c>no-think-end</c>; null for +1.</param>
public sealed record Trajectory(TracedJudgement Judgement, Label? Label, Grade Grade, DropReason? Dropped, int Reward = 0, string? Cause = null)
{
    private const string ThinkOpen = "<think>";
    private const string ThinkClose = "</think>";

    /// <summary>Whether the thinking came to its end: the server kept it apart, or <c>&lt;/think&gt;</c> stands in the text.</summary>
    public static bool ThinkingEnded(TracedJudgement judgement) => judgement.Text?.Contains(ThinkClose, StringComparison.Ordinal) == true
            || (!string.IsNullOrWhiteSpace(judgement.Reasoning) && !string.IsNullOrWhiteSpace(judgement.Text));

    /// <summary>What the judge wrote as one text, its thinking between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>, which stays open where it was cut off.</summary>
    public static string WithThinking(TracedJudgement judgement)
    {
        (string? reasoning, string answer) = Split(judgement);
        string text = judgement.Text ?? "";
        return reasoning is null || text.AsSpan().TrimStart().StartsWith(ThinkOpen, StringComparison.Ordinal) ? text
            : ThinkingEnded(judgement) ? $"{ThinkOpen}\n{reasoning.Trim('\n')}\n{ThinkClose}\n\n{answer}"
            : $"{ThinkOpen}\n{reasoning.Trim('\n')}";
    }

    /// <summary>What the judge wrote, the thinking apart from the answer; null where it did not think aloud.</summary>
    public static (string? Reasoning, string Answer) Split(TracedJudgement judgement)
    {
        string text = judgement.Text ?? "";
        if (!string.IsNullOrWhiteSpace(judgement.Reasoning))
        {
            return (judgement.Reasoning, text);
        }

        int close = text.LastIndexOf(ThinkClose, StringComparison.Ordinal);
        int open = text.AsSpan().TrimStart().StartsWith(ThinkOpen, StringComparison.Ordinal) ? text.IndexOf(ThinkOpen, StringComparison.Ordinal) + ThinkOpen.Length : 0;
        return close >= open ? (text[open..close].Trim('\n'), text[(close + ThinkClose.Length)..].TrimStart('\n'))
            : open > 0 ? (text[open..].Trim('\n'), "")
            : (null, text);
    }

    internal Trajectory Keep(int reward, string? cause = null) =>
        string.IsNullOrWhiteSpace(Judgement.Text) && string.IsNullOrWhiteSpace(Judgement.Reasoning) ? Drop(DropReason.NoText) : this with { Dropped = null, Reward = reward, Cause = cause };

    internal Trajectory Drop(DropReason reason) => this with { Dropped = reason, Reward = 0, Cause = null };

    /// <summary>Why a trajectory that is not correct is not: no answer, no verdict, or another one.</summary>
    internal DropReason Fault => Judgement.Outcome switch
    {
        JudgementOutcome.Failed => DropReason.Failed,
        JudgementOutcome.Refused => DropReason.Refused,
        JudgementOutcome.Truncated => DropReason.Truncated,
        JudgementOutcome.Valid when Grade == Grade.Incorrect => DropReason.Incorrect,
        _ => DropReason.Unparsable,
    };

    /// <summary><see cref="Fault"/> as the cause of a reward of −1.</summary>
    internal string FaultName => Fault switch
    {
        DropReason.Refused => "refused",
        DropReason.Truncated => "truncated",
        DropReason.Incorrect => "incorrect",
        _ => "unparsable",
    };
}
