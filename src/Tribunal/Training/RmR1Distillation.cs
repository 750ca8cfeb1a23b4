using Tribunal.Judgements;

namespace Tribunal.Training;

/// <summary>
/// Distillation of RM-R1 (arXiv 2505.02387): a trace is kept when the expected verdict, <c>[[A]]</c> or <c>[[B]]</c>, stands in
/// its last 100 characters. White space at the end does not count, and an end that holds both verdicts has none. Traces that
/// were cut off or declined are dropped whatever they hold; so are hinted ones, which the paper does not have.
/// </summary>
internal sealed class RmR1Distillation : IFormRule
{
    /// <summary>The window, in characters.</summary>
    public const int Window = 100;

    public string? Protocol => "rm-r1";

    public IEnumerable<Trajectory> Decide(IReadOnlyList<Trajectory> item) => item.Select(Decide);

    private static Trajectory Decide(Trajectory trajectory)
    {
        TracedJudgement judgement = trajectory.Judgement;
        if (judgement.Hinted)
        {
            return trajectory.Drop(DropReason.Hinted);
        }

        if (judgement.Outcome is JudgementOutcome.Failed or JudgementOutcome.Refused or JudgementOutcome.Truncated)
        {
            return trajectory.Drop(trajectory.Fault);
        }

        bool first = trajectory.Label!.Best.Contains(judgement.Order[0]);
        (string expected, string other) = first ? ("[[A]]", "[[B]]") : ("[[B]]", "[[A]]");
        string text = judgement.Text ?? "";
        ReadOnlySpan<char> end = text.AsSpan().TrimEnd();
        end = end[Math.Max(0, end.Length - Window)..];
        return (end.Contains(expected, StringComparison.Ordinal), end.Contains(other, StringComparison.Ordinal)) switch
        {
            (true, false) => trajectory.Keep(1),
            (false, true) => trajectory.Drop(DropReason.Incorrect),
            (true, true) => trajectory.Drop(DropReason.Unparsable),
            _ when string.IsNullOrWhiteSpace(text) => trajectory.Drop(DropReason.NoText),
            _ => trajectory.Drop(text.Contains(expected, StringComparison.Ordinal) ? DropReason.VerdictElsewhere : DropReason.Unparsable),
        };
    }
}
