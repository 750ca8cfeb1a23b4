using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.Simulator.Serving;

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary>Each trainer's request gets the answer that its client reads.</summary>
public sealed class TrainerProtocolTests
{
    private const string Prompt = "<|im_start|>user\nWhat is 2+2?<|im_end|>\n<|im_start|>assistant\n";

    [Fact]
    public async Task OpenRLHF_gets_a_reward_per_query_and_numeric_logs()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMinutes(4), GroupSize = 2 });
        JsonElement answer = await bed.AskAsync("/get_reward", new { query = new[] { Prompt + "It is 4.<|im_end|>", Prompt + "It is 5.<|im_end|>" }, prompts = new[] { Prompt, Prompt }, labels = new[] { "4", "4" } });
        double[] rewards = answer.GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(2, rewards.Length);
        Assert.All(rewards, static reward => Assert.InRange(reward, 0, 1));
        Assert.Equal(rewards, answer.GetProperty("scores").Deserialize<double[]>()!);
        foreach (JsonProperty log in answer.GetProperty("extra_logs").EnumerateObject())
        {
            Assert.Equal(2, log.Value.Deserialize<double[]>()!.Length);
        }

        Assert.Equal([2, 2], answer.GetProperty("extra_logs").GetProperty("group").Deserialize<double[]>()!);
        string rollout = Assert.Single(await LinesAsync(bed, "rollouts.jsonl"));
        using JsonDocument recorded = JsonDocument.Parse(rollout);
        Assert.Equal("What is 2+2?", recorded.RootElement.GetProperty("prompt").ToString() is var text && text.StartsWith('[') ? recorded.RootElement.GetProperty("prompt")[0].GetProperty("content").GetString() : text);
        Assert.Equal("4", recorded.RootElement.GetProperty("reference").GetString());
        Assert.Contains("It is 4.", rollout, StringComparison.Ordinal);
        Assert.DoesNotContain("im_end", rollout, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenRLHFs_empty_arrays_get_empty_arrays()
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage response = await bed.PostAsync("/get_reward", new { query = Array.Empty<string>(), prompts = Array.Empty<string>(), labels = Array.Empty<string>() });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        JsonElement answer = await response.Content.ReadFromJsonAsync<JsonElement>(Bed.Cancel);
        Assert.Equal(0, answer.GetProperty("rewards").GetArrayLength());
        Assert.Equal(0, answer.GetProperty("scores").GetArrayLength());
        Assert.All(answer.GetProperty("extra_logs").EnumerateObject(), static log => Assert.Equal(0, log.Value.GetArrayLength()));
    }

    [Fact]
    public async Task OpenRLHF_gets_null_where_a_pair_judge_sees_one_response_only()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rrm");
        JsonElement answer = await bed.AskAsync("/get_reward", new { query = new[] { Prompt + "It is 4." }, prompts = new[] { Prompt }, labels = new object?[] { null } });
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("rewards").ValueKind);
        Assert.Equal([0.0], answer.GetProperty("extra_logs").GetProperty("scored").Deserialize<double[]>()!);
    }

    [Fact]
    public async Task A_reward_of_slime_is_the_whole_body()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement reward = await bed.AskAsync("/slime", new { prompt = Prompt, response = "It is 4.", label = "4" });
        Assert.InRange(reward.GetDouble(), 0, 1);
    }

    [Fact]
    public async Task Slime_gets_null_where_there_is_no_reward()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rm-r1");
        Assert.Equal(JsonValueKind.Null, (await bed.AskAsync("/slime", new { prompt = "q", response = "alone" })).ValueKind);
    }

    [Fact]
    public async Task Slimes_single_requests_for_one_prompt_are_judged_as_a_group()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMinutes(4), GroupSize = 4 }, protocol: "rrm");
        JsonElement[] rewards = await Task.WhenAll(Enumerable.Range(0, 4).Select(i => bed.AskAsync("/slime", new { prompt = "one prompt", response = $"response {i}" })));
        Assert.All(rewards, static reward => Assert.Equal(JsonValueKind.Number, reward.ValueKind));
        Assert.Single(await LinesAsync(bed, "rollouts.jsonl"));
        Assert.Equal(1, bed.Desk.Counts.Rollouts);
    }

    [Fact]
    public async Task NeMo_Gym_gets_rewards_pairs_and_metrics_on_its_own_scale()
    {
        await using Bed bed = await Bed.StartAsync();
        object Output(string text) => new { output = new object[] { new { type = "reasoning", summary = Array.Empty<object>() }, new { type = "message", content = new[] { new { type = "output_text", text } } } } };
        JsonElement answer = await bed.AskAsync("/compare", new { conversation_history = new[] { new { role = "user", content = "Q?" } }, response_objs = new[] { Output("a"), Output("b"), Output("c") }, principle = "Be brief." });
        double[] rewards = answer.GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(3, rewards.Length);
        Assert.All(rewards, static reward => Assert.InRange(reward, 1, 5));
        Assert.Equal(3, answer.GetProperty("comparison_results").GetArrayLength());
        foreach (JsonElement pair in answer.GetProperty("comparison_results").EnumerateArray())
        {
            double first = pair.GetProperty("score_1").GetDouble();
            double second = pair.GetProperty("score_2").GetDouble();
            Assert.Equal(rewards[pair.GetProperty("response_i").GetInt32()], first);
            Assert.Equal(rewards[pair.GetProperty("response_j").GetInt32()], second);
            Assert.Equal(Math.Sign(second - first), Math.Sign(pair.GetProperty("ranking").GetDouble() - 3.5));
            Assert.Equal(0, pair.GetProperty("judge_idx").GetInt32());
        }

        Assert.Equal(rewards.Average(), answer.GetProperty("metrics").GetProperty("mean_individual_score").GetDouble(), 9);
        Assert.Contains("Be brief.", Assert.Single(await LinesAsync(bed, "rollouts.jsonl")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task NeMo_Gyms_single_response_gets_its_neutral_score()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement answer = await bed.AskAsync("/compare", new { conversation_history = new[] { new { role = "user", content = "Q?" } }, response_objs = new[] { new { output = Array.Empty<object>() } } });
        Assert.Equal([3.0], answer.GetProperty("rewards").Deserialize<double[]>()!);
        Assert.Equal(JsonValueKind.Null, answer.GetProperty("comparison_results").ValueKind);
    }

    [Fact]
    public async Task Our_own_form_answers_in_the_callers_order_and_equal_responses_share_a_reward()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement answer = await bed.AskAsync("/v1/rewards", new { rollouts = new object[] { new { id = "a", prompt = "Q?", responses = new[] { "x", "y", "x" } }, new { prompt = "Q?", responses = new[] { "y", "x" } } } });
        JsonElement[] results = [.. answer.GetProperty("results").EnumerateArray()];
        double[] first = results[0].GetProperty("rewards").Deserialize<double[]>()!;
        double[] second = results[1].GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal("a", results[0].GetProperty("id").GetString());
        Assert.Equal("1", results[1].GetProperty("id").GetString());
        Assert.Equal(first[0], first[2]);
        Assert.Equal([first[1], first[0]], second);
        Assert.Equal(first.Max(), first[results[0].GetProperty("best").GetInt32()]);
        Assert.True(results[0].GetProperty("complete").GetBoolean());
        Assert.Single(await LinesAsync(bed, "rollouts.jsonl"));
    }

    [Fact]
    public async Task A_job_is_asked_for_until_it_is_done()
    {
        await using Bed bed = await Bed.StartAsync(judge: new SimulatorOptions { Latency = TimeSpan.FromSeconds(1) });
        using HttpResponseMessage accepted = await bed.PostAsync("/v1/rewards", new { async = true, rollouts = new[] { new { prompt = "Q?", responses = new[] { "x", "y" } } } });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        JsonElement job = await bed.Client.GetFromJsonAsync<JsonElement>(accepted.Headers.Location, Bed.Cancel);
        Assert.Equal("running", job.GetProperty("status").GetString());
        while (job.GetProperty("status").GetString() == "running")
        {
            bed.JudgeClock.Advance(TimeSpan.FromSeconds(1));
            job = await bed.Client.GetFromJsonAsync<JsonElement>(accepted.Headers.Location, Bed.Cancel);
        }

        Assert.Equal("done", job.GetProperty("status").GetString());
        Assert.Equal(2, job.GetProperty("answer").GetProperty("results")[0].GetProperty("rewards").GetArrayLength());
        using HttpResponseMessage none = await bed.Client.GetAsync(new Uri("/v1/jobs/none", UriKind.Relative), Bed.Cancel);
        Assert.Equal(HttpStatusCode.NotFound, none.StatusCode);
    }

    [Fact]
    public async Task A_job_is_done_after_a_restart_in_its_middle_and_found_after_another_at_no_cost()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-jobs-");
        try
        {
            Uri job;
            await using (Bed bed = await Bed.StartAsync(judge: new SimulatorOptions { Latency = TimeSpan.FromHours(1) }, folder: folder))
            {
                using HttpResponseMessage accepted = await bed.PostAsync("/v1/rewards", new { async = true, rollouts = new[] { new { prompt = "Q?", responses = new[] { "x", "y" } } } });
                job = accepted.Headers.Location!;

                await Bed.UntilAsync(() => bed.Judge.Stats.Judge.Requests > 0);

                // What is in flight ends first.
                Task closing = bed.CloseAsync();
                await Bed.MoveAsync(bed.JudgeClock, () => closing.IsCompleted);
                await closing;
            }

            string first = await DoneAsync(4);
            Assert.Equal(first, await DoneAsync(0));

            async Task<string> DoneAsync(int drawn)
            {
                await using Bed bed = await Bed.StartAsync(folder: folder);
                JsonElement polled;
                do
                {
                    polled = await bed.Client.GetFromJsonAsync<JsonElement>(job, Bed.Cancel);
                }
                while (polled.GetProperty("status").GetString() == "running");

                Assert.InRange(bed.Judge.Stats.Judge.Requests, 0, drawn);
                return polled.GetProperty("answer").GetRawText();
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_document_describes_every_route()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement document = await bed.Client.GetFromJsonAsync<JsonElement>(new Uri("/openapi/v1.json", UriKind.Relative), Bed.Cancel);
        string[] paths = [.. document.GetProperty("paths").EnumerateObject().Select(static path => path.Name).Order(StringComparer.Ordinal)];
        Assert.Equal(["/aggregate_metrics", "/compare", "/get_reward", "/healthz", "/ng-rollout/{rollout}/seed_session", "/ng-rollout/{rollout}/verify", "/openrlhf", "/reverify_mode", "/roll/submit_task", "/roll/task_result", "/seed_session", "/slime", "/v1/chat/completions", "/v1/jobs/{id}", "/v1/models", "/v1/rewards", "/verify"], paths);
        Assert.True(document.GetProperty("components").GetProperty("schemas").TryGetProperty("RewardsRequest", out JsonElement schema) && schema.GetProperty("properties").TryGetProperty("rollouts", out _));
    }

    public static TheoryData<string, string> Unusable { get; } = new()
    {
        { "/get_reward", "" },
        { "/get_reward", "{" },
        { "/get_reward", "null" },
        { "/get_reward", "[]" },
        { "/get_reward", """{"prompts":["a"]}""" },
        { "/get_reward", """{"query":["a"],"prompts":[],"labels":[]}""" },
        { "/get_reward", """{"query":["a"]}""" },
        { "/get_reward", """{"query":[null],"prompts":["a"]}""" },
        { "/get_reward", """{"query":["a"],"prompts":[7]}""" },
        { "/slime", """{"prompt":"a"}""" },
        { "/slime", """{"response":"a"}""" },
        { "/slime", """{"prompt":{},"response":"a"}""" },
        { "/slime", "{\"prompt\":\"\\ud800\",\"response\":7}" },
        { "/compare", """{"conversation_history":[]}""" },
        { "/compare", """{"conversation_history":["x"],"response_objs":[{},{}]}""" },
        { "/compare", """{"conversation_history":[],"response_objs":[{},{}]}""" },
        { "/compare", """{"conversation_history":7,"response_objs":[{},{}]}""" },
        { "/v1/rewards", """{"rollout":[]}""" },
        { "/v1/rewards", "{}" },
        { "/v1/rewards", """{"rollouts":null}""" },
        { "/v1/rewards", """{"prompt":"a"}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a","responses":["b"],"group":{"id":"g","size":-2}}]}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a","responses":["b"],"group":{"id":"g","size":0}}]}""" },
        { "/verify", """{"response":{}}""" },
        { "/verify", """{"responses_create_params":{"input":7},"response":{}}""" },
        { "/v1/rewards", """{"rollouts":[7]}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a"}]}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a","responses":[]}]}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":[],"responses":["a"]}]}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a","responses":["b"]}],"timeoutSeconds":0}""" },
        { "/v1/rewards", """{"rollouts":[{"prompt":"a","responses":["b"]}],"secret":1}""" },
        { "/v1/rewards", new string('[', 5000) },
    };

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task What_cant_be_read_is_refused_with_the_reason(string path, string body)
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage response = await bed.PostTextAsync(path, body);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonElement problem = await response.Content.ReadFromJsonAsync<JsonElement>(Bed.Cancel);
        Assert.NotEqual("", problem.GetProperty("detail").GetString());
        Assert.DoesNotContain("Tribunal.", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain(".NET", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, bed.Desk.Counts.Judgements);
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage response = await bed.PostAsync("/slime", new { prompt = "q", response = new string('x', 2 * 1024 * 1024) });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Without_the_key_nobody_spends_anything()
    {
        await using Bed bed = await Bed.StartAsync(apiKey: "correct horse");
        var question = new { prompt = "q", response = "r" };
        foreach (string? key in (string?[])[null, "", "correct", "correct horse battery"])
        {
            bed.Client.DefaultRequestHeaders.Remove("X-Api-Key");
            if (key is not null)
            {
                bed.Client.DefaultRequestHeaders.TryAddWithoutValidation("X-Api-Key", key);
            }

            using HttpResponseMessage refused = await bed.PostAsync("/slime", question);
            Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        }

        bed.Client.DefaultRequestHeaders.Remove("X-Api-Key");
        bed.Client.DefaultRequestHeaders.Authorization = new("Bearer", "correct horse");
        Assert.Equal(JsonValueKind.Number, (await bed.AskAsync("/slime", question)).ValueKind);
        bed.Client.DefaultRequestHeaders.Authorization = null;
        using HttpResponseMessage health = await bed.Client.GetAsync(new Uri("/healthz", UriKind.Relative), Bed.Cancel);
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    private static async Task<string[]> LinesAsync(Bed bed, string name)
    {
        using var stream = new FileStream(Path.Combine(bed.Folder, name), FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return (await reader.ReadToEndAsync(Bed.Cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
