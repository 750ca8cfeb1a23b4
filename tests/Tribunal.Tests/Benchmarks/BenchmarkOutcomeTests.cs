using Tribunal.Benchmarks;
using Tribunal.Judgements;
using Tribunal.Verdicts;

using static Tribunal.Tests.Benchmarks.BenchmarkSamples;

namespace Tribunal.Tests.Benchmarks;

public sealed class BenchmarkOutcomeTests
{
    [Fact]
    public void A_single_judgement_is_the_first_sample_whatever_became_of_it()
    {
        BenchmarkOutcome first = BenchmarkOutcome.Single(Record("a", null, 3), [List(1, [0, 1, 2], 1, 2, 3), List(0, [2, 1, 0], 3, 2, 1)]);
        Assert.Equal(1, first.Compare(0, 2));
        Assert.Equal(-1, first.Compare(2, 1));
        BenchmarkOutcome broken = BenchmarkOutcome.Single(Record("a", null, 3), [List(1, [0, 1, 2], 1, 2, 3), List(0, [2, 1, 0], null)]);
        Assert.Null(broken.Compare(0, 2));
        Assert.Null(BenchmarkOutcome.Single(Record("a", null, 3), []).Compare(0, 1));
    }

    [Fact]
    public void A_classic_reward_model_is_compared_by_its_own_numbers_and_plays_one_game()
    {
        Judgement scalar = List(0, [1, 0], 0.98, 0.97) with { Protocol = "skywork-reward", Logits = [30, 25] };
        BenchmarkOutcome single = BenchmarkOutcome.Single(Record("a", null, 2), [scalar]);
        Assert.Equal([30, 25], single.Rewards);
        Assert.Null(single.Games);
        Assert.Equal(1, single.Compare(0, 1));
        var verdict = new Verdict { Id = "a", Status = VerdictStatus.Scored, Rewards = [0.98, 0.97], Votes = new VoteCounts() };
        Assert.Equal([29, 24], BenchmarkOutcome.Voted(Record("a", null, 2), verdict, [scalar, scalar with { Sample = 1, Logits = [28, 23] }]).Rewards);

        // Beside another judge there is nothing but the vote.
        Assert.Equal([0.98, 0.97], BenchmarkOutcome.Voted(Record("a", null, 2), verdict, [scalar, List(1, [0, 1], 1, 2)]).Rewards);
    }

    [Theory]
    [InlineData("judgebench", "livebench-math-x")]
    [InlineData("llmbar", "Natural")]
    [InlineData("rewardbench2", "Math")]
    public void A_suite_counts_a_classic_reward_model_right_where_the_chosen_response_has_more(string suite, string domain)
    {
        BenchmarkOutcome[] outcomes =
        [
            .. ((double[][])[[2, 1], [1, 2], [45, 44], [-3, -60]]).Select((logits, i) => BenchmarkOutcome.Single(
                Record($"{i}", domain, 2, 0), [List(0, [1, 0], 0.5, 0.5) with { Protocol = "skywork-reward", Logits = logits }])),
        ];
        BenchmarkScore score = BenchmarkSuites.Find(suite)!.Score(outcomes);
        BenchmarkSection section = Assert.Single(score.Sections, static section => section.Items > 0);
        Assert.Equal((0.75, 0), (section.Score!.Value, section.Undecided));
    }

    [Fact]
    public void Every_pair_counts_its_first_game()
    {
        BenchmarkOutcome outcome = BenchmarkOutcome.Single(
            Record("a", null, 3),
            [Pair(0, 0, 1, 0), Pair(1, 0, 2, null), Pair(2, 1, 2, 1, outcome: JudgementOutcome.Truncated), Pair(3, 0, 1, 1), Pair(5, 1, 2, 2)]);
        Assert.Equal(1, outcome.Compare(0, 1));
        Assert.Equal(-1, outcome.Compare(1, 0));
        Assert.Equal(0, outcome.Compare(2, 0));
        Assert.Null(outcome.Compare(1, 2));
        Assert.Equal([1.5, 0, 0.5], outcome.Rewards);
    }

    [Fact]
    public void Games_are_the_first_judgement_in_each_order()
    {
        BenchmarkOutcome pairs = BenchmarkOutcome.Single(
            Record("a", null, 2), [Pair(0, 0, 1, 1, first: 1), Pair(1, 0, 1, 0, first: 0), Pair(2, 0, 1, 0, first: 1)]);
        Assert.Equal([0, 1], pairs.Games);
        BenchmarkOutcome lists = BenchmarkOutcome.Single(Record("a", null, 2), [List(0, [0, 1], 7, 7), List(1, [1, 0], null), List(2, [1, 0], 1, 2)]);
        Assert.Equal([-1, null], lists.Games);
    }

    [Fact]
    public void Equal_rewards_are_a_draw() => Assert.Equal(0, Rewarded(Record("a", null, 2), 0.5, 0.5).Compare(0, 1));

    [Fact]
    public void Suites_are_found_by_name()
    {
        Assert.All(BenchmarkSuites.All, static s => Assert.Same(s, BenchmarkSuites.Find(s.Name.ToUpperInvariant())));
        Assert.Equal(BenchmarkSuites.All.Count, BenchmarkSuites.All.Select(static s => s.Name).Distinct().Count());
        Assert.Null(BenchmarkSuites.Find("unknown"));
    }
}
