using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Tests.Judging;

/// <summary>The simulated judge answers by every protocol of the catalog.</summary>
public sealed class DeclaredAnswerTests
{
    public static TheoryData<string> Names => [.. DeclaredCatalog.Names];

    /// <summary>Those that answer in words: a number is no answer that could be malformed.</summary>
    public static TheoryData<string> Worded => [.. DeclaredCatalog.Names.Where(static name => DeclaredCatalog.Of(name).Definition.Kind != ProtocolKind.Scalar)];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Every_answer_by_the_protocol_is_read_and_says_what_the_judge_perceives(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        Assert.Null(JudgeEngine.WhyNot(protocol));
        var judge = new SimulatedJudge(new JudgeEngine(new SimulatedJudgeOptions { Noise = new NoiseModel { Bias = 0, Noise = 0 } }));
        var engine = new JudgeEngine();
        int right = 0;
        int decided = 0;
        foreach (Rollout rollout in Asked.Batch.Select(static rollout => rollout with { Reference = "The reference.\nIn two lines.", Rubric = Criteria }))
        {
            int[] order = Asked.Order(protocol, rollout, 3);
            Reading reading = await AskAsync(judge, protocol, rollout, order, seed: 5);
            Assert.True(reading.Outcome == JudgementOutcome.Valid, $"{name}: {reading.Why}");
            double[] quality = [.. order.Select(i => engine.Quality(rollout.Responses[i].Content))];
            int best = Array.IndexOf(quality, quality.Max());
            if (reading.Scores is { } scores)
            {
                Assert.Equal(order.Length, scores.Count);
                decided++;
                right += scores[best] == scores.Max() ? 1 : 0;
            }
            else if (reading.Winner is { } winner)
            {
                decided++;
                right += winner == best ? 1 : 0;
            }
        }

        // A criterion sees its own side of a response.
        Assert.True(decided > 15 && (right == decided || (right > decided / 2 && protocol.Definition.Kind == ProtocolKind.Rubric)), $"{name}: {right} of {decided}");
    }

    [Theory]
    [MemberData(nameof(Worded))]
    public async Task Answers_that_are_meant_to_be_garbage_are_never_read(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        var judge = new SimulatedJudge(new JudgeEngine(new SimulatedJudgeOptions { Faults = new AnswerFaults { Garbage = 1 } }));
        foreach (Rollout rollout in Asked.Batch.Select(static rollout => rollout with { Rubric = Criteria }))
        {
            Reading reading = await AskAsync(judge, protocol, rollout, Asked.Order(protocol, rollout, 0), seed: 9);
            Assert.Equal(JudgementOutcome.Unparsable, reading.Outcome);
        }
    }

    [Fact]
    public void A_file_whose_pattern_no_example_shows_how_to_write_is_refused_in_one_line()
    {
        DeclaredProtocol protocol = new(ProtocolFileReader.Read(Unwritable));
        string why = Assert.IsType<string>(JudgeEngine.WhyNot(protocol));
        Assert.DoesNotContain('\n', why);
        Assert.Contains("mine", why, StringComparison.Ordinal);
        Assert.Equal(why, Assert.Throws<ArgumentException>(() => new JudgeEngine(new SimulatedJudgeOptions { Protocols = [protocol] })).Message);
    }

    [Fact]
    public async Task A_file_of_the_users_is_answered_by_as_those_of_the_catalog_are()
    {
        DeclaredProtocol mine = new(ProtocolFileReader.Read(DeclaredCatalog.TextOf("rise-judge").Replace("protocol: rise-judge", "protocol: mine", StringComparison.Ordinal)
            .Replace("请判断哪个回答更好", "请说哪个回答更好", StringComparison.Ordinal)));
        Rollout rollout = Asked.Batch[0];
        JudgeReply unknown = await new SimulatedJudge(new JudgeEngine()).AskAsync(Asked.Question(mine, rollout, 0), TestContext.Current.CancellationToken);
        Assert.NotEqual(JudgementOutcome.Valid, mine.Read(unknown, 2).Outcome);
        JudgeReply known = await new SimulatedJudge(new JudgeEngine(new SimulatedJudgeOptions { Protocols = [mine] })).AskAsync(Asked.Question(mine, rollout, 0), TestContext.Current.CancellationToken);
        Assert.Equal(JudgementOutcome.Valid, mine.Read(known, 2).Outcome);
    }

    [Fact]
    public async Task A_judge_that_is_running_learns_a_file_when_a_request_names_it()
    {
        DeclaredProtocol mine = new(ProtocolFileReader.Read(DeclaredCatalog.TextOf("gram-rr").Replace("protocol: gram-rr", "protocol: mine", StringComparison.Ordinal)
            .Replace("Your reply should strictly follow", "Your reply has to follow", StringComparison.Ordinal)));
        IJudge judge = new SimulatedJudge(new JudgeEngine());
        Assert.Null(judge.Prepare(DeclaredCatalog.Of("gram-rr")));
        Assert.Null(judge.Prepare(mine));
        Assert.Null(judge.Prepare(mine));
        Assert.Contains("mine", judge.Prepare(new DeclaredProtocol(ProtocolFileReader.Read(Unwritable))), StringComparison.Ordinal);
        JudgeReply reply = await judge.AskAsync(Asked.Question(mine, Asked.Batch[0], 0), TestContext.Current.CancellationToken);
        Assert.Equal(JudgementOutcome.Valid, mine.Read(reply, 2).Outcome);
    }

    private static async Task<Reading> AskAsync(SimulatedJudge judge, IProtocol protocol, Rollout rollout, int[] order, long seed)
    {
        JudgePrompt prompt = protocol.Compose(rollout, order);
        JudgeReply reply = await judge.AskAsync(
            prompt,
            new JudgeQuestion
            {
                Messages = prompt.Messages,
                Temperature = protocol.Defaults.Temperature,
                MaxTokens = protocol.Defaults.MaxTokens,
                Seed = SampleSeed.Of(seed, rollout.Id, 0),
                Fields = prompt.Fields,
                Scalar = prompt.Scalar,
            },
            TestContext.Current.CancellationToken);
        return protocol.Read(reply, rollout, order);
    }

    private static readonly Rubric Criteria = new()
    {
        Criteria = [new Criterion("right", "The response is right."), new Criterion("wrong", "The response misleads.", 1, CriterionKind.Negative), new Criterion("brief", "It is brief.")],
    };

    [Fact]
    public async Task A_call_about_one_response_tells_whether_it_is_the_best_and_the_judge_heeds_it()
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of("prometheus-absolute");
        var judge = new SimulatedJudge(new JudgeEngine());
        double hinted = 0;
        double plain = 0;
        foreach (Rollout rollout in Asked.Batch)
        {
            int[] order = [.. Enumerable.Range(0, rollout.Responses.Count)];
            JudgePrompt prompt = protocol.Compose(rollout, order);
            JudgePrompt told = Training.Hints.Append(prompt, protocol.Name, 0);
            Assert.EndsWith("this one", told.Parts![0][^1].Content, StringComparison.Ordinal);
            Assert.EndsWith("another one", told.Parts[1][^1].Content, StringComparison.Ordinal);
            var question = new JudgeQuestion { Messages = prompt.Messages, MaxTokens = 1024, Seed = 3, Temperature = 1 };
            plain += protocol.Read(await judge.AskAsync(prompt, question, TestContext.Current.CancellationToken), order.Length).Scores![0];
            Reading reading = protocol.Read(await judge.AskAsync(told, question, TestContext.Current.CancellationToken), order.Length);
            Assert.Equal(JudgementOutcome.Valid, reading.Outcome);
            hinted += reading.Scores![0];
        }

        Assert.True(hinted > plain + Asked.Batch.Count, $"{hinted} {plain}");
    }

    [Fact]
    public async Task The_judge_writes_criteria_for_a_prompt()
    {
        JudgePrompt prompt = RubricWriting.Compose(Asked.Batch[0]);
        JudgeReply reply = await new SimulatedJudge(new JudgeEngine()).AskAsync(new JudgeQuestion { Messages = prompt.Messages, MaxTokens = 4096 }, TestContext.Current.CancellationToken);
        Rubric rubric = Assert.IsType<Rubric>(RubricWriting.Read(reply, out _));
        Assert.Equal(4, rubric.Criteria.Count);
        Assert.Contains(rubric.Criteria, static criterion => criterion.Kind == CriterionKind.Required);
    }

    private const string Unwritable = """
        protocol: mine
        title: A pattern that asks for more than it finds
        kind: pairwise
        source: {page: https://example.org, licence: MIT, checked: 2026-11-29}
        sampling: {temperature: 0, max-tokens: 2048}
        messages:
          - role: user
            text: |-
              {{conversation}}
              One: {{response_1}}
              Two: {{response_2}}
        read:
          pattern: 'left (?<verdict>won)|right (?<verdict>lost)'
          words: {won: 1, lost: 2}
        examples:
          - answer: left won
            reads: {winner: 1}
          - answer: right lost
            reads: {winner: 2}
          - answer: nobody
            reads: none
        """;
}
