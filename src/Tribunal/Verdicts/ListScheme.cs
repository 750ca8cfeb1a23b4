using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Whole lists, a score for each response.</summary>
internal sealed class ListScheme(SchemeOptions options) : IJudgingScheme
{
    private readonly StoppingRule _stopping = StoppingRule.Create(options.Policy, options.Meta, options.Rule, votes: null);

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var drawn = new SlotSet();
        for (int i = 0; i < ledger.Count; i++)
        {
            drawn.Add(ledger[i].Sample);
        }

        Advance advance = _stopping.Next(drawn, allowance ?? int.MaxValue, () => Collect(rollout, LedgerView.Of(ledger)));
        if (advance.Stop is { } stop)
        {
            return new NextDraws([], stop);
        }

        List<Draw> draws = [];
        for (int sample = 0; sample < advance.Upto; sample++)
        {
            if (!drawn.Has(sample))
            {
                draws.Add(new Draw(sample, PresentationOrder.List(options.Seed, rollout.Id, sample, rollout.Responses.Count), Pair: null));
            }
        }

        return new NextDraws(draws, null);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        return Election.Hold(rollout, view, Collect(rollout, view), options, stop);
    }

    private Ballots Collect(Rollout rollout, LedgerView view)
    {
        int n = rollout.Responses.Count;
        var ballots = new Ballots(n, view.Judgements.Length, mirrored: n == 2);
        view.Unusable = 0;
        foreach (Judgement judgement in view.Judgements)
        {
            if (judgement.Outcome == JudgementOutcome.Valid && !ballots.AddScores(judgement.Sample, judgement, options.ScoreRange, 1))
            {
                view.Unusable++;
            }
        }

        return ballots;
    }
}
