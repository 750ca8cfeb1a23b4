using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Verdicts;

public sealed class PanelVoteTests
{
    private static readonly Rollout Two = new() { Id = "r", Prompt = [new Message("user", "q")], Responses = [new Response("a"), new Response("b")] };

    [Fact]
    public void A_member_has_one_say_however_many_judgements_it_gave()
    {
        // Eight of one judge for the first, one of each of two others for the second.
        Judgement[] ledger = [.. Enumerable.Range(0, 8).Select(static i => Choice(i, "many", 0)), Choice(8, "one", 1), Choice(9, "other", 1)];
        Assert.Equal(0, Cast(ledger, MemberVotes.Apart).Best);
        Verdict verdict = Cast(ledger, MemberVotes.Comparisons);
        Assert.Equal(1, verdict.Best);
        Assert.Equal(10, verdict.Votes.Kept);
    }

    [Fact]
    public void Scores_on_different_scales_count_as_comparisons_in_a_panel()
    {
        // By sums the one large difference decides; by comparisons two judges against one.
        Judgement[] ledger = [List(0, "wide", [1, 10], (1, 10)), List(1, "narrow", [0.51, 0.5], (0, 1)), List(2, "tight", [3.1, 3], (1, 5))];
        Assert.Equal(1, Cast(ledger, MemberVotes.Scores).Best);
        Assert.Equal(0, Cast(ledger, MemberVotes.Comparisons).Best);
    }

    [Fact]
    public void A_list_and_the_pairs_of_a_pair_judge_weigh_the_same_over_three_responses()
    {
        Rollout three = Two with { Responses = [new Response("a"), new Response("b"), new Response("c")] };
        Judgement[] ledger =
        [
            List(0, "lists", [9, 5, 1], (1, 10)),
            Choice(3, "pairs", 1) with { Pair = [0, 1] }, Choice(4, "pairs", 2) with { Pair = [0, 2], Order = [0, 2] }, Choice(5, "pairs", 2) with { Pair = [1, 2], Order = [1, 2] },
        ];
        Verdict verdict = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise, Members = MemberVotes.Comparisons }).Cast(three, ledger, null);

        // The two say the opposite of each other everywhere: nobody leads.
        Assert.All(verdict.Rewards!, static reward => Assert.Equal(0.5, reward, 6));
    }

    private static Verdict Cast(Judgement[] ledger, MemberVotes members) =>
        JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise, Members = members }).Cast(Two, ledger, null);

    private static Judgement Choice(int sample, string judge, int winner) => new()
    {
        RolloutId = "r", Sample = sample, Protocol = "rrm", Judge = judge, Order = [0, 1], Pair = [0, 1], Outcome = JudgementOutcome.Valid, Winner = winner,
    };

    private static Judgement List(int sample, string judge, double[] scores, (double Min, double Max) scale) => new()
    {
        RolloutId = "r", Sample = sample, Protocol = $"by-{judge}", Judge = judge, Order = [.. Enumerable.Range(0, scores.Length)], Outcome = JudgementOutcome.Valid, Scores = scores, Scale = [scale.Min, scale.Max],
    };
}
