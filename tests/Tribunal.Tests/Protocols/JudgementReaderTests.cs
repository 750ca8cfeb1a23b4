using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Tests.Protocols;

public sealed class JudgementReaderTests
{
    [Fact]
    public void Table_17_of_the_paper_adds_up()
    {
        // arXiv 2504.02495, Table 17: one sample in order, two shown reversed.
        Judgement[] samples =
        [
            Read(0, [0, 1], @"Scores: \boxed{8, 8}"),
            Read(1, [1, 0], @"Scores: \boxed{9, 5}"),
            Read(2, [1, 0], @"Scores: \boxed{10, 7}"),
        ];

        Assert.Equal([8, 8], samples[0].Scores!);
        Assert.Equal([5, 9], samples[1].Scores!);
        Assert.Equal([7, 10], samples[2].Scores!);
        Assert.Equal(20, samples.Sum(static s => s.Scores![0]));
        Assert.Equal(27, samples.Sum(static s => s.Scores![1]));

        static Judgement Read(int sample, int[] order, string text) =>
            JudgementReader.Read("t17", sample, seed: 1, Samples.Grm, "judge", order, pair: null, Samples.Reply(text));
    }

    [Fact]
    public void Scores_come_back_in_original_order_whatever_the_order_shown() =>
        Gen.Select(Gen.Int[1, 10].Array[1, 20], Gen.Int[0, int.MaxValue]).Sample((scores, seed) =>
        {
            int[] order = [.. Enumerable.Range(0, scores.Length)];
            new Tribunal.Rollouts.SeededRandom((ulong)seed).Shuffle<int>(order);
            string shown = string.Join(", ", order.Select(o => scores[o]));

            Judgement judgement = JudgementReader.Read("r", 0, seed, Samples.Grm, "judge", order, null, Samples.Reply($"Scores: \\boxed{{{shown}}}"));

            Assert.Equal(scores.Select(static s => (double)s), judgement.Scores!);
            Assert.Equal(order, judgement.Order);
        });

    [Fact]
    public void A_pairs_winner_is_an_original_index() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[0, 30], Gen.Bool).Where(static t => t.Item1 != t.Item2).Sample((first, second, takesFirst) =>
        {
            int[] order = [first, second];
            int[] pair = [Math.Min(first, second), Math.Max(first, second)];
            int expected = takesFirst ? first : second;
            Judgement rmR1 = JudgementReader.Read("r", 0, 0, Samples.RmR1, "j", order, pair, Samples.Reply($"<answer>[[{(takesFirst ? 'A' : 'B')}]]</answer>"));
            Judgement rrm = JudgementReader.Read("r", 0, 0, Samples.Rrm, "j", order, pair, Samples.Reply($"</think>\\boxed{{Assistant {(takesFirst ? 1 : 2)}}}"));

            Assert.Equal((expected, expected), (rmR1.Winner, rrm.Winner));
            Assert.Null(rmR1.Scores);
            Assert.Equal(pair, rmR1.Pair);
        });

    [Fact]
    public void The_line_carries_what_the_reply_carried()
    {
        var reply = new JudgeReply
        {
            Text = "<type>Chat</type><answer>[[B]]</answer>",
            Reasoning = "thoughts",
            Finish = "stop",
            Usage = new Usage(10, 20),
            Latency = TimeSpan.FromMilliseconds(1500),
            Tries = new Tries { Requests = 3, Throttled = 2 },
        };

        Judgement judgement = JudgementReader.Read("id", 7, 99, Samples.RmR1, "judge-7b", [2, 0], [0, 2], reply);

        Assert.Equal(
            new TracedJudgement
            {
                RolloutId = "id",
                Sample = 7,
                Protocol = "rm-r1",
                Judge = "judge-7b",
                Order = judgement.Order,
                Pair = judgement.Pair,
                Seed = 99,
                Outcome = JudgementOutcome.Valid,
                Finish = "stop",
                Winner = 0,
                Usage = new Usage(10, 20),
                LatencyMs = 1500,
                Text = reply.Text,
                Reasoning = "thoughts",
                Task = "chat",
                Tries = reply.Tries,
            },
            judgement);
        Assert.Null(JudgementReader.Read("id", 7, 99, Samples.RmR1, "j", [2, 0], [0, 2], reply with { Tries = new Tries() }).Tries);
    }

    [Fact]
    public void No_answer_is_a_failed_line_with_its_reason()
    {
        var gone = new JudgeException(JudgeFault.TimedOut, "no answer within 60 s", new Tries { Requests = 4, TimedOut = 4 });

        Judgement judgement = JudgementReader.Failed("id", 1, 5, Samples.Grm, "j", [0, 1], null, gone);

        Assert.Equal((JudgementOutcome.Failed, "no answer within 60 s", 4), (judgement.Outcome, judgement.Why, judgement.Tries!.TimedOut));
        Assert.Null(judgement.Scores);
    }

    [Fact]
    public void An_order_that_does_not_fit_is_a_mistake_of_the_caller()
    {
        JudgeReply reply = Samples.Reply("");
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Grm, "j", [0, 2], null, reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Grm, "j", [0, 0], null, reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Grm, "j", [0, 1], [0, 1], reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Rrm, "j", [0, 1], null, reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Rrm, "j", [0, 1], [1, 0], reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Rrm, "j", [0, 1], [0, 2], reply));
        Assert.Throws<ArgumentException>(() => JudgementReader.Read("r", 0, 0, Samples.Rrm, "j", [0, 1, 2], [0, 1], reply));
    }
}
