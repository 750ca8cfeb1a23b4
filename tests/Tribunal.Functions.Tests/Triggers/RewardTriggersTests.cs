using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Tribunal.Functions.Tests.Hosting;
using Tribunal.Functions.Triggers;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Testing.Azurite;

namespace Tribunal.Functions.Tests.Triggers;

/// <summary>Each trainer's route of the app answers as the reward server does.</summary>
public sealed class RewardTriggersTests(AzuriteServer azurite)
{
    private const string Messages = """{"output":[{"type":"message","content":"An answer."}]}""";

    [Fact]
    public async Task Every_trainers_form_is_answered()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "rewards");
        RewardTriggers triggers = ActivatorUtilities.CreateInstance<RewardTriggers>(bed.App.Services);
        JsonElement own = await AskAsync(triggers.Rewards, """{"prompt":"P","responses":["a","a longer one"]}""");
        double[] rewards = own.GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
        Assert.All(rewards, static reward => Assert.InRange(reward, 0, 1));
        Assert.Equal(1, (await AskAsync(triggers.RewardOpenRlhf, """{"query":["P a"],"prompts":["P"],"labels":[""]}""")).GetProperty("rewards").GetArrayLength());
        Assert.InRange((await AskAsync(triggers.RewardSlime, """{"prompt":"P","response":"a"}""")).GetDouble(), 0, 1);
        Assert.Equal(2, (await AskAsync(triggers.RewardCompare, $$"""{"conversation_history":[{"role":"user","content":"P"}],"response_objs":[{{Messages}},{"output":[{"type":"message","content":"Another."}]}]}""")).GetProperty("rewards").GetArrayLength());
        Assert.InRange((await AskAsync(triggers.RewardVerify, $$"""{"responses_create_params":{"input":"P"},"response":{{Messages}}}""")).GetProperty("reward").GetDouble(), 1, 5);
        Assert.Equal("{}", (await AskAsync(triggers.RewardSession, "{}")).GetRawText());
        Assert.Equal(2, (await AskAsync(triggers.RewardFigures, """{"verify_responses":[{"_ng_task_index":0,"reward":1},{"_ng_task_index":0,"reward":3}]}""")).GetProperty("key_metrics").GetProperty("mean/reward").GetDouble());
        Assert.Equal("list", (await AskAsync(triggers.RewardModels, "")).GetProperty("object").GetString());
        var rollout = new Rollout { Id = "x", Prompt = [new Message("user", "P")], Responses = [new("short"), new("a longer answer to P")] };
        string question = ProtocolCatalog.Resolve("grm", "m").Protocol.Compose(rollout, [0, 1]).Messages[^1].Content;
        JsonElement chat = await AskAsync(triggers.RewardChat, JsonSerializer.Serialize(new { messages = new[] { new { role = "user", content = question } } }));
        Assert.False(chat.GetProperty("tribunal").GetProperty("passed_through").GetBoolean());
    }

    [Fact]
    public async Task A_task_of_ROLLs_is_answered_by_another_instance_than_took_it()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "roll-one");
        await using AppBed other = await AppBed.StartAsync(azurite, "roll-two");
        RewardTriggers one = ActivatorUtilities.CreateInstance<RewardTriggers>(bed.App.Services);
        RewardTriggers two = ActivatorUtilities.CreateInstance<RewardTriggers>(other.App.Services);
        JsonElement accepted = await AskAsync(one.RewardRollSubmit, """{"prompt":"Asked of two","response":"a","data_id":"d","global_step":1,"reward_info":{}}""");
        string poll = JsonSerializer.Serialize(new { reward_request_id = accepted.GetProperty("reward_request_id").GetString() });
        JsonElement result;
        do
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            result = await AskAsync(two.RewardRollResult, poll);
        }

        // Until the first has told of it, the second knows of no such task; ROLL's client asks again then.
        while (result.GetProperty("errcode").GetInt32() == 1 || result.GetProperty("reward_score").ValueKind == JsonValueKind.Null);
        Assert.InRange(result.GetProperty("reward_score").GetDouble(), 0, 1);
        Assert.Equal(result.GetProperty("reward_score").GetDouble(), (await AskAsync(one.RewardRollResult, poll)).GetProperty("reward_score").GetDouble());
    }

    [Fact]
    public async Task A_job_is_answered_by_another_instance_than_took_it()
    {
        await using AppBed bed = await AppBed.StartAsync(azurite, "job-one");
        await using AppBed other = await AppBed.StartAsync(azurite, "job-two");
        RewardTriggers two = ActivatorUtilities.CreateInstance<RewardTriggers>(other.App.Services);
        string id = (await AskAsync(ActivatorUtilities.CreateInstance<RewardTriggers>(bed.App.Services).Rewards, """{"async":true,"prompt":"Asked as a job","responses":["a","a longer one"]}""", StatusCodes.Status202Accepted)).GetProperty("id").GetString()!;
        JsonElement job;
        do
        {
            job = await AskAsync((request, cancel) => two.RewardJob(request, id, cancel), "");
        }
        while (job.GetProperty("status").GetString() == "running");

        Assert.Equal(2, job.GetProperty("answer").GetProperty("results")[0].GetProperty("rewards").GetArrayLength());
    }

    private static async Task<JsonElement> AskAsync(Func<HttpRequest, CancellationToken, Task<IActionResult>> route, string body, int status = StatusCodes.Status200OK)
    {
        Answer answer = await AppBed.AnswerAsync(route(AppBed.Request(body), TestContext.Current.CancellationToken));
        Assert.True(answer.Status == status, $"{answer.Status}: {answer.Body}");
        return JsonSerializer.Deserialize<JsonElement>(answer.Body);
    }
}
