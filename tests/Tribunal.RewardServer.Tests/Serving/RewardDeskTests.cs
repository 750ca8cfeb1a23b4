using System.Net;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tribunal.RewardServer.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary>What a trainer may rely on: nothing twice, no reward made up, no collapse.</summary>
public sealed class RewardDeskTests
{
    /// <summary>Answers nothing until the test moves its clock.</summary>
    private static readonly SimulatorOptions Slow = new() { Latency = TimeSpan.FromSeconds(1) };

    [Fact]
    public async Task Two_hundred_at_once_with_faults_get_the_rewards_of_an_undisturbed_server()
    {
        SimulatorOptions faulty = new()
        {
            Faults = new TransportFaults { TooManyRequests = 0.03, Unavailable = 0.03, Resets = 0.02, ResetsMidBody = 0.01, GarbageBodies = 0.01 },
        };
        RewardOptions options = new() { Gather = TimeSpan.FromMinutes(4), TimeLimit = TimeSpan.FromMinutes(4), GroupSize = 4 };
        await using Bed bed = await Bed.StartAsync(options, judge: faulty);
        await using Bed calm = await Bed.StartAsync(options);
        double[] expected = await AllAsync(calm, 200);
        double[] rewards = await AllAsync(bed, 200);
        Assert.Equal(expected, rewards);
        Assert.Equal(50, bed.Desk.Counts.Rollouts);
        Assert.Equal(200, bed.Judge.Stats.DistinctAnswered);
        Assert.True(bed.Judge.Stats.Judge.Requests > 200, "no fault was met");
    }

    [Fact]
    public async Task The_three_trainers_get_the_same_reward_for_the_same_group()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMinutes(4), GroupSize = 2 });
        string[] responses = ["one", "two"];
        JsonElement own = await bed.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "Q?", responses } } });
        double[] expected = own.GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
        JsonElement rlhf = await bed.AskAsync("/get_reward", new { query = new[] { "Q?one", "Q?two" }, prompts = new[] { "Q?", "Q?" }, labels = new object?[] { null, null } });
        Assert.Equal(expected, rlhf.GetProperty("rewards").Deserialize<double[]>()!);
        JsonElement[] slime = await Task.WhenAll(responses.Select(response => bed.AskAsync("/slime", new { prompt = "Q?", response })));
        Assert.Equal(expected, slime.Select(static reward => reward.GetDouble()));
        JsonElement gym = await bed.AskAsync("/compare", new { conversation_history = new[] { new { role = "user", content = "Q?" } }, response_objs = responses.Select(static text => new { output = new[] { new { type = "message", content = new[] { new { type = "output_text", text } } } } }) });
        Assert.Equal(expected.Select(static reward => 1 + (4 * reward)), gym.GetProperty("rewards").Deserialize<double[]>()!);
        Assert.Equal(4, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task A_retry_after_a_timeout_causes_no_second_generation()
    {
        await using Bed bed = await Bed.StartAsync(judge: Slow);
        var question = new { prompt = "Q?", response = "slow" };
        using (var impatient = new CancellationTokenSource())
        {
            Task<HttpResponseMessage> first = bed.Client.PostAsync(new Uri("/slime", UriKind.Relative), new StringContent(JsonSerializer.Serialize(question)), impatient.Token);
            await Bed.UntilAsync(() => bed.Judge.Stats.Judge.Requests == 4);
            await impatient.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        }

        Task<JsonElement[]> asked = Task.WhenAll(Enumerable.Range(0, 5).Select(_ => bed.AskAsync("/slime", question)));
        await Bed.UntilAsync(() => bed.Desk.Counts.Remembered == 5);
        JsonElement[] retries = await Bed.MoveAsync(bed.JudgeClock, asked);
        Assert.Single(retries.Select(static reward => reward.GetDouble()).Distinct());
        Assert.Equal(retries[0].GetDouble(), (await bed.AskAsync("/slime", question)).GetDouble());
        Assert.Equal(4, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task A_restarted_server_remembers()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-serve-");
        try
        {
            Bed first = await Bed.StartAsync(folder: folder);
            double reward = (await first.AskAsync("/slime", new { prompt = "Q?", response = "r" })).GetDouble();
            double own = (await first.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "P?", responses = new[] { "a", "b" } } } })).GetProperty("results")[0].GetProperty("rewards")[1].GetDouble();
            await first.CloseAsync();
            await using Bed second = await Bed.StartAsync(folder: folder, server: first.Judge);
            long asked = second.Judge.Stats.Judge.Requests;
            Assert.Equal(reward, (await second.AskAsync("/slime", new { prompt = "Q?", response = "r" })).GetDouble());
            Assert.Equal(own, (await second.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "P?", responses = new[] { "a", "b" } } } })).GetProperty("results")[0].GetProperty("rewards")[1].GetDouble());
            Assert.Equal(asked, second.Judge.Stats.Judge.Requests);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_restart_in_mid_judging_draws_only_what_is_missing()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-serve-");
        try
        {
            // One request at a time, so that the server is closed with some judgements drawn and some not.
            Bed first = await Bed.StartAsync(folder: folder, judge: Slow with { Slots = 1 }, samples: 12);
            Task<HttpResponseMessage> asked = first.PostAsync("/slime", new { prompt = "Q?", response = "r" });
            await Bed.MoveAsync(first.JudgeClock, () => first.Desk.Counts.Judgements >= 3);
            Task closing = first.Desk.DisposeAsync().AsTask();
            using HttpResponseMessage answer = await Bed.MoveAsync(first.JudgeClock, asked);
            await closing;
            await using Bed second = await Bed.StartAsync(folder: folder, server: first.Judge, judgeClock: first.JudgeClock, samples: 12);
            Assert.Equal(JsonValueKind.Number, (await Bed.MoveAsync(second.JudgeClock, second.AskAsync("/slime", new { prompt = "Q?", response = "r" }))).ValueKind);
            Assert.Equal(12, second.Judge.Stats.DistinctAnswered);
            Assert.Equal(12, second.Judge.Stats.Judge.Requests);
            string[] lines = await File.ReadAllLinesAsync(Path.Combine(folder.FullName, "judgements.jsonl"), Bed.Cancel);
            Assert.Equal(Enumerable.Range(0, 12), lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("sample").GetInt32()).Order());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Another_configuration_may_not_add_to_a_record()
    {
        await using Bed bed = await Bed.StartAsync();
        await bed.CloseAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => Bed.StartAsync(folder: new DirectoryInfo(bed.Folder), samples: 5));
    }

    [Fact]
    public async Task The_time_limit_answers_with_the_votes_there_are_and_says_so()
    {
        var time = new FakeTimeProvider();
        await using Bed bed = await Bed.StartAsync(judge: Slow with { Slots = 1 }, samples: 30, time: time);
        var question = new { rollouts = new[] { new { prompt = "Q?", responses = new[] { "a", "b" } } }, timeoutSeconds = 1.5 };
        Task<HttpResponseMessage> asked = bed.PostAsync("/v1/rewards", question);
        await Bed.MoveAsync(bed.JudgeClock, () => bed.Desk.Counts.Judgements >= 10);
        using HttpResponseMessage response = await Bed.MoveAsync(time, asked);
        Assert.Equal("false", Assert.Single(response.Headers.GetValues("X-Tribunal-Complete")));
        JsonElement partial = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync(Bed.Cancel)).GetProperty("results")[0];
        Assert.False(partial.GetProperty("complete").GetBoolean());
        int judgements = partial.GetProperty("judgements").GetInt32();
        Assert.InRange(judgements, 1, 29);
        JsonElement whole = (await Bed.MoveAsync(bed.JudgeClock, bed.AskAsync("/v1/rewards", new { question.rollouts }))).GetProperty("results")[0];
        Assert.True(whole.GetProperty("complete").GetBoolean());
        Assert.Equal(30, whole.GetProperty("judgements").GetInt32());
        Assert.Equal(30, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task Before_the_first_vote_there_is_no_reward_and_never_zero()
    {
        var time = new FakeTimeProvider();
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero }, judge: Slow, time: time);
        Assert.Equal(JsonValueKind.Null, (await Bed.MoveAsync(time, bed.AskAsync("/slime", new { prompt = "Q?", response = "r" }))).ValueKind);
        JsonElement own = await Bed.MoveAsync(time, bed.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "Q?", responses = new[] { "r", "s" } } } }));
        Assert.Equal(JsonValueKind.Null, own.GetProperty("results")[0].GetProperty("rewards").ValueKind);
        Assert.False(own.GetProperty("results")[0].GetProperty("complete").GetBoolean());
    }

    [Fact]
    public async Task Too_much_at_once_is_turned_away_with_a_time_to_come_back()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero, MaxWaiting = 2 }, judge: Slow);
        Task<HttpResponseMessage[]> asked = Task.WhenAll(Enumerable.Range(0, 10).Select(i => bed.PostAsync("/slime", new { prompt = $"Q{i}?", response = "r" })));
        await Bed.UntilAsync(() => bed.Desk.Counts.TurnedAway == 8);
        HttpResponseMessage[] responses = await Bed.MoveAsync(bed.JudgeClock, asked);
        Assert.Equal(8, responses.Count(static response => response.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.All(responses.Where(static response => response.StatusCode == HttpStatusCode.TooManyRequests), static response => Assert.InRange(response.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60));
        Assert.Equal(8, bed.Desk.Counts.TurnedAway);
        Assert.Equal(8, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task A_judge_that_is_away_is_503_and_the_next_try_judges()
    {
        SimulatorServer judge = await SimulatorServer.StartAsync(new SimulatorOptions(), cancellationToken: Bed.Cancel);
        await using Bed bed = await Bed.StartAsync(server: judge, tries: 1);
        await judge.StopAsync(Bed.Cancel);
        using HttpResponseMessage away = await bed.PostAsync("/slime", new { prompt = "Q?", response = "r" });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, away.StatusCode);
        Assert.NotNull(away.Headers.RetryAfter);
        using HttpResponseMessage health = await bed.Client.GetAsync(new Uri("/healthz", UriKind.Relative), Bed.Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
    }

    [Fact]
    public async Task Failed_judgements_are_asked_again_with_the_next_question()
    {
        await using Bed bed = await Bed.StartAsync(judge: new SimulatorOptions { Faults = new TransportFaults { Unavailable = 1 } }, tries: 1);
        Assert.Equal(JsonValueKind.Null, (await bed.AskAsync("/slime", new { prompt = "Q?", response = "r" })).ValueKind);
        long asked = bed.Judge.Stats.Judge.Requests;
        Assert.Equal(JsonValueKind.Null, (await bed.AskAsync("/slime", new { prompt = "Q?", response = "r" })).ValueKind);
        Assert.Equal(asked * 2, bed.Judge.Stats.Judge.Requests);
        Assert.Equal(0, new FileInfo(Path.Combine(bed.Folder, "judgements.jsonl")).Length);
    }

    private static Task<double[]> AllAsync(Bed bed, int requests) => Task.WhenAll(Enumerable.Range(0, requests).Select(async i =>
    {
        string prompt = $"prompt {i % 50}";
        string response = $"response {i / 50} to it";
        return (i % 2) switch
        {
            0 => (await bed.AskAsync("/slime", new { prompt, response })).GetDouble(),
            _ => (await bed.AskAsync("/get_reward", new { query = new[] { prompt + response }, prompts = new[] { prompt }, labels = new object?[] { null } })).GetProperty("rewards")[0].GetDouble(),
        };
    }));
}
