using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>
/// Requests as the trainers' own clients send them, recorded from their newest sources: ROLL 8eb27cc (remote_reward_system_worker.py,
/// llm_judge_reward_worker.py), NeMo Gym 07d6b0d (resources_servers/genrm_compare, base_resources_server.py, simple_agent), ART 1145f02 (rewards/ruler.py).
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

    /// <summary>As NeMo Gym's <c>SimpleAgent.run</c> and its client (07d6b0d: responses_api_agents/simple_agent/app.py, nemo_gym/server_utils.py) send it; observed rollouts come below a prefix.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("/ng-rollout/{0}-{1}")]
    public async Task Gyms_own_agent_gets_its_cohorts_rewards(string prefix)
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { GroupSize = 2 });
        JsonElement[] answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async i =>
        {
            string body = $$$"""
                {"responses_create_params": {"input": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "question {{{i / 2}}}"}]}, "_ng_task_index": {{{i / 2}}}, "_ng_rollout_index": {{{i % 2}}}, "uuid": "u",
                 "response": {"id": "resp_1", "object": "response", "created_at": 0, "model": "policy", "output": [{"type": "reasoning", "id": "r", "summary": [{"type": "summary_text", "text": "I think."}]},
                  {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": [{"type": "output_text", "text": "Answer {{{i}}} with {{{i}}} reasons.", "annotations": []}]}], "parallel_tool_calls": true, "tool_choice": "auto", "tools": []}}
                """;
            string path = string.Format(System.Globalization.CultureInfo.InvariantCulture, prefix, i / 2, i % 2);
            using HttpResponseMessage session = await bed.PostTextAsync(path + "/seed_session", body);
            Assert.Equal(HttpStatusCode.OK, session.StatusCode);
            using HttpResponseMessage answer = await bed.PostTextAsync(path + "/verify", body);
            return JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Bed.Cancel));
        }));
        Assert.All(answers, static answer => Assert.Equal(2, answer.GetProperty("group").GetInt32()));
        Assert.All(answers, static answer => Assert.InRange(answer.GetProperty("reward").GetDouble(), 1, 5));
        Assert.Equal(2, bed.Desk.Counts.Rollouts);
    }

    /// <summary>As ART's RULER (1145f02: src/art/rewards/ruler.py) has LiteLLM send it.</summary>
    [Fact]
    public async Task ARTs_RULER_gets_the_mean_of_the_judges_scores_in_its_own_form()
    {
        const string asked = """
            {"model": "tribunal", "messages": [{"role": "system", "content": "\nAll of the trajectories below have been given the same goal. Your job is to consider each of them and give them a score between 0 and 1.\n"},
             {"role": "user", "content": "<context>\n[{\"role\": \"user\", \"content\": \"What is 6*7?\"}]\n</context>\n\nTrajectories:\n\n<trajectory id=\"1\">\n[{\"role\": \"assistant\", \"content\": \"42\"}]\n</trajectory>\n\n<trajectory id=\"2\">\n[{\"role\": \"assistant\", \"content\": \"No.\"}]\n</trajectory>"}],
             "response_format": {"type": "json_schema", "json_schema": {"schema": {"properties": {"scores": {"items": {"properties": {"trajectory_id": {"type": "string"}, "explanation": {"type": "string"}, "score": {"type": "number"}}}, "type": "array"}}, "type": "object"}, "name": "Response", "strict": true}}}
            """;
        await using ChatEndpoint endpoint = await ChatEndpoint.StartAsync(static number => ("application/json", JsonSerializer.Serialize(new
        {
            choices = new[] { new { index = 0, finish_reason = "stop", message = new { role = "assistant", content = JsonSerializer.Serialize(new { scores = new[] { new { trajectory_id = "1", explanation = number % 2 == 0 ? "Good." : "It is right.", score = number % 2 == 0 ? 0.9 : 0.7 }, new { trajectory_id = "2", explanation = "It does not say.", score = 0.1 } } }) } } },
        }), StatusCodes.Status200OK));
        await using Bed bed = await Bed.StartAsync(address: endpoint.Address);
        using HttpResponseMessage answer = await bed.PostTextAsync("/v1/chat/completions", asked);
        JsonElement completion = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(Bed.Cancel));
        JsonElement scores = JsonSerializer.Deserialize<JsonElement>(completion.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!).GetProperty("scores");
        Assert.Equal([0.8, 0.1], scores.EnumerateArray().Select(static score => score.GetProperty("score").GetDouble()));
        Assert.Equal(["1", "2"], scores.EnumerateArray().Select(static score => score.GetProperty("trajectory_id").GetString()));
        Assert.Equal(8, completion.GetProperty("tribunal").GetProperty("judgements").GetInt32());
        Assert.All(endpoint.Asked, static request => Assert.Equal("json_schema", JsonSerializer.Deserialize<JsonElement>(request).GetProperty("response_format").GetProperty("type").GetString()));
    }

    [Fact]
    public async Task ARTs_RULER_shows_the_simulated_judge_trajectories_of_several_messages_and_gets_a_score_for_each()
    {
        const string Shown = """
            <context>
            [{"role": "user", "content": "What is 17*23?"}]
            </context>

            Trajectories:

            <trajectory id="1">
            [{"role": "assistant", "content": "391."}]
            </trajectory>

            <trajectory id="2">
            [{"role": "assistant", "content": "", "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "calc", "arguments": "{}"}}]}, {"role": "tool", "tool_call_id": "c1", "content": "391"}, {"role": "assistant", "content": "It is 391."}]
            </trajectory>

            <trajectory id="3">
            [{"role": "assistant", "content": "About 400."}]
            </trajectory>
            """;
        await using Bed bed = await Bed.StartAsync(protocol: "ruler");
        string system = Tribunal.Protocols.Catalog.ProtocolCatalog.Resolve("ruler", "m").Protocol.Compose(new Tribunal.Rollouts.Rollout { Id = "x", Prompt = [new Tribunal.Rollouts.Message("user", "P")], Responses = [new("a"), new("b")] }, [0, 1]).Messages[0].Content;
        JsonElement answer = await bed.AskAsync("/v1/chat/completions", new { model = "tribunal", messages = new[] { new { role = "system", content = system }, new { role = "user", content = Shown } }, response_format = new { type = "json_object" } });
        JsonElement scores = JsonSerializer.Deserialize<JsonElement>(answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!).GetProperty("scores");
        Assert.Equal(["1", "2", "3"], scores.EnumerateArray().Select(static score => score.GetProperty("trajectory_id").GetString()));
        Assert.All(scores.EnumerateArray(), static score => Assert.InRange(score.GetProperty("score").GetDouble(), 0, 1));
        Assert.False(answer.GetProperty("tribunal").GetProperty("passed_through").GetBoolean());
    }

    [Fact]
    public async Task A_chat_client_gets_the_vote_of_several_judgements()
    {
        await using Bed bed = await Bed.StartAsync();

        // The simulated judge answers prompts of the protocols: one of those, as a client that knows GRM's form would write it.
        var rollout = new Tribunal.Rollouts.Rollout { Id = "x", Prompt = [new Tribunal.Rollouts.Message("user", "P")], Responses = [new("short"), new("a longer answer to P")] };
        string prompt = Tribunal.Protocols.Catalog.ProtocolCatalog.Resolve("grm", "m").Protocol.Compose(rollout, [0, 1]).Messages[^1].Content;
        object body = new { model = "tribunal", messages = new[] { new { role = "user", content = prompt } }, temperature = 0.7 };
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
        Assert.Contains("\"tribunal\"", await models.Content.ReadAsStringAsync(Bed.Cancel), StringComparison.Ordinal);
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
