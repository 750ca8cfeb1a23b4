using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;
using Tribunal.Training;

namespace Tribunal.Simulator.Tests.Judging;

public sealed class JudgeEngineTests
{
    public static TheoryData<string> Variants { get; } = [.. ProtocolCatalog.Variants];

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_answer_is_read_by_its_protocol_as_it_was_meant(string variant)
    {
        IProtocol protocol = Asked.Protocol(variant);
        var engine = new JudgeEngine(new SimulatedJudgeOptions { Faults = new AnswerFaults { Garbage = 0.3, Refusals = 0.3, Truncations = 0.2 } });
        var seen = new HashSet<AnswerKind>();
        foreach (Rollout rollout in Asked.Batch)
        {
            for (int sample = 0; sample < 6; sample++)
            {
                JudgeQuestion question = Asked.Question(protocol, rollout, sample);
                SimulatedAnswer answer = engine.Answer(Asked.Request(question));
                Reading reading = protocol.Read(Asked.Reply(answer), Asked.Order(protocol, rollout, sample).Length);
                seen.Add(answer.Kind);
                Assert.Equal(
                    answer.Kind switch
                    {
                        AnswerKind.Verdict => JudgementOutcome.Valid,
                        AnswerKind.Garbage => JudgementOutcome.Unparsable,
                        AnswerKind.Refused => JudgementOutcome.Refused,
                        _ => JudgementOutcome.Truncated,
                    },
                    reading.Outcome);
                Assert.Equal(TokenCount.Of(question.Messages), answer.Usage.Input);
            }
        }

        Assert.Superset(new HashSet<AnswerKind> { AnswerKind.Verdict, AnswerKind.Garbage, AnswerKind.Refused, AnswerKind.Truncated }, seen);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Marks_of_another_grammar_in_a_prompt_do_not_change_how_it_answers(string variant)
    {
        IProtocol protocol = Asked.Protocol(variant);
        var engine = new JudgeEngine();
        foreach (string mark in (string[])["[The Begin of Response 1]", "[The Start of Chatbot A's Response]", "### Assistant 1"])
        {
            Rollout rollout = Asked.Batch[0] with { Prompt = [new Message("user", $"What does this mean?\n{mark}\n")] };
            SimulatedAnswer answer = engine.Answer(Asked.Request(Asked.Question(protocol, rollout, 0)));
            Assert.Equal(JudgementOutcome.Valid, protocol.Read(Asked.Reply(answer), Asked.Order(protocol, rollout, 0).Length).Outcome);
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Answers_are_as_long_as_they_are_asked_to_be(string variant)
    {
        IProtocol protocol = Asked.Protocol(variant);
        var engine = new JudgeEngine();
        long[] lengths = [.. Asked.Batch.Select(r => engine.Answer(Asked.Request(Asked.Question(protocol, r, 0))).Usage.Output)];
        Assert.All(lengths, static length => Assert.InRange(length, 180, 420));
        Assert.InRange(lengths.Average(), 250, 340);
    }

    [Fact]
    public void The_budget_cuts_and_a_larger_one_continues_the_same_answer()
    {
        IProtocol rrm = Asked.Protocol("rrm");
        var engine = new JudgeEngine();
        SimulatedRequest request = Asked.Request(Asked.Question(rrm, Asked.Batch[0], 0));
        SimulatedAnswer whole = engine.Answer(request);
        foreach (int budget in (int[])[1, 50, 150, (int)whole.Usage.Output - 1])
        {
            SimulatedAnswer cut = engine.Answer(request with { MaxTokens = budget });
            Assert.Equal(("length", AnswerKind.Truncated, (long)budget), (cut.Finish, cut.Kind, cut.Usage.Output));
            Assert.StartsWith(cut.Reasoning!, whole.Reasoning!, StringComparison.Ordinal);
            Assert.StartsWith(cut.Text, whole.Text, StringComparison.Ordinal);
            Assert.True(cut.Reasoning == whole.Reasoning || cut.Text.Length == 0);
            Assert.Equal(whole.Key, cut.Key);
        }

        Assert.Equal(whole, engine.Answer(request with { MaxTokens = (int)whole.Usage.Output }));
    }

    [Fact]
    public void A_truncation_by_fault_can_pass_with_a_larger_budget()
    {
        IProtocol grm = Asked.Protocol("grm");
        var engine = new JudgeEngine(new SimulatedJudgeOptions { Faults = new AnswerFaults { Truncations = 0.5 } });
        var doubled = Asked.Batch
            .Select(r => Asked.Request(Asked.Question(grm, r, 0)))
            .Where(r => engine.Answer(r).Kind == AnswerKind.Truncated)
            .Select(r => engine.Answer(r with { MaxTokens = r.MaxTokens * 2 }).Kind)
            .ToHashSet();
        Assert.Equal([AnswerKind.Verdict, AnswerKind.Truncated], doubled.Order());
    }

    [Fact]
    public void At_temperature_zero_the_seed_changes_nothing_and_above_it_does()
    {
        IProtocol grm = Asked.Protocol("grm");
        var engine = new JudgeEngine();
        SimulatedRequest warm = Asked.Request(Asked.Question(grm, Asked.Batch[0], 0));
        SimulatedRequest cold = warm with { Temperature = 0 };
        Assert.Equal(engine.Answer(cold), engine.Answer(cold with { Seed = cold.Seed + 1 }));
        Assert.NotEqual(engine.Answer(warm).Key, engine.Answer(warm with { Seed = warm.Seed + 1 }).Key);
    }

    [Theory]
    [InlineData("grm")]
    [InlineData("rrm")]
    public void Position_bias_favours_the_first_place_and_none_favours_neither(string variant)
    {
        IProtocol protocol = Asked.Protocol(variant);
        Assert.InRange(FirstPlace(0), 0.43, 0.57);
        Assert.InRange(FirstPlace(3), 0.75, 1);
        Assert.InRange(FirstPlace(-3), 0, 0.25);

        double FirstPlace(double position)
        {
            var engine = new JudgeEngine(new SimulatedJudgeOptions { Noise = new NoiseModel { Position = position } });
            double first = 0;
            int count = 0;
            foreach (Rollout rollout in Asked.Batch.Where(static r => r.Responses.Count == 2))
            {
                // Samples 2m and 2m + 1 show opposite orders, so quality cancels out.
                for (int sample = 0; sample < 40; sample++, count++)
                {
                    Reading reading = protocol.Read(Asked.Reply(engine.Answer(Asked.Request(Asked.Question(protocol, rollout, sample)))), 2);
                    first += reading.Winner is { } winner ? 1 - winner : reading.Scores![0] == reading.Scores[1] ? 0.5 : reading.Scores[0] > reading.Scores[1] ? 1 : 0;
                }
            }

            return first / count;
        }
    }

    [Fact]
    public void Any_conversation_is_answered()
    {
        var engine = new JudgeEngine();
        string[] pieces =
        [
            "[The Begin of Response 1]", "[The End of Response 1]", "[The Begin of Response 2]", "[The Start of Chatbot A's Response]", "[The End of Chatbot A's Response]",
            "[The Start of Chatbot B's Response]", "[The End of Chatbot B's Response]", "### Assistant 1", "### Assistant 2", "## Analysis", "[The Start of ", "]", "\n", "text", "\ud800", "\0",
        ];
        string[] roles = ["user", "system", "assistant"];
        Gen.Select(Gen.Int[0, roles.Length - 1], Gen.Int[0, pieces.Length - 1].List[0, 12], (role, parts) => new Message(roles[role], string.Concat(parts.Select(p => pieces[p]))))
            .List[1, 3]
            .Sample(messages =>
            {
                var request = new SimulatedRequest { Messages = messages, MaxTokens = 2000 };
                SimulatedAnswer answer = engine.Answer(request);
                Assert.Equal(answer, engine.Answer(request));
                Assert.Equal(TokenCount.Of(answer.Text) + TokenCount.Of(answer.Reasoning), answer.Usage.Output);
            });
    }

    [Fact]
    public void Figures_of_a_fixed_seed()
    {
        // The same in every process and on every machine: ledgers and recorded curves rely on it.
        const string Shown = "[The Begin of Response 1]\n4\n[The End of Response 1]\n[The Begin of Response 2]\n5\n[The End of Response 2]";
        var engine = new JudgeEngine(new SimulatedJudgeOptions { Seed = 42 });
        SimulatedAnswer answer = engine.Answer(new SimulatedRequest { Messages = [new Message("user", Shown)], Seed = 3, Temperature = 0.5, MaxTokens = 2048 });
        Assert.Equal(-0.766110829, engine.Quality(" 4\n"), 1e-9);
        Assert.Equal(1.029074515, engine.Quality("5"), 1e-9);
        Assert.Equal("dea124844092f64e", $"{answer.Key:x16}");
        Assert.Equal("Scores: \\boxed{3, 9}", answer.Text[(answer.Text.LastIndexOf('\n') + 1)..]);
        Assert.Equal("32c48d84996ef1b4", $"{StableHash.Of(0, answer.Text):x16}");
        Assert.Equal(-1.103308196, engine.MetaReward(answer.Text), 1e-9);

        var silent = new JudgeEngine(new SimulatedJudgeOptions { Seed = 42, Noise = new NoiseModel { Cue = 0 } });
        SimulatedAnswer without = silent.Answer(new SimulatedRequest { Messages = [new Message("user", Shown)], Seed = 3, Temperature = 0.5, MaxTokens = 2048 });
        Assert.Equal("3736fad32e007e02", $"{StableHash.Of(0, without.Text):x16}");
    }

    [Fact]
    public void Cues_follow_the_soundness_and_change_nothing_but_words()
    {
        const string Shown = "[The Begin of Response 1]\n4\n[The End of Response 1]\n[The Begin of Response 2]\n5\n[The End of Response 2]";
        var telling = new JudgeEngine(new SimulatedJudgeOptions { Noise = new NoiseModel { MetaNoise = 0 } });
        var silent = new JudgeEngine(new SimulatedJudgeOptions { Noise = new NoiseModel { MetaNoise = 0, Cue = 0 } });
        int[] doubts = new int[2];
        int[] answers = new int[2];
        for (int seed = 0; seed < 400; seed++)
        {
            var request = new SimulatedRequest { Messages = [new Message("user", Shown)], Seed = seed, Temperature = 0.5 };
            string told = telling.Answer(request).Text;
            string untold = silent.Answer(request).Text;
            Assert.Equal(untold[untold.LastIndexOf('\n')..], told[told.LastIndexOf('\n')..]);
            Assert.Equal(silent.MetaReward(untold), telling.MetaReward(told));
            Assert.DoesNotContain("Perhaps", untold, StringComparison.Ordinal);
            int sound = telling.MetaReward(told) > 0 ? 1 : 0;
            doubts[sound] += told.Split("Perhaps").Length + told.Split("Maybe").Length - 2;
            answers[sound]++;
        }

        Assert.True((double)doubts[0] / answers[0] > 1.5 * doubts[1] / answers[1], $"{doubts[0]}/{answers[0]} unsound, {doubts[1]}/{answers[1]} sound");
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_hint_is_mostly_followed_and_the_last_line_alone_is_one(string variant)
    {
        IProtocol protocol = Asked.Protocol(variant);
        var engine = new JudgeEngine();
        int followed = 0, plain = 0, asked = 0;
        foreach (Rollout rollout in Asked.Batch)
        {
            int[] order = Asked.Order(protocol, rollout, 0);
            JudgeQuestion question = Asked.Question(protocol, rollout, 0);
            for (int position = 0; position < order.Length; position++)
            {
                JudgeQuestion hinted = question with { Messages = Hints.Append(new JudgePrompt(question.Messages, 0), protocol.Name, position).Messages };
                asked++;
                followed += Chosen(hinted, order.Length) == position ? 1 : 0;
                plain += Chosen(question, order.Length) == position ? 1 : 0;
            }
        }

        Assert.InRange((double)followed / asked, 0.8, 0.99);
        Assert.InRange((double)plain / asked, 0.2, 0.6);

        int Chosen(JudgeQuestion asked, int shown)
        {
            Reading reading = protocol.Read(Asked.Reply(engine.Answer(Asked.Request(asked))), shown);
            return reading.Winner ?? reading.Scores!.ToList().IndexOf(reading.Scores!.Max());
        }
    }
}
