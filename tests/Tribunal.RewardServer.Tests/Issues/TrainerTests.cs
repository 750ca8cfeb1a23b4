using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>
/// Requests as the trainers' own clients send them, recorded from their newest sources: ROLL 8eb27cc (remote_reward_system_worker.py,
/// llm_judge_reward_worker.py), NeMo Gym 07d6b0d (resources_servers/genrm_compare, base_resources_server.py).
/// </summary>
public sealed class TrainerTests
{
    [Fact]
    public async Task ROLL_submits_and_polls()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { GroupSize = 2 });
        string[] ids = [await SubmitAsync(bed, "a", "0"), await SubmitAsync(bed, "b", "1")];
        JsonElement first = await ResultAsync(bed, ids[0]);
        JsonElement second = await ResultAsync(bed, ids[1]);
        JsonElement own = await bed.AskAsync("/v1/rewards", new { prompt = "P", responses = new[] { "a", "b" }, reference = "r" });
        double[] expected = own.GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(expected, (double[])[first.GetProperty("reward_score").GetDouble(), second.GetProperty("reward_score").GetDouble()]);
        Assert.Equal(1, bed.Desk.Counts.Rollouts);
        Assert.Equal(0, first.GetProperty("errcode").GetInt32());
        Assert.True(DateTimeOffset.TryParse(first.GetProperty("start_time").GetString(), out _));
        Assert.True(first.GetProperty("dimention_reward_score").GetProperty("tribunal").GetProperty("debug_info").GetProperty("tribunal").TryGetProperty("time_cost", out _));

        // Its client submits again what it was told nothing of.
        JsonElement unknown = await PollAsync(bed, "nothing");
        Assert.Equal(0, unknown.GetProperty("errcode").GetInt32());
        Assert.Equal(JsonValueKind.Null, unknown.GetProperty("reward_score").ValueKind);
        Assert.Equal(JsonValueKind.Object, unknown.GetProperty("dimention_reward_score").ValueKind);
    }

    [Fact]
    public async Task ROLL_is_told_a_number_of_the_users_where_there_is_no_reward()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.Zero, NullReward = -1 }, protocol: "rrm");
        Assert.Equal(-1, (await ResultAsync(bed, await SubmitAsync(bed, "alone", "0"))).GetProperty("reward_score").GetDouble());
        Assert.Equal(1, bed.Desk.Counts.Replaced);
    }

    [Fact]
    public async Task Gyms_session_and_figures_are_answered()
    {
        await using Bed bed = await Bed.StartAsync();
        Assert.Equal("{}", (await bed.AskAsync("/seed_session", new { })).GetRawText());
        JsonElement figures = await bed.AskAsync("/aggregate_metrics", new
        {
            verify_responses = new object[]
            {
                new { _ng_task_index = 0, _ng_rollout_index = 0, reward = 1.0, response = new { } },
                new { _ng_task_index = 0, _ng_rollout_index = 1, reward = 3.0, response = new { } },
                new { _ng_task_index = 4, _ng_rollout_index = 0, reward = 5.0, response = new { } },
            },
        });
        Assert.Equal([2, 5], figures.GetProperty("group_level_metrics").EnumerateArray().Select(static group => group.GetProperty("mean/reward").GetDouble()));
        Assert.Equal([0, 4], figures.GetProperty("group_level_metrics").EnumerateArray().Select(static group => group.GetProperty("_ng_task_index").GetDouble()));
        Assert.Equal(3, figures.GetProperty("key_metrics").GetProperty("mean/reward").GetDouble());
        Assert.Equal(2, figures.GetProperty("agent_metrics").GetProperty("std/reward").GetDouble());
        using HttpResponseMessage mode = await bed.Client.GetAsync(new Uri("/reverify_mode", UriKind.Relative), Bed.Cancel);
        Assert.Equal("\"unknown\"", await mode.Content.ReadAsStringAsync(Bed.Cancel));
    }

    [Fact]
    public async Task Gyms_tasks_with_the_same_words_are_cohorts_of_their_own()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { GroupSize = 2 }, protocol: "rrm");
        Task<JsonElement>[] asked = [.. from task in (int[])[1, 2] from text in (string[])["a", "b"] select bed.AskAsync("/verify", new
        {
            responses_create_params = new { input = new[] { new { role = "user", content = "P" } } },
            response = new { output = new[] { new { type = "message", content = $"{text}{task}" } } },
            _ng_task_index = task,
        })];
        JsonElement[] answers = await Task.WhenAll(asked);
        Assert.All(answers, static answer => Assert.Equal(2, answer.GetProperty("group").GetInt32()));
        Assert.Equal(2, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task A_chat_client_gets_the_vote_of_several_judgements()
    {
        await using Bed bed = await Bed.StartAsync();

        // The simulated judge answers prompts of the protocols: one of those, as a client that knows GRM's form would write it.
        var rollout = new Tribunal.Rollouts.Rollout { Id = "x", Prompt = [new Tribunal.Rollouts.Message("user", "P")], Responses = [new("short"), new("a longer answer to P")] };
        string prompt = Tribunal.Protocols.Catalog.ProtocolCatalog.Resolve("grm", "m").Protocol.Compose(rollout, [0, 1]).Messages[^1].Content;
        object body = new { model = "any", messages = new[] { new { role = "user", content = prompt } }, temperature = 0.7 };
        JsonElement answer = await bed.AskAsync("/v1/chat/completions", body);
        JsonElement tribunal = answer.GetProperty("tribunal");
        Assert.Equal(8, tribunal.GetProperty("judgements").GetInt32());
        Assert.Equal(8, tribunal.GetProperty("votes").EnumerateObject().Sum(static vote => vote.Value.GetInt32()));
        Assert.False(tribunal.GetProperty("passed_through").GetBoolean());
        string content = answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        Assert.Contains($"\\boxed{{{tribunal.GetProperty("verdict").GetString()}}}", content, StringComparison.Ordinal);
        Assert.Equal("chat.completion", answer.GetProperty("object").GetString());
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt64(), usage.GetProperty("prompt_tokens").GetInt64() + usage.GetProperty("completion_tokens").GetInt64());

        // The same question costs once.
        long drawn = bed.Desk.Counts.Judgements;
        Assert.Equal(answer.GetRawText(), (await bed.AskAsync("/v1/chat/completions", body)).GetRawText());
        Assert.Equal(drawn, bed.Desk.Counts.Judgements);
        using HttpResponseMessage models = await bed.Client.GetAsync(new Uri("/v1/models", UriKind.Relative), Bed.Cancel);
        Assert.Contains("simulated-judge", await models.Content.ReadAsStringAsync(Bed.Cancel), StringComparison.Ordinal);
        using HttpResponseMessage stream = await bed.PostAsync("/v1/chat/completions", new { model = "any", messages = new[] { new { role = "user", content = prompt } }, temperature = 0.7, stream = true });
        Assert.Equal("text/event-stream", stream.Content.Headers.ContentType!.MediaType);
        Assert.EndsWith("data: [DONE]\n\n", await stream.Content.ReadAsStringAsync(Bed.Cancel), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"m"}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"n":4}""")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function"}]}""")]
    public async Task What_a_judge_cant_be_asked_is_refused(string body)
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage answer = await bed.PostTextAsync("/v1/chat/completions", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(0, bed.Desk.Counts.Judgements);
    }

    private static async Task<string> SubmitAsync(Bed bed, string response, string rollout)
    {
        JsonElement accepted = await bed.AskAsync("/roll/submit_task", new
        {
            priority = 1, project_id = "p", experiment_id = "e", global_step = 3, data_id = "d", rollout_id = rollout, prompt = "P", response,
            reward_info = new { ground_truth = "r" }, reward_manager = Array.Empty<object>(), timeout = 300,
        });
        Assert.Equal(0, accepted.GetProperty("errcode").GetInt32());
        return accepted.GetProperty("reward_request_id").GetString()!;
    }

    private static async Task<JsonElement> ResultAsync(Bed bed, string id)
    {
        while (true)
        {
            JsonElement result = await PollAsync(bed, id);
            if (result.GetProperty("errcode").GetInt32() != 1)
            {
                return result;
            }

            await Task.Delay(5, Bed.Cancel);
        }
    }

    private static async Task<JsonElement> PollAsync(Bed bed, string id)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/roll/task_result", UriKind.Relative))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { reward_request_id = id }), Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("XRL-Authorization", "Bearer none");
        using HttpResponseMessage answer = await bed.Client.SendAsync(request, Bed.Cancel);
        return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Bed.Cancel));
    }
}
