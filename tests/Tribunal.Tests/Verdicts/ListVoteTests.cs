using CsCheck;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Verdicts;

public sealed class ListVoteTests
{
    private static readonly SchemeOptions Plain = new() { Kind = JudgingKind.Listwise, Policy = new PolicyOptions { Samples = 3 } };

    // DeepSeek-GRM (arXiv 2504.02495), Table 17: samples 2 and 3 were shown reversed; scores stand here in original order.
    private static readonly Judgement[] Table17 =
    [
        Ledgers.List(0, [8, 8], -15.7781),
        Ledgers.List(1, [5, 9], 1.3126),
        Ledgers.List(2, [7, 10], 1.6739),
    ];

    [Theory]
    [InlineData(VotingRule.Auto)]
    [InlineData(VotingRule.Sum)]
    [InlineData(VotingRule.Mean)]
    public void Table_17_sums_to_20_and_27(VotingRule rule)
    {
        Verdict verdict = JudgingSchemes.Create(Plain with { Rule = rule }).Cast(Ledgers.Rollout(2), Table17, StopReason.Fixed);
        Assert.Equal(20, Total(verdict, 0, 3), 9);
        Assert.Equal(27, Total(verdict, 1, 3), 9);
        Assert.Equal(1, verdict.Best);
        Assert.Equal([1, 0], verdict.Ranking!);
        Assert.Equal(3, verdict.Votes.Kept);
        Assert.Equal(StopReason.Fixed, verdict.Stop);
        Assert.Equal(new Usage(30, 15), verdict.Usage);
        Assert.Equal(7.0 / 27, verdict.Margin!.Value, 9);
        Assert.InRange(verdict.Confidence!.Value, 0.8, 0.99);
    }

    [Fact]
    public void Table_17_with_the_meta_filter_drops_the_first_sample()
    {
        SchemeOptions options = Plain with { Meta = new MetaOptions { Model = "meta" } };
        Verdict verdict = JudgingSchemes.Create(options).Cast(Ledgers.Rollout(2), Table17, StopReason.Fixed);
        Assert.Equal(2, verdict.Votes.Kept);
        Assert.Equal(3, verdict.Votes.Valid);
        Assert.Equal(12, Total(verdict, 0, 2), 9);
        Assert.Equal(19, Total(verdict, 1, 2), 9);
        Assert.Equal(1, verdict.Best);
    }

    [Fact]
    public void Meta_weights_are_a_softmax()
    {
        SchemeOptions options = Plain with { Meta = new MetaOptions { Model = "meta", Use = MetaUse.Weight, Temperature = 2 } };
        Verdict verdict = JudgingSchemes.Create(options).Cast(Ledgers.Rollout(2), Table17, StopReason.Fixed);
        double[] w = [.. Table17.Select(j => Math.Exp(j.Meta!.Value / 2))];
        double expected = ((w[0] * 8) + (w[1] * 5) + (w[2] * 7)) / w.Sum();
        Assert.Equal(expected, Total(verdict, 0, 1), 9);
        Assert.Equal(3, verdict.Votes.Kept);
    }

    [Fact]
    public void Judgements_without_a_verdict_are_counted_and_not_voted()
    {
        Judgement[] ledger =
        [
            .. Table17,
            Ledgers.Without(3, JudgementOutcome.Unparsable),
            Ledgers.Without(4, JudgementOutcome.Truncated),
            Ledgers.Without(5, JudgementOutcome.Refused),
            Ledgers.Without(6, JudgementOutcome.Failed),
            Ledgers.List(7, [1, 2, 3]),
            Ledgers.List(8, [double.NaN, 3]),
        ];
        Verdict verdict = JudgingSchemes.Create(Plain).Cast(Ledgers.Rollout(2), ledger, StopReason.Fixed);
        Assert.Equal(20, Total(verdict, 0, 3), 9);
        Assert.Equal(
            new VoteCounts { Drawn = 9, Valid = 3, Unparsable = 3, Truncated = 1, Refused = 1, Failed = 1, Kept = 3 }, verdict.Votes);
    }

    [Fact]
    public void Nothing_to_vote_on_is_unscorable_and_says_why()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Plain);
        Verdict none = scheme.Cast(Ledgers.Rollout(2), [], StopReason.Fixed);
        Assert.Equal(VerdictStatus.Unscorable, none.Status);
        Assert.Equal("no judgement was drawn", none.Reason);
        Assert.Null(none.Stop);
        Assert.Null(none.Rewards);
        Verdict bad = scheme.Cast(Ledgers.Rollout(2), [Ledgers.Without(0, JudgementOutcome.Truncated), Ledgers.Without(1, JudgementOutcome.Unparsable)], StopReason.Fixed);
        Assert.Equal("none of 2 judgements can be voted on: 1 unparsable, 1 truncated; first: no box", bad.Reason);
        Assert.Null(bad.Best);
        Assert.Equal(StopReason.Fixed, bad.Stop);
    }

    [Fact]
    public void One_response_has_a_reward_and_no_margin()
    {
        Verdict verdict = JudgingSchemes.Create(Plain).Cast(Ledgers.Rollout(1), [Ledgers.List(0, [7]), Ledgers.List(1, [4])], StopReason.Fixed);
        Assert.Equal(0.5, verdict.Rewards![0], 9);
        Assert.Equal(0, verdict.Best);
        Assert.Null(verdict.Margin);
    }

    [Fact]
    public void Majority_splits_a_judgement_among_its_tied_favourites()
    {
        Verdict verdict = JudgingSchemes.Create(Plain with { Rule = VotingRule.Majority })
            .Cast(Ledgers.Rollout(3), [Ledgers.List(0, [8, 8, 1]), Ledgers.List(1, [9, 5, 1])], StopReason.Fixed);
        Assert.Equal([0.75, 0.25, 0], verdict.Rewards!);
    }

    [Fact]
    public void A_fixed_policy_asks_for_what_is_missing_and_then_for_nothing()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Plain);
        Rollout rollout = Ledgers.Rollout(3);
        NextDraws next = scheme.Next(rollout, [Ledgers.List(1, [1, 2, 3])]);
        Assert.Equal([0, 2], next.Draws.Select(d => d.Sample));
        Assert.All(next.Draws, d => Assert.Equal(PresentationOrder.List(0, "r", d.Sample, 3), d.Order));
        Assert.Equal(StopReason.Fixed, Ledgers.Run(scheme, rollout, d => Ledgers.List(d.Sample, [1, 2, 3])).Stop);
        Assert.Equal(StopReason.Budget, Ledgers.Run(scheme, rollout, d => Ledgers.List(d.Sample, [1, 2, 3]), allowance: 2).Stop);
    }

    [Fact]
    public void Ties_are_broken_by_the_seed_and_evenly()
    {
        Rollout rollout = Ledgers.Rollout(2);
        int first = Enumerable.Range(0, 2000).Count(seed =>
            JudgingSchemes.Create(Plain with { Seed = seed }).Cast(rollout, [Ledgers.List(0, [8, 8])], StopReason.Fixed).Best == 0);
        Assert.InRange(first, 900, 1100);
    }

    [Fact]
    public void The_ledgers_order_does_not_matter() =>
        Gen.Select(Gen.Double[1, 10].Array[3], Gen.Double[-5, 5], Gen.Bool).Array[1, 24]
            .SelectMany(rows => Gen.Select(Gen.Const(rows), Gen.Shuffle(Enumerable.Range(0, rows.Length).ToArray()), Gen.Enum<VotingRule>(), Gen.Enum<MetaUse>()))
            .Sample((rows, order, rule, use) =>
            {
                Judgement[] ledger = [.. rows.Select((row, i) => Ledgers.List(i, row.Item1, row.Item3 ? row.Item2 : null))];
                IJudgingScheme scheme = JudgingSchemes.Create(Plain with { Rule = rule, Meta = new MetaOptions { Model = "m", Use = use } });
                Verdict sorted = scheme.Cast(Ledgers.Rollout(3), ledger, StopReason.Fixed);
                Verdict shuffled = scheme.Cast(Ledgers.Rollout(3), [.. order.Select(i => ledger[i])], StopReason.Fixed);
                Assert.Equal(Json(sorted), Json(shuffled));
            }, iter: 300);

    [Fact]
    public void Wrong_options_are_named()
    {
        SchemeOptions options = new()
        {
            Kind = JudgingKind.Listwise,
            Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Min = 9, Max = 8, Confidence = 1 },
            Meta = new MetaOptions { Keep = 0 },
            Tournament = new Tribunal.Tournaments.TournamentOptions { Kind = Tribunal.Tournaments.TournamentKind.Knockout },
            ScoreRange = (1, 1),
        };
        string message = Assert.Throws<ProblemsException>(() => JudgingSchemes.Create(options)).Message;
        Assert.All(["policy.min", "policy.confidence", "meta.keep", "tournament.kind", "scoreRange"], name => Assert.Contains(name, message));
    }

    internal static string Json(Verdict verdict) => System.Text.Json.JsonSerializer.Serialize(verdict, TribunalJson.Default.Verdict);

    private static double Total(Verdict verdict, int response, int samples) => samples * (1 + (9 * verdict.Rewards![response]));
}
