using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Whole lists, a score for each response.</summary>
internal sealed class ListScheme(SchemeOptions options) : IJudgingScheme, IStatisticsReader
{
    private readonly StoppingRule _stopping = options.Stopping(options.Rule, fixedVotes: null);

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var view = LedgerView.Of(ledger);
        HashSet<int> drawn = [.. view.Judgements.Select(static judgement => judgement.Sample)];
        if (options.Seats is { } seats)
        {
            drawn.UnionWith(Enumerable.Range(0, options.MostVotes).Where(vote => seats.Skips(rollout, vote)));
        }

        Advance advance = _stopping.Next(drawn, allowance, () => Collect(options, rollout, Candidates.Of(rollout), view));
        if (advance.Stop is { } stop)
        {
            return new NextDraws([], stop);
        }

        List<Draw> draws = [];
        for (int sample = 0; sample < advance.Upto; sample++)
        {
            if (!drawn.Contains(sample))
            {
                draws.Add(options.ListDraw(rollout, sample));
            }
        }

        return new NextDraws(draws, null);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        var candidates = Candidates.Of(rollout);
        return TableVerdict.Cast(rollout, view, Collect(options, rollout, candidates, view), candidates, options, stop);
    }

    public int MatchCount(Rollout rollout) => 1;

    public IReadOnlyList<Judgement> Within(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance) =>
        [.. LedgerView.Of(ledger).Judgements.Where(judgement => judgement.Sample < allowance)];

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        var candidates = Candidates.Of(rollout);
        VoteTable votes = Collect(options, rollout, candidates, LedgerView.Of(ledger));
        int rows = votes.Below(allowance);
        double[] weights = new double[rows];
        bool any = votes.Weights(0, rows, options.Meta, weights) > 0;
        if (!any || candidates.Count < 2)
        {
            return new RolloutStatistics { Drawn = allowance, Valid = rows, Margin = 0, Variance = 0, Closed = rows > 0 || allowance >= StoppingRule.Inseparable };
        }

        double[] rewards = Tally.Rewards(votes, rows, weights, options.Rule, out _);
        int[] ranking = RankedRewards.Of(rewards, 0).Ranking;
        PairComparison pair = PairComparison.Between(votes, rows, weights, ranking[0], ranking[1], majority: options.Rule == VotingRule.Majority);
        votes.Soften(rows, options.Meta, weights);
        return new RolloutStatistics
        {
            Drawn = allowance,
            Valid = rows,
            Margin = Math.Max(pair.Mean, 0),
            Rise = options.Learned is { IsFitted: true } learned ? more => JudgeOutlook.Of(learned, votes, rows, weights, options.Rule, ranking[0], allowance, allowance + more).Gain : null,
            Variance = pair.Variance,
            Closed = pair.Balanced && rows >= StoppingRule.Inseparable,
        };
    }

    internal static VoteTable Collect(SchemeOptions options, Rollout rollout, Candidates candidates, LedgerView view)
    {
        var votes = new VoteTable(candidates.Count, mirrored: candidates.Responses == 2 && options.Seats is null, options.MetaModel, members: options.Members) { Domain = rollout.Domain };
        foreach (Judgement judgement in view.Judgements)
        {
            if (judgement.Outcome == JudgementOutcome.Valid && !votes.AddScores(judgement.Sample, judgement, candidates, options.ScoreRange, options.WeightOf(judgement)))
            {
                votes.Unusable++;
            }
        }

        return votes;
    }
}
