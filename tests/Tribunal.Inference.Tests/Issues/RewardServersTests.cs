using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using static Tribunal.Inference.Tests.OneQuestion;

namespace Tribunal.Inference.Tests.Issues;

/// <summary>Reported of servers of scalar reward models: forms of rewards that were none, one text's trouble that was everybody's, errors that named another interface.</summary>
public sealed class RewardServersTests
{
    private const string NotFound = """{"detail":"Not Found"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory, InlineData(true), InlineData(false)]
    public async Task Of_a_number_for_each_token_the_last_ones_is_the_texts(bool taskRefused)
    {
        await using Endpoint endpoint = await ServeAsync((path, body) => path switch
        {
            "/pooling" when taskRefused && body["task"] is not null => (400, """{"error":{"message":"Unsupported task: 'classify'","type":"BadRequestError","code":400}}"""),
            "/pooling" => (200, Data(body, static text => $"""[[0.5],[-2],[{Value(text)}]]""")),
            "/classify" => (400, """{"error":{"message":"The model does not support Classification API","type":"BadRequestError","code":400}}"""),
            _ => (404, NotFound),
        });
        Assert.Equal([1, 2], await RewardsAsync(endpoint, "value=1", "value=2"));
        Assert.Equal("3", (await ScalarAsync(endpoint, "value=3")).Text);
    }

    [Fact]
    public async Task The_labels_of_each_text_are_read_where_others_have_their_numbers()
    {
        await using Endpoint endpoint = await ServeAsync((path, body) => path == "/classify" && body["input"] is JsonArray texts
            ? (200, $$$"""{"object":"classify","data":[{{{string.Join(',', texts.Select(static text => $$"""[{"score":{{Value((string)text!)}},"label":"LABEL_0"}]"""))}}}],"usage":{"prompt_tokens":9}}""")
            : (404, NotFound));
        Assert.Equal([1, 2], await RewardsAsync(endpoint, "value=1", "value=2"));
    }

    [Theory]
    [InlineData(200, null)]
    [InlineData(200, "NaN")]
    [InlineData(500, """{"error":{"message":"Out of range float values are not JSON compliant: nan","type":"InternalServerError","code":500}}""")]
    [InlineData(500, "Internal Server Error")]
    public async Task One_text_whose_reward_is_no_number_costs_the_others_nothing(int status, string? instead)
    {
        await using Endpoint endpoint = await ServeAsync((path, body) => path != "/classify" || body["input"] is not JsonArray texts ? (404, NotFound)
            : status == 500 && texts.Any(static text => Broken((string)text!)) ? (500, instead!)
            : (200, Data(body, text => Broken(text) ? $"[{instead ?? "null"}]" : $"[{Value(text)}]", "probs")));
        Assert.Equal([1, null, 3], await RewardsAsync(endpoint, "value=1", "broken", "value=3"));

        static bool Broken(string text) => text.Contains("broken", StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_index_that_is_no_number_gives_no_text_anothers_reward()
    {
        await using Endpoint endpoint = await ServeAsync(static (_, _) => (200, """{"data":[{"index":"1","probs":[1]},{"index":"0","probs":[2]}]}"""));
        Assert.Equal([null, null], await RewardsAsync(endpoint, "value=2", "value=1"));
    }

    [Fact]
    public async Task A_first_text_that_is_too_long_is_refused_by_itself_and_not_by_what_another_interface_says()
    {
        await using Endpoint endpoint = await ServeAsync(static (path, body) => path != "/classify" ? (404, NotFound)
            : body.ToJsonString().Contains("long", StringComparison.Ordinal) ? (400, """{"error":{"message":"This model's maximum context length is 4096 tokens","type":"BadRequestError","code":400}}""")
            : (200, Data(body, static _ => "[1]", "probs")));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => ScalarAsync(endpoint, "long"));
        Assert.Equal(JudgeFault.RequestRefused, exception.Fault);
        Assert.Contains("maximum context length", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, NotFound, JudgeFault.Rejected, "no interface of a reward model answers at /classify, /pooling, /predict: HTTP 404: Not Found")]
    [InlineData(200, """{"data":[{"index":0,"probs":[0.1,0.2,0.7]}]}""", JudgeFault.Malformed, """no reward came back: no single number for the text in the answer: {"data":[{"index":0,"probs":[0.1,0.2,0.7]}]}""")]
    [InlineData(200, "<!-- x --><!DOCTYPE html><title>Sign in</title>", JudgeFault.Rejected, "a web page came where a judge's API was expected")]
    [InlineData(401, """{"error":"Unauthorized"}""", JudgeFault.Rejected, "HTTP 401: Unauthorized")]
    public async Task What_gives_no_reward_says_what_came(int status, string body, JudgeFault fault, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json(body, status));
        JudgeException exception = await Assert.ThrowsAsync<JudgeException>(() => ScalarAsync(endpoint, "text"));
        Assert.Equal(fault, exception.Fault);
        Assert.Contains(words, exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(401, """{"error":"Unauthorized"}""", true, "HTTP 401: Unauthorized")]
    [InlineData(424, """{"error":"`predict` is not available for embedding models"}""", false, "embedding models")]
    public async Task A_meta_reward_model_without_a_known_form_says_why_once_and_in_its_health(int status, string body, bool ready, string words)
    {
        await using Endpoint endpoint = await Endpoint.StartAsync(c => c.Json(body, status));
        var log = new LogLines();
        using JudgeFactory factory = Factory(log);
        IMetaRewardModel meta = factory.CreateMeta(Options(endpoint));
        JudgeHealth health = await meta.CheckHealthAsync(Cancel);
        Assert.Equal(ready, health.Ready);
        Assert.Contains(words, health.Detail, StringComparison.Ordinal);
        Assert.Contains(words, Assert.Single(log.Lines, static line => line.Event == JudgeFactory.NoMetaForm).Text, StringComparison.Ordinal);
    }

    // All of them in one request, since the clock stands still until it is full.
    private static async Task<double?[]> RewardsAsync(Endpoint endpoint, params string[] texts)
    {
        using var factory = new JudgeFactory(static _ => null, null, new FakeTimeProvider { AutoAdvanceAmount = TimeSpan.Zero });
        IMetaRewardModel meta = factory.CreateMeta(Options(endpoint) with { BatchSize = texts.Length, Tries = 1 });
        MetaReading[] readings = await Task.WhenAll(texts.Select(text => meta.ScoreAsync(Rollout(), Judgement(text), Cancel)));
        return [.. readings.Select(static reading => reading.Reward)];
    }

    private static async Task<JudgeReply> ScalarAsync(Endpoint endpoint, string text)
    {
        using JudgeFactory factory = Factory();
        return await factory.Create(OneQuestion.Options(endpoint, stream: false) with { Tries = 1 }).AskAsync(Question(text) with { Scalar = true }, Cancel);
    }

    private static MetaEndpointOptions Options(Endpoint endpoint) => new() { Name = "meta", Endpoint = endpoint.V1, Tries = 1 };

    private static Rollout Rollout() => new() { Id = "r", Prompt = [new Message("user", "Q?")], Responses = [new Response("first"), new Response("second")] };

    private static TracedJudgement Judgement(string text) => new()
    {
        RolloutId = "r", Sample = 0, Protocol = "grm", Judge = "j", Order = [1, 0], Outcome = JudgementOutcome.Valid, Text = text,
    };

    private static Task<Endpoint> ServeAsync(Func<string, JsonNode, (int Status, string Body)> answer) => Endpoint.StartAsync(async context =>
    {
        context.Request.Body.Position = 0;
        (int status, string body) = answer(context.Request.Path, (await JsonNode.ParseAsync(context.Request.Body))!);
        await context.Json(body, status);
    });

    private static string Data(JsonNode body, Func<string, string> values, string member = "data") =>
        $$"""{"data":[{{string.Join(',', ((JsonArray)body["input"]!).Select((text, i) => $$"""{"index":{{i}},"{{member}}":{{values((string)text!)}}}"""))}}]}""";

    private static int Value(string text)
    {
        int at = text.IndexOf("value=", StringComparison.Ordinal);
        return at < 0 ? 0 : text[at + 6] - '0';
    }
}
