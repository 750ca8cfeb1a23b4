using Tribunal.Judgements;

namespace Tribunal.Training;

/// <summary>
/// The rule reward of RRM's training code (arXiv 2505.14674, its repository): +1 when the boxed assistant is the preferred one,
/// −1 when it is not, when the verdict can't be read, and when <c>&lt;/think&gt;</c> is missing, which a generation that was
/// cut off lacks as well. What no answer came for is dropped, and so are hinted samples.
/// </summary>
internal sealed class RrmRewards : IFormRule
{
    public string? Protocol => "rrm";

    public IEnumerable<Trajectory> Decide(IReadOnlyList<Trajectory> item) => item.Select(static t =>
        t.Judgement.Hinted ? t.Drop(DropReason.Hinted)
        : t.Grade == Grade.NoAnswer ? t.Drop(DropReason.Failed)
        : t.Judgement.Outcome is JudgementOutcome.Valid or JudgementOutcome.Unparsable && !Trajectory.ThinkingEnded(t.Judgement) ? t.Keep(-1, "no-think-end")
        : t.Grade == Grade.Correct ? t.Keep(1)
        : t.Keep(-1, t.FaultName));
}
