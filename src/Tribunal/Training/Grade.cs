using Tribunal.Judgements;
using Tribunal.Protocols.Grm;

namespace Tribunal.Training;

/// <summary>How a judgement did against a label.</summary>
public enum Grade
{
    /// <summary>Its verdict is the label's.</summary>
    Correct,

    /// <summary>It has a verdict, and another one; a tie at the top is another one.</summary>
    Incorrect,

    /// <summary>It has no verdict: unparsable, truncated or refused.</summary>
    NoVerdict,

    /// <summary>No answer ever came: no trajectory at all.</summary>
    NoAnswer,
}

/// <summary>Grades judgements by the rule of SPCT (arXiv 2504.02495, rejective fine-tuning), and rewards them by its outcome rule.</summary>
internal static class Grading
{
    /// <summary>
    /// Of two or more responses, a judgement is correct when the best response's score is strictly greater than every other's;
    /// where several are best, when one of them scores strictly more than all that are not. A pair judge is correct when it
    /// names the best; a draw is not. Of a response alone, when S₁ equals the truth, 0 or 1; on another scale, such as that of the
    /// <c>grm</c> prompt from 1 to 10, whose ends stand for rewards 0 and 1, when it is that end.
    /// </summary>
    public static Grade Of(Judgement judgement, Label label) => judgement.Outcome switch
    {
        JudgementOutcome.Failed => Grade.NoAnswer,
        JudgementOutcome.Valid => IsCorrect(judgement, label) is not { } correct ? Grade.NoVerdict : correct ? Grade.Correct : Grade.Incorrect,
        _ => Grade.NoVerdict,
    };

    /// <summary>The outcome reward of SPCT's and RM-R1's RL (arXiv 2505.02387): +1 for correct, −1 for all else; there is no reward for format.</summary>
    public static int Reward(Grade grade) => grade == Grade.Correct ? 1 : -1;

    private static bool? IsCorrect(Judgement judgement, Label label)
    {
        if (judgement.Pair is not null)
        {
            return label.Shown.Count == 2 ? judgement.Winner is { } winner && label.Best.Contains(winner) : null;
        }

        if (judgement.Scores is not { } scores || scores.Count <= label.Shown[^1])
        {
            return null;
        }

        if (label.Truth is { } truth)
        {
            (double zero, double one) = judgement.Protocol == "grm" ? (GrmAnswer.Lowest, GrmAnswer.Highest) : judgement.Scale is [var low, var high] ? (low, high) : (0, 1);
            return scores[label.Shown[0]] == (truth == 1 ? one : zero);
        }

        double best = label.Best.Max(i => scores[i]);
        return label.Shown.All(i => label.Best.Contains(i) || scores[i] < best);
    }
}
