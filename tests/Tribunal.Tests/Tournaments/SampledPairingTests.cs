using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Tournaments;

public sealed class SampledPairingTests
{
    [Fact]
    public void Each_meets_its_random_opponents_and_the_seed_says_which()
    {
        (int A, int B)[] pairs = OneRound.Random(16, 4, 7).Next([])!;
        Assert.Equal(pairs.Length, pairs.Distinct().Count());
        Assert.All(Enumerable.Range(0, 16), i => Assert.InRange(pairs.Count(pair => pair.A == i || pair.B == i), 4, 15));
        Assert.InRange(pairs.Length, 32, 64);
        Assert.Equal(pairs, OneRound.Random(16, 4, 7).Next([])!);
        Assert.NotEqual(pairs, OneRound.Random(16, 4, 8).Next([])!);
        Assert.Null(OneRound.Random(16, 4, 7).Next([[]]));
        Assert.Equal(6, OneRound.Random(4, 9, 1).Next([])!.Length);
    }

    [Fact]
    public void Everyone_meets_the_anchors_and_nobody_else()
    {
        (int A, int B)[] pairs = OneRound.Anchors(10, 2, 3).Next([])!;
        Assert.Equal(17, pairs.Length);
        Assert.Equal(2, Enumerable.Range(0, 10).Count(i => pairs.Count(pair => pair.A == i || pair.B == i) == 9));
    }

    [Fact]
    public void Ratings_are_RRMs_reward_once_scaled()
    {
        // Three candidates, all pairs, the golden matches of evalica's round robin at k = 30: pizza beats burger, sushi beats burger, a draw.
        var options = new SchemeOptions
        {
            Kind = JudgingKind.Pairwise,
            Policy = new PolicyOptions { Samples = 1 },
            Tournament = new TournamentOptions { Kind = TournamentKind.Random, Opponents = 2, Rating = RatingKind.Elo, KeepRatings = true, Votes = 1 },
        };
        var rollout = new Rollout { Id = "r", Prompt = [new Message("user", "P")], Responses = [new Response("pizza"), new Response("burger"), new Response("sushi")] };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        Judgement[] ledger = [.. scheme.Next(rollout, []).Draws.Select(draw => new Judgement
        {
            RolloutId = "r",
            Sample = draw.Sample,
            Protocol = "rrm",
            Judge = "j",
            Order = draw.Order,
            Pair = draw.Pair,
            Outcome = JudgementOutcome.Valid,
            Winner = draw.Pair!.Contains(1) ? draw.Pair!.Single(static i => i != 1) : null,
        })];
        Assert.Equal(3, ledger.Length);
        Verdict verdict = scheme.Cast(rollout, ledger, StopReason.Fixed);
        Assert.Equal(3000, verdict.Ratings!.Sum(), 6);
        Assert.InRange(verdict.Ratings![0], 1014, 1016);
        Assert.InRange(verdict.Ratings[1], 969, 971.5);
        Assert.Null((JudgingSchemes.Create(options with { Tournament = options.Tournament with { KeepRatings = false } })).Cast(rollout, ledger, StopReason.Fixed).Ratings);
    }
}
