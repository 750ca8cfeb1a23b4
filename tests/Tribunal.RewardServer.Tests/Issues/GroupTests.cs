using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tribunal.RewardServer.Judging;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>A reward is relative to its group: another group's, client's, step's or epoch's never mixes in.</summary>
public sealed class GroupTests
{
    [Fact]
    public async Task A_response_seen_before_is_judged_with_its_new_group()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMinutes(4), GroupSize = 4 }, protocol: "rm-r1");
        await AskEachAsync(bed, "a trainer", "x", "junk1", "junk2", "junk3");
        double[] again = await AskEachAsync(bed, "a trainer", "x", "y", "w", "v");
        Assert.Equal(await TogetherAsync(bed, "x", "y", "w", "v"), again);
    }

    [Fact]
    public async Task Another_clients_request_to_the_same_prompt_changes_nobodys_reward()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMinutes(4), GroupSize = 2 }, protocol: "rm-r1");
        Task<JsonElement> waiting = SlimeAsync(bed, "one", "x");
        await Bed.UntilAsync(() => bed.Desk.Waiting == 1);
        Task<JsonElement> stranger = SlimeAsync(bed, "two", "junk");
        await Bed.UntilAsync(() => bed.Desk.Waiting == 2);
        double second = (await SlimeAsync(bed, "one", "y")).GetDouble();
        double[] expected = await TogetherAsync(bed, "x", "y");
        Assert.Equal(expected, new[] { (await waiting).GetDouble(), second });
        Assert.False(stranger.IsCompleted);
        await SlimeAsync(bed, "two", "other");
        await stranger;
    }

    [Fact]
    public async Task Halves_of_a_named_group_from_two_clients_get_the_whole_groups_rewards_and_retries_cost_nothing()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { Gather = TimeSpan.FromMilliseconds(1), GroupWait = TimeSpan.FromMinutes(4) }, protocol: "rm-r1");
        JsonElement[] halves = await Task.WhenAll(HalfAsync(bed, "rank 0", "a", "b"), HalfAsync(bed, "rank 1", "c", "d"));
        double[] expected = await TogetherAsync(bed, "a", "b", "c", "d");
        Assert.Equal(expected, halves.SelectMany(static half => half.GetProperty("rewards").Deserialize<double[]>()!));
        Assert.All(halves, static half => Assert.True(half.GetProperty("whole").GetBoolean() && half.GetProperty("group").GetInt32() == 4));
        long asked = bed.Judge.Stats.Judge.Requests;
        Assert.Equal(expected[2..], (await HalfAsync(bed, "rank 1", "c", "d")).GetProperty("rewards").Deserialize<double[]>()!);
        Assert.Equal(asked, bed.Judge.Stats.Judge.Requests);
    }

    [Fact]
    public async Task A_named_group_that_is_not_whole_when_the_wait_ends_says_so_and_who_comes_late_is_judged_with_all_of_it()
    {
        var time = new FakeTimeProvider();
        await using Bed bed = await Bed.StartAsync(new RewardOptions { GroupWait = TimeSpan.FromSeconds(30), TimeLimit = TimeSpan.FromDays(1) }, protocol: "rm-r1", time: time);
        JsonElement early = await Bed.MoveAsync(time, HalfAsync(bed, "rank 0", "a", "b"));
        Assert.False(early.GetProperty("whole").GetBoolean());
        Assert.Equal(2, early.GetProperty("group").GetInt32());
        JsonElement late = await HalfAsync(bed, "rank 1", "c", "d");
        Assert.True(late.GetProperty("whole").GetBoolean());
        Assert.Equal((await TogetherAsync(bed, "a", "b", "c", "d"))[2..], late.GetProperty("rewards").Deserialize<double[]>()!);
    }

    [Fact]
    public async Task NeMo_Gyms_cohort_gets_the_groups_rewards_one_rollout_a_request()
    {
        await using Bed bed = await Bed.StartAsync(new RewardOptions { GroupWait = TimeSpan.FromMinutes(4), GroupSize = 3 }, protocol: "rm-r1");
        string[] responses = ["a", "b", "c"];
        JsonElement[] answers = await Task.WhenAll(responses.Select(text => bed.AskAsync("/verify", new
        {
            responses_create_params = new { input = new[] { new { role = "user", content = "Q?" } } },
            response = new { output = new object[] { new { type = "reasoning", summary = Array.Empty<object>() }, new { type = "message", content = new[] { new { type = "output_text", text } } } } },
            prompt_id = "q",
        })));
        Assert.Equal((await TogetherAsync(bed, responses)).Select(static reward => 1 + (4 * reward)), answers.Select(static answer => answer.GetProperty("reward").GetDouble()));
        Assert.All(answers, static answer => Assert.Equal("message", answer.GetProperty("response").GetProperty("output")[1].GetProperty("type").GetString()));
    }

    private static Task<JsonElement> HalfAsync(Bed bed, string client, params string[] responses) =>
        AskedAsync(bed, client, "/v1/rewards", new { rollouts = new[] { new { prompt = "Q?", responses, group = new { id = "step 7, prompt 3", size = 4 } } } }, static answer => answer.GetProperty("results")[0]);

    private static async Task<double[]> AskEachAsync(Bed bed, string client, params string[] responses) =>
        [.. (await Task.WhenAll(responses.Select(response => SlimeAsync(bed, client, response)))).Select(static reward => reward.GetDouble())];

    private static Task<JsonElement> SlimeAsync(Bed bed, string client, string response) => AskedAsync(bed, client, "/slime", new { prompt = "Q?", response }, static answer => answer);

    private static async Task<JsonElement> AskedAsync(Bed bed, string client, string path, object body, Func<JsonElement, JsonElement> read)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(JsonSerializer.Serialize(body)) };
        request.Headers.Add("X-Tribunal-Client", client);
        using HttpResponseMessage response = await bed.Client.SendAsync(request, Bed.Cancel);
        string text = await response.Content.ReadAsStringAsync(Bed.Cancel);
        Assert.True(response.IsSuccessStatusCode, text);
        return read(JsonSerializer.Deserialize<JsonElement>(text));
    }

    private static async Task<double[]> TogetherAsync(Bed bed, params string[] responses) =>
        (await bed.AskAsync("/v1/rewards", new { rollouts = new[] { new { prompt = "Q?", responses } } })).GetProperty("results")[0].GetProperty("rewards").Deserialize<double[]>()!;
}
