using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Whole lists, a score for each response.</summary>
internal sealed class ListScheme(SchemeOptions options) : IJudgingScheme, IStatisticsReader
{
    private readonly StoppingRule _stopping = StoppingRule.Create(options.Policy, options.Meta, options.Rule, votes: null);

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var drawn = new SlotSet();
        for (int i = 0; i < ledger.Count; i++)
        {
            if (!ledger[i].Hinted)
            {
                drawn.Add(ledger[i].Sample);
            }
        }

        Advance advance = _stopping.Next(drawn, allowance, () => Collect(rollout, LedgerView.Of(ledger)));
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

    public int MatchCount(Rollout rollout) => 1;

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        Ballots ballots = Collect(rollout, LedgerView.Of(ledger));
        int rows = ballots.Below(allowance);
        Span<double> weights = rows <= 256 ? stackalloc double[rows] : new double[rows];
        bool any = ballots.Weights(0, rows, options.Meta, weights) > 0;
        if (!any || rollout.Responses.Count < 2)
        {
            return new RolloutStatistics { Drawn = allowance, Valid = rows, Margin = 0, Variance = 0, Closed = rows > 0 || allowance >= StoppingRule.Inseparable };
        }

        double[] rewards = Tally.Rewards(ballots, rows, weights, options.Rule, out _);
        int[] ranking = Standing.Of(rewards, 0).Ranking;
        Duel duel = Duel.Between(ballots, rows, weights, ranking[0], ranking[1], majority: options.Rule == VotingRule.Majority);
        return new RolloutStatistics
        {
            Drawn = allowance,
            Valid = rows,
            Margin = Math.Max(duel.Mean, 0),
            Variance = duel.Variance,
            Closed = duel.Balanced && rows >= StoppingRule.Inseparable,
        };
    }

    private Ballots Collect(Rollout rollout, LedgerView view)
    {
        int n = rollout.Responses.Count;
        var ballots = new Ballots(n, view.Judgements.Length, mirrored: n == 2, options.MetaModel);
        view.Unusable = 0;
        foreach (Judgement judgement in view.Judgements)
        {
            if (judgement.Outcome == JudgementOutcome.Valid && !ballots.AddScores(judgement.Sample, judgement, options.ScoreRange, options.WeightOf(judgement)))
            {
                view.Unusable++;
            }
        }

        return ballots;
    }
}
