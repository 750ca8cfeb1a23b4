using System.Net;
using System.Text.Json;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>Who meets whom in a group, and how rewards are said.</summary>
public sealed class ScheduleTests
{
    private static readonly string[] Responses = ["a", "bb", "ccc", "dddd", "eeeee", "ffffff", "ggggggg", "hhhhhhhh"];

    [Fact]
    public async Task RRMs_reward_is_asked_for_in_one_request()
    {
        await using Bed bed = await Bed.StartAsync(protocol: "rrm", samples: 1);
        JsonElement rrm = await OneAsync(bed, new { prompt = "P", responses = Responses, scale = "rrm", tournament = new { kind = "random", opponents = 4, rating = "elo" } });
        double[] rewards = rrm.GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(4, rewards.Sum(), 6);
        Assert.InRange(rrm.GetProperty("judgements").GetInt32(), 16, 27);

        // All pairs is another question, which the first one's judgements don't answer.
        long judged = bed.Desk.Counts.Judgements;
        JsonElement all = await OneAsync(bed, new { prompt = "P", responses = Responses });
        Assert.Equal(28, all.GetProperty("judgements").GetInt32());
        Assert.Equal(judged + 28, bed.Desk.Counts.Judgements);
        Assert.All(all.GetProperty("rewards").Deserialize<double[]>()!, static reward => Assert.InRange(reward, 0, 1));
    }

    [Fact]
    public async Task A_schedule_is_found_again_after_a_restart()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("tribunal-serve-");
        try
        {
            object question = new { prompt = "P", responses = Responses, scale = "rrm", tournament = new { kind = "anchors", rating = "elo" } };
            string first;
            await using (Bed bed = await Bed.StartAsync(protocol: "rrm", samples: 1, folder: folder))
            {
                first = (await OneAsync(bed, question)).GetRawText();
            }

            await using Bed again = await Bed.StartAsync(protocol: "rrm", samples: 1, folder: folder);
            Assert.Equal(first, (await OneAsync(again, question)).GetRawText());
            Assert.Equal(0, again.Desk.Counts.Judgements);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Ranks_and_centred_rewards_are_of_the_group()
    {
        await using Bed bed = await Bed.StartAsync();
        double[] unit = (await OneAsync(bed, new { prompt = "P", responses = Responses })).GetProperty("rewards").Deserialize<double[]>()!;
        double[] ranks = (await OneAsync(bed, new { prompt = "P", responses = Responses, scale = "ranks" })).GetProperty("rewards").Deserialize<double[]>()!;
        double[] centred = (await OneAsync(bed, new { prompt = "P", responses = Responses, scale = "centred" })).GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(4, ranks.Sum(), 9);
        Assert.Equal(unit.Select((reward, i) => (reward, i)).MaxBy(static pair => pair.reward).i, ranks.Select((rank, i) => (rank, i)).MaxBy(static pair => pair.rank).i);
        Assert.Equal(0, centred.Sum(), 9);
        Assert.Equal(unit[0] - unit.Average(), centred[0], 9);

        // Slime's and OpenRLHF's requests say it the same way, and Gym's own scale is nobody else's.
        JsonElement alone = await bed.AskAsync("/slime", new { prompt = "P", response = "alone", scale = "centred" });
        Assert.Equal(0, alone.GetDouble());
        JsonElement gym = await bed.AskAsync("/compare", new { conversation_history = new[] { new { role = "user", content = "P" } }, response_objs = Array.ConvertAll(Responses, static text => new { output = new[] { new { type = "message", content = text } } }) });
        Assert.All(gym.GetProperty("rewards").Deserialize<double[]>()!, static reward => Assert.InRange(reward, 1, 5));
    }

    [Theory]
    [InlineData("""{"prompt":"P","responses":["a","b"],"scale":"rrm"}""", "rrm needs a pair judge")]
    [InlineData("""{"prompt":"P","responses":["a","b"],"scale":"percent"}""", "scale")]
    [InlineData("""{"prompt":"P","responses":["a","b"],"tournament":{"kind":"swiss"}}""", "a tournament needs a pair protocol")]
    [InlineData("""{"prompt":"P","responses":["a","b"],"tournament":{"kind":"cup"}}""", "kind")]
    public async Task What_cant_be_done_is_said(string body, string why)
    {
        await using Bed bed = await Bed.StartAsync();
        using HttpResponseMessage answer = await bed.PostTextAsync("/v1/rewards", body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        string text = await answer.Content.ReadAsStringAsync(Bed.Cancel);
        Assert.Contains(why, text, StringComparison.Ordinal);
        Assert.DoesNotContain("Tribunal.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_trajectory_is_judged_as_one_and_its_text_as_another()
    {
        await using Bed bed = await Bed.StartAsync();
        object[] turns = [new { role = "assistant", content = "I look.", tool_calls = new[] { new { id = "c", type = "function", function = new { name = "calc", arguments = "{}" } } } }, new { role = "tool", tool_call_id = "c", content = "42" }, new { role = "assistant", content = "42" }];
        const string spelled = "Assistant: I look.\n(calls calc with {})\n\nTool: (result of calc)\n42\n\nAssistant: 42";
        JsonElement result = await OneAsync(bed, new { prompt = "P", responses = new object[] { turns, spelled, turns } });
        Assert.Equal(2, result.GetProperty("group").GetInt32());
        double[] rewards = result.GetProperty("rewards").Deserialize<double[]>()!;
        Assert.Equal(rewards[0], rewards[2]);

        // Gym's trajectories are the same trajectories.
        object output = new object[]
        {
            new { type = "reasoning", summary = new[] { new { type = "summary_text", text = "hidden" } } },
            new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text = "I look." } } },
            new { type = "function_call", call_id = "c", name = "calc", arguments = "{}" },
            new { type = "function_call_output", call_id = "c", output = "42" },
            new { type = "message", role = "assistant", content = new[] { new { type = "output_text", text = "42" } } },
        };
        JsonElement gym = await bed.AskAsync("/compare", new { conversation_history = new[] { new { role = "user", content = "P" } }, response_objs = new[] { new { output }, new { output = (object)new[] { new { type = "message", content = spelled } } } } });
        Assert.Equal(1 + (4 * rewards[0]), gym.GetProperty("rewards")[0].GetDouble(), 9);
        Assert.Equal(4, bed.Desk.Counts.Judgements);
    }

    private static async Task<JsonElement> OneAsync(Bed bed, object question) => (await bed.AskAsync("/v1/rewards", question)).GetProperty("results")[0];
}
