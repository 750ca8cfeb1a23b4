using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Activities;

/// <summary>A rollout's verdict as it stands in <c>verdicts.jsonl</c>.</summary>
internal static class VerdictCaster
{
    public static Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> drawn, RoutedRollout at, bool simulated, int? allowance)
    {
        Verdict verdict;
        IJudgingScheme scheme = at.Branch.Scheme;
        if (at.Branch.Protocol.WhyNot(rollout) is { } whyNot)
        {
            verdict = new Verdict { Id = rollout.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Reason = whyNot };
        }
        else
        {
            // A scheme that still asks for judgements was ended by the run's limit.
            NextDraws next = scheme.Next(rollout, at.Ledger, allowance);
            verdict = scheme.Cast(rollout, at.Ledger, next.Draws.Count == 0 ? next.Stop : at.Ledger.Count == 0 ? null : StopReason.Budget);
        }

        if (at is { Branch.Name: { } route, Scout: null })
        {
            // A scout that did not vote was paid for all the same.
            verdict = verdict with { Route = route, Usage = drawn.Aggregate(default(Usage), static (sum, judgement) => sum + judgement.Usage) };
        }

        int neutralised = 0;
        foreach (Judgement judgement in drawn)
        {
            neutralised = Math.Max(neutralised, judgement.Neutralised ?? 0);
        }

        return simulated || neutralised > 0
            ? verdict with { Simulated = simulated ? true : null, Neutralised = neutralised > 0 ? neutralised : null }
            : verdict;
    }
}
