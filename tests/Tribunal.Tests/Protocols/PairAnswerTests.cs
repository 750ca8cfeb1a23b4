using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Tests.Protocols;

public sealed class PairAnswerTests
{
    [Theory]
    [InlineData("<type>Chat</type>\n<rubric>…</rubric>\n<eval>…</eval>\n<answer>[[A]]</answer>", 0, "chat")]
    [InlineData("<type>Reasoning</type>\n<solution>…</solution>\n<eval>…</eval>\n<answer>[[B]]</answer>", 1, "reasoning")]
    [InlineData("\n <type> reasoning </type><answer>[[B]]</answer>\n", 1, "reasoning")]
    [InlineData("<answer>\n[[A]]\n</answer>", 0, null)]
    [InlineData("<eval>A is better</eval>\n\n<answer>[[A]]</answer>\n</eval>", 0, null)]
    [InlineData("<think>[[B]] at first sight</think><answer>[[A]]</answer>", 0, null)]
    [InlineData("[[A]] it is: <answer>[[A]]</answer>", 0, null)]
    [InlineData("<type>Essay</type><answer>[[A]]</answer>", 0, null)]
    public void Rm_r1_reads_the_answer_element_at_the_end(string text, int winner, string? task)
    {
        Reading reading = Samples.RmR1.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Valid, reading.Outcome);
        Assert.Equal(winner, reading.Winner);
        Assert.Equal(task, reading.Task);
        Assert.Null(reading.Scores);
    }

    [Theory]
    [InlineData("<eval>[[B]] is what it asks for</eval><answer>[[A]]</answer>", "both [[A]] and [[B]]")]
    [InlineData("<answer>[[A]]</answer><answer>[[B]]</answer>", "both [[A]] and [[B]]")]
    [InlineData("I think [[A]]", "not inside <answer>")]
    [InlineData("<answer>[[A]]", "not inside <answer>")]
    [InlineData("<answer>A</answer>", "no <answer>[[A]]")]
    [InlineData("<answer>[[A/B]]</answer>", "no <answer>[[A]]")]
    [InlineData("<answer>[[C]]</answer>", "no <answer>[[A]]")]
    [InlineData("<answer>[[a]]</answer>", "no <answer>[[A]]")]
    [InlineData("<answer>⟦⟦A⟧⟧</answer>", "no <answer>[[A]]")]
    [InlineData("<answer>[[A]]</answer> On second thoughts there is a great deal more to say about this matter, and I will say it.", "last 80 characters")]
    [InlineData("", "the answer is empty")]
    public void Rm_r1_has_no_verdict_elsewhere(string text, string why)
    {
        Reading reading = Samples.RmR1.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Unparsable, reading.Outcome);
        Assert.Null(reading.Winner);
        Assert.Contains(why, reading.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void The_task_type_is_kept_when_there_is_no_verdict() =>
        Assert.Equal("chat", Samples.RmR1.Read(Samples.Reply("<type>Chat</type> [[A]] [[B]]"), shown: 2).Task);

    [Theory]
    [InlineData("<think>hm</think>\\boxed{Assistant 1}", 0)]
    [InlineData("hm</think>\n\nThe verdict is \\boxed{Assistant 2}.", 1)]
    [InlineData("hm</think>\\boxed{Solution 2}", 1)]
    [InlineData("hm</think>$\\boxed{\\text{Assistant 1}}$", 0)]
    [InlineData("hm</think>$\\boxed{\\text{ Solution 1 }}$", 0)]
    [InlineData("\\boxed{Assistant 1}</think>\\boxed{Assistant 2}", 1)]
    [InlineData("hm</think>It quotes \\boxed{Assistant 1} and \\boxed{42}. \\boxed{Assistant 2}", 1)]
    [InlineData("hm</think>\\boxed{assistant 2}", 1)]
    [InlineData("hm</think>\\boxed{Assistant 1}, though it says \\boxed{42}", 0)]
    [InlineData("a</think>\\boxed{Assistant 1}</think>\\boxed{Assistant 2}", 1)]
    public void Rrm_reads_the_last_box_after_the_thinking(string text, int winner)
    {
        Reading reading = Samples.Rrm.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Valid, reading.Outcome);
        Assert.Equal(winner, reading.Winner);
    }

    [Theory]
    [InlineData("\\boxed{Assistant 1}", "there is no </think>")]
    [InlineData("<think>\\boxed{Assistant 1}", "the thinking never ended")]
    [InlineData("\\boxed{Assistant 1}</think>", "the answer is empty")]
    [InlineData("\\boxed{Assistant 1}</think>It is close.", "no \\boxed")]
    [InlineData("hm</think>\\boxed{Assistant 3}", "neither")]
    [InlineData("hm</think>\\boxed{Assistant 1 or Assistant 2}", "neither")]
    [InlineData("hm</think>\\boxed{Assistant 1", "no \\boxed")]
    public void Rrm_has_no_verdict_elsewhere(string text, string why)
    {
        Reading reading = Samples.Rrm.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Unparsable, reading.Outcome);
        Assert.Null(reading.Winner);
        Assert.Contains(why, reading.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_thinking_rm_r1_counts_only_after_its_thinking()
    {
        Assert.Equal(0, Samples.RmR1Thinking.Read(Samples.Reply("[[B]]?</think><answer>[[A]]</answer>"), 2).Winner);
        Assert.Equal("there is no </think>, and the server reported no reasoning apart from the answer", Samples.RmR1Thinking.Read(Samples.Reply("<answer>[[A]]</answer>"), 2).Why);
        Assert.Equal("the thinking never ended", Samples.RmR1Thinking.Read(Samples.Reply("<think><answer>[[A]]</answer>"), 2).Why);
    }

    [Fact]
    public void Thinking_kept_apart_by_the_server_makes_the_text_the_answer_and_is_never_read()
    {
        var reply = new JudgeReply { Text = "<answer>[[A]]</answer>", Reasoning = "<answer>[[B]]</answer>", Finish = "stop" };
        Assert.Equal(0, Samples.RmR1Thinking.Read(reply, 2).Winner);
        Assert.Equal(1, Samples.Rrm.Read(new JudgeReply { Text = "\\boxed{Assistant 2}", Reasoning = "\\boxed{Assistant 1}" }, 2).Winner);

        var thoughtsOnly = new JudgeReply { Text = "", Reasoning = "Scores: \\boxed{8, 7} <answer>[[B]]</answer> \\boxed{Assistant 1}", Finish = "stop" };
        foreach (IProtocol protocol in (IProtocol[])[Samples.Grm, Samples.RmR1, Samples.RmR1Thinking, Samples.Rrm])
        {
            Reading reading = protocol.Read(thoughtsOnly, 2);
            Assert.Equal((JudgementOutcome.Unparsable, "the answer is empty: all that came stands in the server's reasoning field"), (reading.Outcome, reading.Why));
        }
    }
}
