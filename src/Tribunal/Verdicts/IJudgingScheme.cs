using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.Verdicts;

/// <summary>One judgement to draw.</summary>
/// <param name="Sample">Its number inside the rollout.</param>
/// <param name="Order">Displayed position → original index.</param>
/// <param name="Pair">The two original indexes, ascending, for pair judges; null for lists.</param>
public sealed record Draw(int Sample, IReadOnlyList<int> Order, IReadOnlyList<int>? Pair);

/// <summary>What a rollout needs next.</summary>
/// <param name="Draws">Judgements to draw now; empty when sampling is over.</param>
/// <param name="Stop">Why sampling is over, when it is.</param>
public sealed record NextDraws(IReadOnlyList<Draw> Draws, StopReason? Stop);

/// <summary>
/// How a rollout is judged: which judgements to draw next, and the verdict over what was drawn. Policies, tournaments,
/// meta filter and voting rules compose into one. Pure functions of the ledger: the same judgements, in any order, give
/// the same answer, so that an interrupted run continues as if it had not been. A round that is partly drawn is
/// completed before anything new is decided.
/// </summary>
public interface IJudgingScheme
{
    /// <summary>What to draw next.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="ledger">Every judgement that the ledger holds of it, in any order; each sample at most once.</param>
    /// <param name="allowance">The most judgements this rollout may have in all, where a batch-wide budget says so.</param>
    NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null);

    /// <summary>The verdict over what the ledger holds.</summary>
    Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop);

    /// <summary>
    /// The verdict over what the ledger holds, ended for the reason that <see cref="Next"/> gives; one that more judgements would
    /// belong to was ended by a limit.
    /// </summary>
    Verdict Conclude(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        NextDraws next = Next(rollout, ledger, allowance);
        return Cast(rollout, ledger, next.Draws.Count == 0 ? next.Stop : ledger.Count == 0 ? null : StopReason.Budget);
    }
}
