using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Simulator.Tests.Serving;

public sealed class SameAnswerTests
{
    [Theory]
    [InlineData("grm")]
    [InlineData("rm-r1-instruct")]
    [InlineData("rm-r1-thinking")]
    [InlineData("rrm")]
    public async Task In_process_over_http_and_streamed_the_answer_is_the_same(string variant)
    {
        var options = new SimulatedJudgeOptions { Faults = new AnswerFaults { Garbage = 0.1, Refusals = 0.3, Truncations = 0.1 } };
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Judge = options });
        using var client = new Client(server.Address);
        var judge = new SimulatedJudge(new JudgeEngine(options));
        IProtocol protocol = Asked.Protocol(variant);
        foreach (Rollout rollout in Asked.Batch)
        {
            JudgeQuestion question = Asked.Question(protocol, rollout, sample: 1);
            JudgeReply expected = await judge.AskAsync(question, CancellationToken.None);
            Assert.Equal(expected, await client.AskAsync(question));
            Assert.Equal(expected, await client.StreamAsync(question));
        }
    }
}
