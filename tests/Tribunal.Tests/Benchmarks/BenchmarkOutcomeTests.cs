using Tribunal.Benchmarks;
using Tribunal.Judgements;

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
