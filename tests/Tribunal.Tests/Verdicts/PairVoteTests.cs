using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Verdicts;

public sealed class PairVoteTests
{
    private static readonly SchemeOptions Plain = new() { Kind = JudgingKind.Pairwise, Policy = new PolicyOptions { Samples = 4 } };

    [Fact]
    public void Two_responses_are_one_match_with_balanced_orders()
    {
        Rollout rollout = Ledgers.Rollout(2);
        NextDraws next = JudgingSchemes.Create(Plain).Next(rollout, []);
        Assert.Equal([0, 1, 2, 3], next.Draws.Select(d => d.Sample));
        Assert.All(next.Draws, d => Assert.Equal([0, 1], d.Pair!));
        Assert.Equal(2, next.Draws.Count(d => d.Order[0] == 0));
    }

    [Fact]
    public void The_reward_of_a_unanimous_pair_is_finite_and_grows_with_votes()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Plain);
        double[] rewards = [.. new[] { 1, 4, 32 }.Select(k => scheme.Cast(
            Ledgers.Rollout(2), [.. Enumerable.Range(0, k).Select(s => Ledgers.Pair(s, 0, 1, 1))], StopReason.Fixed).Rewards![1])];
        Assert.Equal(rewards.Order(), rewards);
        Assert.InRange(rewards[0], 0.6, 0.9);
        Assert.InRange(rewards[2], 0.95, 0.9999);
    }

    [Fact]
    public void Confidence_is_the_beta_posterior()
    {
        // Three votes to none: 1 − I_½(4, 1) = 1 − ½⁴.
        Verdict verdict = JudgingSchemes.Create(Plain with { Rule = VotingRule.Majority }).Cast(
            Ledgers.Rollout(2), [Ledgers.Pair(0, 0, 1, 1), Ledgers.Pair(1, 0, 1, 1), Ledgers.Pair(2, 0, 1, 1)], StopReason.Fixed);
        Assert.Equal(0.9375, verdict.Confidence!.Value, 12);
        Assert.Equal([0, 1], verdict.Rewards!);
    }

    [Fact]
    public void A_fit_says_how_far_its_lead_can_be_believed()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Plain with { Rule = VotingRule.BradleyTerryDavidson });
        double Width(int votes)
        {
            List<Judgement> ledger = [.. Enumerable.Range(0, votes).Select(s => Ledgers.Pair(s, 0, 1, s % 4 == 0 ? null : s % 4 == 1 ? 0 : 1))];
            Verdict verdict = scheme.Cast(Ledgers.Rollout(2), ledger, StopReason.Fixed);
            Assert.Equal(1, verdict.Best);
            Assert.InRange(verdict.Rewards![1], verdict.LeadInterval![0], verdict.LeadInterval[1]);
            return verdict.LeadInterval[1] - verdict.LeadInterval[0];
        }

        // A quarter of the votes are draws: four times the votes halve the interval, nearly.
        Assert.InRange(Width(64) / Width(16), 0.45, 0.65);
        Assert.Null(JudgingSchemes.Create(Plain with { Rule = VotingRule.Majority }).Cast(
            Ledgers.Rollout(2), [Ledgers.Pair(0, 0, 1, 1)], StopReason.Fixed).LeadInterval);
    }

    [Fact]
    public void More_than_two_play_every_pair()
    {
        Rollout rollout = Ledgers.Rollout(5);
        IJudgingScheme scheme = JudgingSchemes.Create(Plain);
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => Math.Max(i, j)));
        Assert.Equal(StopReason.Fixed, stop);
        Assert.Equal(40, ledger.Select(j => j.Sample).Distinct().Count());
        Verdict verdict = scheme.Cast(rollout, ledger, stop);
        Assert.Equal([4, 3, 2, 1, 0], verdict.Ranking!);
        Assert.Equal(verdict.Rewards!.Order(), verdict.Rewards!);
        Assert.Equal(0.5, verdict.Rewards!.Average(), 9);
        Assert.InRange(verdict.Confidence!.Value, 0.5, 1);
    }

    [Fact]
    public void A_cycle_leaves_all_equal()
    {
        Judgement[] ledger = [Ledgers.Pair(0, 0, 1, 0), Ledgers.Pair(1, 0, 2, 2), Ledgers.Pair(2, 1, 2, 1)];
        Verdict verdict = JudgingSchemes.Create(Plain).Cast(Ledgers.Rollout(3), ledger, StopReason.Fixed);
        Assert.All(verdict.Rewards!, r => Assert.Equal(0.5, r, 9));
        Assert.Equal(0, verdict.Margin!.Value, 9);
    }

    [Fact]
    public void The_meta_filter_works_inside_each_match()
    {
        Judgement[] ledger =
        [
            Ledgers.Pair(0, 0, 1, 0, 9), Ledgers.Pair(3, 0, 1, 1, 8),
            Ledgers.Pair(1, 0, 2, 0, -1), Ledgers.Pair(4, 0, 2, 2, -2),
        ];
        Verdict verdict = JudgingSchemes.Create(Plain with { Meta = new MetaOptions { Model = "m" }, Rule = VotingRule.Mean })
            .Cast(Ledgers.Rollout(3), ledger, StopReason.Fixed);
        Assert.Equal([1, 0, 0], verdict.Rewards!);
        Assert.Equal(2, verdict.Votes.Kept);
    }

    [Fact]
    public void One_response_alone_is_unscorable()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Plain);
        Assert.Empty(scheme.Next(Ledgers.Rollout(1), []).Draws);
        Assert.Contains("one response alone", scheme.Cast(Ledgers.Rollout(1), [], null).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Verdicts_that_name_a_third_response_are_unusable()
    {
        Judgement odd = Ledgers.Pair(0, 0, 1, 2);
        Judgement outside = Ledgers.Pair(1, 0, 7, 0);
        Verdict verdict = JudgingSchemes.Create(Plain).Cast(Ledgers.Rollout(3), [odd, outside], StopReason.Fixed);
        Assert.Equal(VerdictStatus.Unscorable, verdict.Status);
        Assert.Equal(2, verdict.Votes.Unparsable);
    }

    [Fact]
    public void Recorded_lists_and_pairs_vote_together()
    {
        Judgement[] ledger = [Ledgers.Pair(0, 0, 1, 0), Ledgers.List(1, [2, 9]), Ledgers.List(2, [3, 4]), Ledgers.List(2, [5, 5]) with { Judge = "other" }];
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(Plain with { Rule = VotingRule.Majority });
        Verdict verdict = scheme.Cast(Ledgers.Rollout(2), ledger, null);
        Assert.Equal([0.375, 0.625], verdict.Rewards!);
        Assert.Equal(4, verdict.Votes.Kept);
        Assert.Equal(1, JudgingSchemes.ForRecorded(Plain).Cast(Ledgers.Rollout(2), ledger, null).Best);
        Verdict mean = JudgingSchemes.ForRecorded(Plain with { Rule = VotingRule.Mean }).Cast(Ledgers.Rollout(2), ledger, null);
        Assert.Equal(((9 + 1 + 2 + 4) / 9.0) / 4, mean.Rewards![0], 9);
        Assert.Empty(scheme.Next(Ledgers.Rollout(2), []).Draws);
    }
}
