using System.Text;
using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.RewardServer.Trainers;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage.Local;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;
using Tribunal.Testing.Runs;

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary>The handlers in hosts whose instances share a store.</summary>
public sealed class RewardServiceTests : IDisposable
{
    private static readonly byte[] Question = Encoding.UTF8.GetBytes("""{"rollouts":[{"prompt":"Q?","responses":["a","b"]}]}""");
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-serve-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Instances_work_side_by_side_and_a_later_one_knows_what_they_judged()
    {
        var judge = new CountingJudge(new SimulatedJudge(new JudgeEngine()));
        await using RewardService first = Open(judge);
        await using RewardService second = Open(judge);
        RewardHandlers one = (await first.HostAsync(Bed.Cancel)).Rewards;
        RewardHandlers two = (await second.HostAsync(Bed.Cancel)).Rewards;
        HttpAnswer asked = await one.RewardsAsync(Question, "test", Bed.Cancel);
        HttpAnswer askedOther = await two.RewardsAsync(Encoding.UTF8.GetBytes("""{"rollouts":[{"prompt":"P?","responses":["a","b"]}]}"""), "test", Bed.Cancel);
        Assert.Equal(200, asked.Status);
        Assert.Equal(200, askedOther.Status);
        int drawn = judge.Asked;
        await using RewardService third = Open(judge);
        HttpAnswer again = await (await third.HostAsync(Bed.Cancel)).Rewards.RewardsAsync(Question, "test", Bed.Cancel);
        Assert.Equal(Rewards(asked), Rewards(again));
        Assert.Equal(drawn, judge.Asked);
    }

    [Theory]
    [InlineData("""{"async":true,"prompt":"P?","responses":["a","b"]}""")]
    [InlineData("""{"async":true,"rollouts":[{"prompt":"P?","responses":["a","b"]}]}""")]
    public async Task A_job_is_found_by_an_instance_that_never_took_it(string body)
    {
        string id;
        await using (RewardService first = Open(new SimulatedJudge(new JudgeEngine())))
        {
            HttpAnswer accepted = await (await first.HostAsync(Bed.Cancel)).Rewards.RewardsAsync(Encoding.UTF8.GetBytes(body), "test", Bed.Cancel);
            Assert.Equal(202, accepted.Status);
            id = JsonSerializer.Deserialize<JsonElement>(accepted.Body.Span).GetProperty("id").GetString()!;
        }

        await using RewardService second = Open(new SimulatedJudge(new JudgeEngine()));
        RewardHandlers handlers = (await second.HostAsync(Bed.Cancel)).Rewards;
        JsonElement job;
        do
        {
            job = JsonSerializer.Deserialize<JsonElement>((await handlers.JobAsync(id, Bed.Cancel)).Body.Span);
        }
        while (job.GetProperty("status").GetString() == "running");

        Assert.Equal(2, job.GetProperty("answer").GetProperty("results")[0].GetProperty("rewards").GetArrayLength());
        Assert.Equal(404, (await handlers.JobAsync("../" + id, Bed.Cancel)).Status);
    }

    private static double[] Rewards(HttpAnswer answer) =>
        JsonSerializer.Deserialize<JsonElement>(answer.Body.Span).GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;

    private RewardService Open(IJudge judge) => new(
        new LocalRunStores(_folder.FullName),
        KnownJudges.Of(Judge.Of(judge, "simulated-judge", "grm") with { Simulated = true }),
        static () => new EvaluationRequest { Batch = "rollouts.jsonl", Policy = new PolicyOptions { Samples = 4 } }, new RewardOptions(), TimeProvider.System);

    private sealed class CountingJudge(IJudge inner) : IJudge
    {
        private int _asked;

        public string Name => inner.Name;

        public int Asked => Volatile.Read(ref _asked);

        public Task<JudgeReply> AskAsync(JudgeQuestion question, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            return inner.AskAsync(question, cancellationToken);
        }

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => inner.CheckHealthAsync(cancellationToken);
    }
}
