using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Simulator.Tests.Serving;

public sealed class FaultTests
{
    private static readonly IProtocol Grm = Asked.Protocol("grm");

    private static JudgeQuestion Question(int sample = 0) => Asked.Question(Grm, Asked.Batch[0], sample);

    private static Task<SimulatorServer> With(TransportFaults faults) => SimulatorServer.StartAsync(new SimulatorOptions { Faults = faults });

    [Fact]
    public async Task Too_many_requests_says_when_to_come_back()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Faults = new TransportFaults { TooManyRequests = 1 }, RetryAfter = TimeSpan.FromMilliseconds(1200) });
        using var client = new Client(server.Address);
        using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(Question()));
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(2), response.Headers.RetryAfter!.Delta);
        Assert.Equal(["1200"], response.Headers.GetValues("retry-after-ms"));
        Assert.Equal((1, 1, 0), (server.Stats.Judge.Requests, server.Stats.Judge.TooManyRequests, server.Stats.Judge.Answered));
    }

    [Fact]
    public async Task Unavailable_is_503()
    {
        await using SimulatorServer server = await With(new TransportFaults { Unavailable = 1 });
        using var client = new Client(server.Address);
        using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(Question()));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(1, server.Stats.Judge.Unavailable);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_ends_the_connection_without_an_answer(bool stream)
    {
        await using SimulatorServer server = await With(new TransportFaults { Resets = 1 });
        using var client = new Client(server.Address);
        JsonObject body = Client.Body(Question());
        body["stream"] = stream;
        await Assert.ThrowsAsync<HttpRequestException>(() => client.PostAsync("v1/chat/completions", body));
        Assert.Equal(server.Stats.Judge.Requests, server.Stats.Judge.Resets);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_reset_in_the_middle_leaves_half_an_answer(bool stream)
    {
        await using SimulatorServer server = await With(new TransportFaults { ResetsMidBody = 1 });
        using var client = new Client(server.Address);
        JsonObject body = Client.Body(Question());
        body["stream"] = stream;
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", body, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await response.Content.ReadAsStringAsync();
        });
        Assert.Equal((1, 0), (server.Stats.Judge.ResetsMidBody, server.Stats.Judge.Answered));
        Assert.Equal(0, server.Stats.DistinctAnswered);
    }

    [Fact]
    public async Task A_hang_ends_with_the_clients_patience()
    {
        await using SimulatorServer server = await With(new TransportFaults { Hangs = 1 });
        using var client = new Client(server.Address);
        using var patience = new CancellationTokenSource();
        Task<HttpResponseMessage> request = client.PostAsync("v1/chat/completions", Client.Body(Question()), cancellationToken: patience.Token);
        await Until(() => server.Stats.Judge.Hangs == 1);
        Assert.False(request.IsCompleted);
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request);
        Assert.Equal((1, 0), (server.Stats.Judge.Hangs, server.Stats.Judge.Abandoned));
    }

    [Fact]
    public async Task A_hang_ends_with_a_reset_when_its_time_is_over()
    {
        var time = new FakeTimeProvider();
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Faults = new TransportFaults { Hangs = 1 }, HangTime = TimeSpan.FromMinutes(10) }, time);
        using var client = new Client(server.Address);
        Task<HttpResponseMessage> request = client.PostAsync("v1/chat/completions", Client.Body(Question()));
        await Until(() =>
        {
            time.Advance(TimeSpan.FromMinutes(server.Stats.Judge.Hangs == 0 ? 0 : 11));
            return request.IsCompleted;
        });
        await Assert.ThrowsAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task Garbage_bodies_are_no_completions()
    {
        await using SimulatorServer server = await With(new TransportFaults { GarbageBodies = 1 });
        using var client = new Client(server.Address);
        for (int sample = 0; sample < 8; sample++)
        {
            using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(Question(sample)));
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            string body = await response.Content.ReadAsStringAsync();
            Assert.ThrowsAny<JsonException>(() => JsonNode.Parse(body));
        }

        Assert.Equal((8, 0), (server.Stats.Judge.GarbageBodies, server.Stats.Judge.Answered));
    }

    [Fact]
    public async Task Everything_waits_until_the_server_is_warm()
    {
        var time = new FakeTimeProvider();
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { WarmUp = TimeSpan.FromMinutes(3) }, time);
        using var client = new Client(server.Address);
        Assert.Equal((503, 503, 503), await StatusesAsync());
        time.Advance(TimeSpan.FromMinutes(3));
        Assert.Equal((200, 200, 200), await StatusesAsync());
        Assert.Equal((1, 1), (server.Stats.Judge.Warming, server.Stats.Judge.Answered));

        async Task<(int, int, int)> StatusesAsync()
        {
            using HttpResponseMessage health = await client.GetAsync("health");
            using HttpResponseMessage models = await client.GetAsync("v1/models");
            using HttpResponseMessage chat = await client.PostAsync("v1/chat/completions", Client.Body(Question()));
            return ((int)health.StatusCode, (int)models.StatusCode, (int)chat.StatusCode);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_takes_its_latency(bool stream)
    {
        var time = new FakeTimeProvider();
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Latency = TimeSpan.FromSeconds(30), Jitter = TimeSpan.FromSeconds(10) }, time);
        using var client = new Client(server.Address);
        DateTimeOffset start = time.GetUtcNow();
        Task<JudgeReply> reply = stream ? client.StreamAsync(Question()) : client.AskAsync(Question());
        await Until(() =>
        {
            time.Advance(TimeSpan.FromSeconds(server.Stats.PeakConcurrency == 0 ? 0 : 1));
            return reply.IsCompleted;
        });
        Assert.Equal("stop", (await reply).Finish);
        Assert.True(time.GetUtcNow() - start >= TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Slots_cap_what_is_in_work_and_a_full_line_gets_429()
    {
        var time = new FakeTimeProvider();
        await using SimulatorServer server = await SimulatorServer.StartAsync(
            new SimulatorOptions { Slots = 2, Queue = 3, Latency = TimeSpan.FromMilliseconds(100) }, time);
        using var client = new Client(server.Address);
        Task<HttpResponseMessage>[] requests = [.. Enumerable.Range(0, 8).Select(s => client.PostAsync("v1/chat/completions", Client.Body(Question(s))))];
        await Until(() => server.Stats.Judge.TooManyRequests == 3);
        await Until(() =>
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            return Task.WhenAll(requests).IsCompleted;
        });
        HttpResponseMessage[] responses = await Task.WhenAll(requests);
        Assert.Equal(5, responses.Count(static r => r.StatusCode == HttpStatusCode.OK));
        Assert.Equal(3, responses.Count(static r => r.StatusCode == HttpStatusCode.TooManyRequests));
        Assert.Equal(2, server.Stats.PeakConcurrency);
        Assert.All(responses, static r => r.Dispose());
    }

    [Fact]
    public async Task Faults_are_drawn_for_each_attempt_and_a_fresh_server_draws_the_same()
    {
        int[] first = await StatusesAsync();
        Assert.Equal(first, await StatusesAsync());
        Assert.Contains(200, first);
        Assert.Contains(503, first);
        Assert.Contains(429, first);

        static async Task<int[]> StatusesAsync()
        {
            await using SimulatorServer server = await With(new TransportFaults { Unavailable = 0.3, TooManyRequests = 0.3 });
            using var client = new Client(server.Address);
            var statuses = new int[20];
            for (int i = 0; i < statuses.Length; i++)
            {
                using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(Question()));
                statuses[i] = (int)response.StatusCode;
            }

            SimulatorStats stats = server.Stats;
            Assert.Equal((20, 1, 1), (stats.Judge.Requests, stats.DistinctJudgements, stats.DistinctAnswered));
            return statuses;
        }
    }

    [Fact]
    public async Task With_mixed_faults_every_request_ends_in_one_count_and_every_answer_the_client_has_is_counted()
    {
        const double Share = 0.3;
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions
        {
            Faults = TransportFaults.Mixed(Share) with { Hangs = 0 },
            Judge = new SimulatedJudgeOptions { Faults = TransportFaults.Answers(Share) },
        });
        using var client = new Client(server.Address);
        var replies = new List<JudgeReply>();
        foreach (Rollout rollout in Asked.Batch)
        {
            for (int sample = 0; sample < 8; sample++)
            {
                try
                {
                    using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(Asked.Question(Grm, rollout, sample)));
                    if (response.StatusCode == HttpStatusCode.OK
                        && response.Content.Headers.ContentType!.MediaType == "application/json"
                        && await response.Content.ReadAsStringAsync() is var body
                        && body.EndsWith('}'))
                    {
                        JsonNode answer = JsonNode.Parse(body)!;
                        replies.Add(new JudgeReply { Text = "", Usage = new Usage((long)answer["usage"]!["prompt_tokens"]!, (long)answer["usage"]!["completion_tokens"]!) });
                    }
                }
                catch (HttpRequestException)
                {
                    // A reset, as ordered.
                }
            }
        }

        SimulatorStats stats = server.Stats;
        EndpointStats judge = stats.Judge;
        Assert.Equal(judge.Requests, judge.Answered + judge.Rejected + judge.Warming + judge.Abandoned + judge.Faults);
        Assert.Equal(replies.Count, judge.Answered);
        Assert.Equal(replies.Sum(static r => r.Usage.Input), judge.InputTokens);
        Assert.Equal(replies.Sum(static r => r.Usage.Output), judge.OutputTokens);
        Assert.Equal(judge.Answered, stats.Verdicts + stats.Garbage + stats.Refused + stats.Truncated + stats.Chat);
        Assert.All((long[])[judge.TooManyRequests, judge.Unavailable, judge.Resets, judge.ResetsMidBody, judge.GarbageBodies], static count => Assert.True(count > 0));
        Assert.All((long[])[stats.Garbage, stats.Refused, stats.Truncated], static count => Assert.True(count > 0));
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Delay(5);
        }
    }
}
