using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Verdicts;

public sealed class ResamplingTests
{
    private static readonly SchemeOptions Options = new() { Kind = JudgingKind.Pairwise };

    [Fact]
    public void One_judgement_is_right_as_often_as_the_record_says_and_all_of_them_as_often_as_the_vote()
    {
        RolloutLedger[] record = Record(60, 15, 0.75);
        IReadOnlyList<ResampleResult> results = Resampling.Run(
            new ResampleRequest { Options = Options, Samples = [1, 5, 99], Resamples = 200, Rules = [VotingRule.Majority] }, record);
        Assert.Equal(3, results.Count);
        double single = record.Average(r => r.Ledger.Average(j => j.Winner == 0 ? 1.0 : 0));
        double whole = record.Average(r => r.Ledger.Count(j => j.Winner == 0) > 7 ? 1.0 : 0);
        Assert.Equal(single, results[0].Accuracy.Mean, 0.02);
        Assert.Equal(new Spread(1, 1, 1), results[0].Judgements);
        Assert.Equal(whole, results[2].Accuracy.Mean, 9);
        Assert.Equal(15, results[2].Judgements.Mean, 9);
        Assert.True(results[0].Accuracy.Low < results[0].Accuracy.Mean && results[0].Accuracy.Mean < results[0].Accuracy.High);
        Assert.InRange(results[1].Accuracy.Mean, results[0].Accuracy.Mean, results[2].Accuracy.Mean);
    }

    [Fact]
    public void A_policy_spends_less_where_judgements_agree()
    {
        ResampleRequest request = new()
        {
            Options = Options,
            Samples = [],
            Policies = [new PolicyOptions { Kind = PolicyKind.Adaptive }, new PolicyOptions { Kind = PolicyKind.Certified }],
            Resamples = 20,
        };
        IReadOnlyList<ResampleResult> clear = Resampling.Run(request, Record(20, 30, 1));
        IReadOnlyList<ResampleResult> open = Resampling.Run(request, Record(20, 30, 0.6));
        Assert.Equal(4, clear[0].Judgements.Mean, 9);
        Assert.Equal(8, clear[1].Judgements.Mean, 9);
        Assert.True(open[0].Judgements.Mean > 8);
        Assert.True(open[1].Judgements.Mean > open[0].Judgements.Mean);
    }

    [Fact]
    public void The_same_seed_gives_the_same_results_on_any_number_of_threads()
    {
        ResampleRequest request = new() { Options = Options, Resamples = 16, Seed = 4, Policies = [new PolicyOptions { Kind = PolicyKind.Adaptive }] };
        RolloutLedger[] record = Record(10, 12, 0.7);
        Assert.Equal(Resampling.Run(request, record), Resampling.Run(request, [.. record.Select(r => r with { Ledger = [.. r.Ledger.Reverse()] })], parallelism: 4));
        Assert.NotEqual(Resampling.Run(request, record), Resampling.Run(request with { Seed = 5 }, record));
    }

    [Fact]
    public void A_replay_goes_as_far_as_its_policy()
    {
        RolloutLedger record = Record(1, 20, 1)[0];
        SchemeOptions adaptive = Options with { Policy = new PolicyOptions { Kind = PolicyKind.Adaptive } };
        Assert.Equal(new RecordedReplay(4, StopReason.Confident), RecordedReplay.Run(adaptive, record.Rollout, record.Ledger));
        Assert.Equal(new RecordedReplay(8, StopReason.Fixed), RecordedReplay.Run(Options, record.Rollout, record.Ledger));
        Assert.Equal(new RecordedReplay(3, StopReason.Exhausted), RecordedReplay.Run(adaptive, record.Rollout, [.. record.Ledger.Take(3)]));
        SchemeOptions budget = Options with { Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 5 } };
        Assert.Contains("policy.kind", Assert.Throws<ProblemsException>(() => RecordedReplay.Run(budget, record.Rollout, record.Ledger)).Message);
    }

    [Fact]
    public void Without_labels_there_is_nothing_to_resample() =>
        Assert.Throws<ProblemsException>(() => Resampling.Run(new ResampleRequest { Options = Options }, [new RolloutLedger(Ledgers.Rollout(2), [Ledgers.Pair(0, 0, 1, 0)])]));

    // Response 0 is the best; each judgement finds it with the same probability.
    private static RolloutLedger[] Record(int rollouts, int judgements, double right)
    {
        var random = new SeededRandom(77);
        var record = new RolloutLedger[rollouts];
        for (int i = 0; i < rollouts; i++)
        {
            var ledger = new Judgement[judgements];
            for (int s = 0; s < judgements; s++)
            {
                ledger[s] = Ledgers.Pair(s, 0, 1, random.NextDouble() < right ? 0 : 1, id: $"q{i}");
            }

            record[i] = new RolloutLedger(Ledgers.Rollout(2, $"q{i}") with { Best = [0] }, ledger);
        }

        return record;
    }
}
