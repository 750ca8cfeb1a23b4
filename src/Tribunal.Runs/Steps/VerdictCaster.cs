using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Steps;

/// <summary>A rollout's verdict as it stands in <c>verdicts.jsonl</c>.</summary>
internal static class VerdictCaster
{
    public static Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> drawn, RoutedRollout at, bool simulated, int? allowance)
    {
        Verdict verdict = Cast(rollout, at.Ledger, at.Branch.Scheme, at.Branch.Protocol, allowance);
        if (at is { Branch.Name: { } route, Scout: null })
        {
            // A scout that did not vote was paid for all the same.
            verdict = verdict with { Route = route, Usage = drawn.Aggregate(default(Usage), static (sum, judgement) => sum + judgement.Usage) };
        }

        return Marked(verdict, drawn, simulated);
    }

    /// <summary>The verdict over what was drawn; one that more judgements would belong to was ended by a limit.</summary>
    public static Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> drawn, IJudgingScheme scheme, IProtocol protocol, int? allowance)
    {
        if (protocol.WhyNot(rollout) is { } whyNot)
        {
            return new Verdict { Id = rollout.Id, Status = VerdictStatus.Unscorable, Votes = new VoteCounts(), Reason = whyNot };
        }

        return scheme.Conclude(rollout, drawn, allowance);
    }

    /// <summary>The verdict with what is said of all of its judgements.</summary>
    public static Verdict Marked(Verdict verdict, IReadOnlyList<Judgement> drawn, bool simulated)
    {
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
