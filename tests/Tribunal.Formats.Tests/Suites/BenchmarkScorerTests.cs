using System.Text;
using System.Text.Json;
using Tribunal.Benchmarks;
using Tribunal.Calibration;
using Tribunal.Formats.Suites;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Tests.Suites;

public sealed class BenchmarkScorerTests
{
    private static readonly Rollout[] Items =
    [
        .. Enumerable.Range(0, 2).Select(static i => new Rollout
        {
            Id = $"r{i}", Prompt = [new Message("user", "p")], Responses = [new Response("a"), new Response("b")], Best = [0], Domain = "Natural",
        }),
    ];

    [Fact]
    public async Task The_authors_rule_on_one_judgement_stands_beside_the_vote()
    {
        // The first game of r0 is wrong, and so is one of four; three votes of four put it right.
        BenchmarkResult result = await ScoreAsync(
            [Game("r0", 0, 0, 1), Game("r0", 1, 1, 0), Game("r0", 2, 0, 0), Game("r0", 3, 1, 0), Game("r1", 0, 0, 0), Game("r1", 1, 1, 0)]);
        Assert.Equal((0.75, 1.0), (result.Single.Overall!.Value, result.Vote.Overall!.Value));
        Assert.Equal(("GPT-4", "imported", 3.0), (result.Judge, result.Protocol, result.JudgementsPerItem));
        Assert.StartsWith("GPT-4 imported: llmbar 100.0 by vote of 3, 75.0 by one judgement; 2 items", result.Line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_item_without_judgements_is_undecided_not_left_out()
    {
        BenchmarkResult result = await ScoreAsync([Game("r0", 0, 0, 0), Game("r0", 1, 1, 0)]);
        Assert.Equal((2, 1, 0.5), (result.Vote.Items, result.Vote.Undecided, result.Vote.Overall!.Value));
    }

    [Fact]
    public async Task Judgements_about_something_else_are_refused() =>
        await Assert.ThrowsAsync<BenchmarkDataException>(() => ScoreAsync([Game("other", 0, 0, 0)]));

    [Fact]
    public async Task Verdicts_of_a_run_are_looked_up()
    {
        var verdict = new Verdict { Id = "r1", Status = VerdictStatus.Scored, Rewards = [0.9, 0.1], Votes = new VoteCounts() };
        Func<Rollout, IReadOnlyList<Judgement>, Verdict?> vote = await BenchmarkScorer.VerdictsAsync(new[] { verdict }.ToAsyncEnumerable());
        Assert.Equal([0.9, 0.1], vote(Items[1], [])!.Rewards);
        Assert.Null(vote(Items[0], []));
    }

    private static async Task<BenchmarkResult> ScoreAsync(Judgement[] ledger)
    {
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise });
        return await BenchmarkScorer.ScoreAsync(BenchmarkSuites.Find("llmbar")!, Items.ToAsyncEnumerable(), ledger.ToAsyncEnumerable(), (item, own) => own.Count == 0 ? null : scheme.Cast(item, own, null));
    }

    private static Judgement Game(string rollout, int sample, int first, int winner) => new()
    {
        RolloutId = rollout,
        Sample = sample,
        Protocol = "imported",
        Judge = "GPT-4",
        Order = first == 0 ? [0, 1] : [1, 0],
        Pair = [0, 1],
        Outcome = JudgementOutcome.Valid,
        Winner = winner,
    };
}
