using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Simulator.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.Simulator.Tests.Serving;

public sealed class EndpointTests
{
    private static readonly IProtocol Grm = Asked.Protocol("grm");
    private static readonly JudgeEngine Engine = new();
    private static readonly string Critique = Engine.Answer(Asked.Request(Asked.Question(Grm, Asked.Batch[0], 0))).Text;
    private static readonly double Reward = Engine.MetaReward(Critique);

    [Fact]
    public async Task Models_health_stats_and_nothing_else()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Models = ["one", "two"] });
        using var client = new Client(server.Address);
        using HttpResponseMessage health = await client.GetAsync("health");
        using HttpResponseMessage models = await client.GetAsync("v1/models");
        using HttpResponseMessage other = await client.GetAsync("v1/files");
        JsonNode listed = JsonNode.Parse(await models.Content.ReadAsStringAsync())!;
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        Assert.Equal(["one", "two"], listed["data"]!.AsArray().Select(static m => (string)m!["id"]!));
        Assert.Equal(HttpStatusCode.NotFound, other.StatusCode);
        await client.AskAsync(Asked.Question(Grm, Asked.Batch[0], 0));
        using HttpResponseMessage stats = await client.GetAsync("stats");
        SimulatorStats read = JsonSerializer.Deserialize(await stats.Content.ReadAsStringAsync(), SimulatorJson.Default.SimulatorStats)!;
        Assert.Equal(server.Stats, read);
        Assert.Equal(1, read.Verdicts);
    }

    [Fact]
    public async Task Meta_rewards_come_in_the_form_of_each_server()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions());
        using var client = new Client(server.Address);
        JsonNode raw = await client.JsonAsync("classify", new JsonObject { ["model"] = "m", ["input"] = Critique, ["use_activation"] = false });
        JsonNode activated = await client.JsonAsync("v1/classify", new JsonObject { ["model"] = "m", ["input"] = new JsonArray(Critique, "none") });
        JsonNode conversation = await client.JsonAsync("classify", new JsonObject
        {
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "q" }, new JsonObject { ["role"] = "assistant", ["content"] = Critique }),
            ["use_activation"] = false,
        });
        JsonNode pooled = await client.JsonAsync("pooling", new JsonObject { ["task"] = "classify", ["input"] = Critique, ["use_activation"] = false });
        JsonNode sglang = await client.JsonAsync("classify", new JsonObject { ["model"] = "m", ["text"] = new JsonArray(Critique) });
        JsonNode tei = await client.JsonAsync("predict", new JsonObject { ["inputs"] = Critique, ["raw_scores"] = true });
        JsonNode batch = await client.JsonAsync("predict", new JsonObject { ["inputs"] = new JsonArray(new JsonArray(Critique), new JsonArray("none")), ["raw_scores"] = true });
        Assert.Equal(Reward, (double)raw["data"]![0]!["probs"]![0]!);
        Assert.Equal(JudgeEngine.Sigmoid(Reward), (double)activated["data"]![0]!["probs"]![0]!);
        Assert.Equal(2, activated["data"]!.AsArray().Count);
        Assert.Equal(Reward, (double)conversation["data"]![0]!["probs"]![0]!);
        Assert.Equal(Reward, (double)pooled["data"]![0]!["data"]![0]!);
        Assert.Equal(Reward, (double)sglang[0]!["embedding"]![0]!);
        Assert.Equal(Reward, (double)tei[0]!["score"]!);
        Assert.Equal(Reward, (double)batch[0]![0]!["score"]!);
        Assert.Equal((7, 9), (server.Stats.Meta.Answered, server.Stats.MetaRewards));
    }

    [Theory]
    [InlineData("Is the critique correct or incorrect?", "correct", "incorrect")]
    [InlineData("Is the critique right? Answer Yes or No.", "Yes", "No")]
    public async Task A_generative_meta_judge_says_one_word_with_its_log_probability(string ask, string yes, string no)
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions());
        using var client = new Client(server.Address);
        JsonNode answer = await client.JsonAsync("v1/chat/completions", new JsonObject
        {
            ["model"] = "m",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"{Critique}\n\n{ask}" }),
            ["logprobs"] = true,
            ["top_logprobs"] = 20,
            ["max_tokens"] = 1,
        });
        JsonNode token = answer["choices"]![0]!["logprobs"]!["content"]![0]!;
        var probabilities = token["top_logprobs"]!.AsArray().ToDictionary(static t => (string)t!["token"]!, static t => Math.Exp((double)t!["logprob"]!));
        double expected = JudgeEngine.Sigmoid(Reward);
        Assert.Equal(expected, probabilities[yes], 1e-9);
        Assert.Equal(1 - expected, probabilities[no], 1e-9);
        Assert.Equal(expected >= 0.5 ? yes : no, (string)answer["choices"]![0]!["message"]!["content"]!);
        Assert.Equal((0, 1), (server.Stats.Judge.Requests, server.Stats.Meta.Answered));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    [InlineData("{\"messages\":[]}")]
    [InlineData("{\"messages\":\"hello\"}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"\\ud800\"}]}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"max_tokens\":0}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"n\":2}")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"temperature\":-1}")]
    public async Task A_request_that_is_none_is_refused_with_the_reason(string body)
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions());
        using var http = new HttpClient { BaseAddress = server.Address };
        using HttpResponseMessage response = await http.PostAsync("v1/chat/completions", new StringContent(body));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotEmpty((string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]!);
        Assert.Equal(1, server.Stats.Judge.Rejected);
    }

    [Fact]
    public async Task A_prompt_longer_than_the_context_is_refused_in_both_places()
    {
        var options = new SimulatedJudgeOptions { ContextTokens = 5000 };
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Judge = options });
        using var client = new Client(server.Address);
        JudgeQuestion question = Asked.Question(Grm, Asked.Batch[0], 0, maxTokens: 5000);
        using HttpResponseMessage response = await client.PostAsync("v1/chat/completions", Client.Body(question));
        string said = await response.Content.ReadAsStringAsync();
        JudgeException thrown = await Assert.ThrowsAsync<JudgeException>(() => new SimulatedJudge(new JudgeEngine(options)).AskAsync(question, CancellationToken.None));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("maximum context length is 5000 tokens", said, StringComparison.Ordinal);
        Assert.Equal(JudgeFault.RequestRefused, thrown.Fault);
        Assert.Contains(thrown.Message, said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_a_key_wants_it()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { ApiKey = "k" });
        using var http = new HttpClient { BaseAddress = server.Address };
        Assert.Equal(401, await StatusAsync(null, null));
        Assert.Equal(401, await StatusAsync("Authorization", "Bearer x"));
        Assert.Equal(200, await StatusAsync("Authorization", "Bearer k"));
        Assert.Equal(200, await StatusAsync("api-key", "k"));

        async Task<int> StatusAsync(string? header, string? value)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "v1/chat/completions")
            {
                Content = new StringContent(Client.Body(Asked.Question(Grm, Asked.Batch[0], 0)).ToJsonString()),
            };
            if (header is not null)
            {
                request.Headers.Add(header, value);
            }

            using HttpResponseMessage response = await http.SendAsync(request);
            return (int)response.StatusCode;
        }
    }

    [Fact]
    public async Task Thinking_is_apart_from_the_answer()
    {
        await using SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions());
        using var client = new Client(server.Address);
        IProtocol rrm = Asked.Protocol("rrm");
        JsonNode answer = await client.JsonAsync("v1/chat/completions", Client.Body(Asked.Question(rrm, Asked.Batch[0], 0)));
        JsonObject message = answer["choices"]![0]!["message"]!.AsObject();
        Assert.Equal(["reasoning"], message.Select(static f => f.Key).Except(["role", "content"]));
        var reply = new JudgeReply { Text = (string)message["content"]!, Reasoning = (string?)message["reasoning"], Finish = "stop" };
        Assert.Equal(JudgementOutcome.Valid, rrm.Read(reply, 2).Outcome);
    }

    [Fact]
    public async Task Stopping_does_not_wait_for_requests_that_hang()
    {
        SimulatorServer server = await SimulatorServer.StartAsync(new SimulatorOptions { Faults = new TransportFaults { Hangs = 1 }, HangTime = TimeSpan.FromHours(10) });
        using var client = new Client(server.Address);
        Task<HttpResponseMessage> request = client.PostAsync("v1/chat/completions", Client.Body(Asked.Question(Grm, Asked.Batch[0], 0)));
        while (server.Stats.Judge.Hangs == 0)
        {
            await Task.Delay(5);
        }

        await server.DisposeAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => request);
    }

    [Fact]
    public async Task Options_out_of_range_are_named()
    {
        ArgumentException together = await Assert.ThrowsAsync<ArgumentException>(() =>
            SimulatorServer.StartAsync(new SimulatorOptions { Faults = new TransportFaults { Hangs = 0.6, Resets = 0.6 } }));
        ArgumentException one = await Assert.ThrowsAsync<ArgumentException>(() =>
            SimulatorServer.StartAsync(new SimulatorOptions { Judge = new SimulatedJudgeOptions { Faults = new AnswerFaults { Refusals = double.NaN } } }));
        Assert.Contains("together", together.Message, StringComparison.Ordinal);
        Assert.Contains("refusals", one.Message, StringComparison.Ordinal);
    }
}
