using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>
/// Of a group over two servers, a client got no reward, as if its time had run out: its server had read that the other one had begun to judge
/// the group, and waited for nothing.
/// </summary>
public sealed class SharedGroupTests
{
    [Fact]
    public async Task Who_waits_for_a_group_that_another_server_has_written_down_gets_its_rewards_though_that_server_never_judges_it()
    {
        await using Bed bed = await Bed.StartAsync(instance: "b0");
        Task<JsonElement> asked = bed.AskAsync("/v1/rewards", new { prompt = "Q", responses = new[] { "a" }, group = new { id = "g", size = 2 } });
        await Bed.UntilAsync(() => bed.Desk.Gatherings.Count == 1);

        IReadOnlyList<Message> prompt = [new Message("user", "Q")];
        UInt128 key = ContentKey.OfPrompt(prompt, null, null);
        (UInt128 Key, Response Content)[] group = [.. ((string[])["a", "a longer one"]).Select(static text => new Response(text)).Select(static response => (ContentKey.OfResponse(response), response)).OrderBy(static one => one.Item1)];
        var begun = new Rollout
        {
            Id = ContentKey.OfRollout(key, [.. group.Select(static one => one.Key)], ""),
            Prompt = prompt,
            Responses = [.. group.Select(static one => one.Content)],
            Metadata = GroupRecord.Of(new GroupKey("", "g", key), ""),
        };
        await File.WriteAllTextAsync(Path.Combine(bed.Folder, Parts.NameOf(Parts.Rollouts, "a0")), JsonSerializer.Serialize(begun, TribunalJson.Default.Rollout) + "\n", Bed.Cancel);

        JsonElement result = (await asked).GetProperty("results")[0];
        Assert.Equal(("scored", true, 2), (result.GetProperty("status").GetString(), result.GetProperty("complete").GetBoolean(), result.GetProperty("group").GetInt32()));
        Assert.InRange(Assert.Single(result.GetProperty("rewards").Deserialize<double[]>()!), 0, 1);
    }
}
