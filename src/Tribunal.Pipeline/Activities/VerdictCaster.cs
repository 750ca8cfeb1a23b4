using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Activities;

/// <summary>A rollout's verdict as it stands in <c>verdicts.jsonl</c>.</summary>
internal static class VerdictCaster
{
    public static Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> drawn, IJudgingScheme scheme, string? whyNot, bool simulated, int? allowance)
    {
        Verdict verdict;
        if (whyNot is not null)
        {
            verdict = new Verdict { Id = rollout.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Reason = whyNot };
        }
        else
        {
            // A scheme that still asks for judgements was ended by the run's limit.
            NextDraws next = scheme.Next(rollout, drawn, allowance);
            verdict = scheme.Cast(rollout, drawn, next.Draws.Count == 0 ? next.Stop : drawn.Count == 0 ? null : StopReason.Budget);
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
