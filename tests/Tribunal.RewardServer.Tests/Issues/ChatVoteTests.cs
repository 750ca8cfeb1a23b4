using Tribunal.Protocols;
using Tribunal.RewardServer.Trainers;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Votes over a judge's own words.</summary>
public sealed class ChatVoteTests
{
    [Theory]
    [InlineData("Fine.\nScore: 7", "Good.\nScore: 8", "Bad.\nScore: 9", "8")]
    [InlineData("YES", "Yes.", "no", "yes")]
    [InlineData("So [[A]]", "Hm. [[B]]", "Thus [[B]]", "b")]
    [InlineData("<think>Score: 1</think>Rating: [[6]]", "Rating: [[7]]", "Rating: [[5]]", "6")]
    [InlineData("x \\boxed{8, 3}", "y \\boxed{6, 5}", "\\boxed{7, 4}", "7, 4")]
    [InlineData("Yes, it is right.", "<think>No.</think>no", "yes", "yes")]
    [InlineData("<answer>B</answer>", "<answer>A</answer>", "<answer>B</answer>", "b")]
    [InlineData("nothing to say of it", "**Winner:** model_a", "Winner: model_a", "model_a")]
    [InlineData("""{"score": 4, "why": "long words"}""", """{"score": 2, "why": "other words"}""", """{"score": 3, "why": "x y"}""", "3")]
    [InlineData("""{"winner": "A"}""", "```json\n{\"winner\": \"B\"}\n```", """{"winner": "B"}""", "b")]
    public void The_vote_is_said_in_one_of_the_answers(string one, string two, string three, string verdict)
    {
        ChatVote vote = ChatVote.Of([Reply(one), Reply(two), Reply(three)], whole: false);
        Assert.Equal(verdict, vote.Verdict);
        Assert.Equal(3, vote.Votes.Values.Sum());
        Assert.NotNull(JudgeAnswers.Read(vote.Answer.Text));
        Assert.InRange(vote.Confidence!.Value, 0.3, 1);
    }

    [Fact]
    public void A_mean_stands_where_the_number_stood()
    {
        Assert.Equal("A. Score: 7.5 of 10", ChatVote.Of([Reply("A. Score: 7 of 10"), Reply("B. Score: 8 of 10")], whole: false).Answer.Text);
        Assert.Equal("A. Score: 8 of 10", ChatVote.Of([Reply("A. Score: 7 of 10"), Reply("B. Score: 8 of 10")], whole: true).Answer.Text);
        Assert.Equal("""{"scores":[{"trajectory_id":"1","score":0.5},{"trajectory_id":"2","score":0.3}]}""", ChatVote.Of(
            [Reply("""{"scores":[{"trajectory_id":"1","score":0.6},{"trajectory_id":"2","score":0.2}]}"""), Reply("""{"scores":[{"trajectory_id":"1","score":0.4},{"trajectory_id":"2","score":0.4}]}""")],
            whole: false).Answer.Text);
    }

    [Fact]
    public void A_short_explanation_keeps_no_answer_out_of_the_vote()
    {
        ChatVote vote = ChatVote.Of(
            [Reply("""{"scores":[{"trajectory_id":"1","explanation":"Good.","score":0.6}]}"""), Reply("""{"scores":[{"trajectory_id":"1","explanation":"It says why.","score":0.8}]}""")], whole: false);
        Assert.Equal("0.7", vote.Verdict);
    }

    [Theory]
    [InlineData("Here is a poem about the sea.")]
    [InlineData("")]
    [InlineData("The score of the match was close, they say.")]
    public void What_is_no_verdict_is_passed_through(string text)
    {
        ChatVote vote = ChatVote.Of([Reply(text)], whole: false);
        Assert.Null(vote.Verdict);
        Assert.Null(vote.Confidence);
        Assert.Equal(text, vote.Answer.Text);
    }

    [Fact]
    public void An_answer_that_was_cut_off_has_no_vote()
    {
        ChatVote vote = ChatVote.Of([Reply("Score: 1") with { Finish = "length" }, Reply("Score: 9")], whole: false);
        Assert.Equal("9", vote.Verdict);
        Assert.Equal(1, vote.Votes[""]);
    }

    private static JudgeReply Reply(string text) => new() { Text = text, Finish = "stop" };
}
