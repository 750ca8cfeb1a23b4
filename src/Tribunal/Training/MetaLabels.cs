using Tribunal.Judgements;

namespace Tribunal.Training;

/// <summary>
/// Data of SPCT's meta reward model (arXiv 2504.02495): a trajectory of non-hinted sampling, labelled by its correctness, for
/// pointwise binary cross-entropy, under the prompt it was sampled with. A finished trajectory without a readable verdict is
/// not correct. One that was cut off or declined is no critique to score, and is dropped.
/// </summary>
internal sealed class MetaLabels : IFormRule
{
    public string? Protocol => null;

    public IEnumerable<Trajectory> Decide(IReadOnlyList<Trajectory> item) => item.Select(static t =>
        t.Judgement.Hinted ? t.Drop(DropReason.Hinted)
        : t.Judgement.Outcome is JudgementOutcome.Failed or JudgementOutcome.Refused or JudgementOutcome.Truncated ? t.Drop(t.Fault)
        : t.Grade == Grade.Correct ? t.Keep(1)
        : t.Keep(-1, t.FaultName));
}
