using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;

namespace Tribunal.RewardServer.Tests.Issues;

/// <summary>The server as people run it: its page, its description, keys with budgets.</summary>
public sealed class OperationsTests
{
    [Fact]
    public async Task The_page_shows_what_was_judged_and_runs_nothing()
    {
        await using Bed bed = await Bed.StartAsync();
        await bed.AskAsync("/v1/rewards", new { prompt = "P", responses = new[] { "a", "b" } });
        Task<JsonElement> waiting = bed.AskAsync("/v1/rewards", new { prompt = "Q", responses = new[] { "a" }, group = new { id = "<script>alert(1)</script>", size = 2 } });
        await Bed.UntilAsync(() => bed.Desk.Gatherings.Count == 1);
        using HttpResponseMessage answer = await bed.Client.GetAsync(new Uri("/", UriKind.Relative), Bed.Cancel);
        string page = await answer.Content.ReadAsStringAsync(Bed.Cancel);
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        string policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; style-src 'sha256-", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("=\"http", page, StringComparison.Ordinal);
        Assert.DoesNotContain("src=", page, StringComparison.Ordinal);
        Assert.Contains("The judge answers.", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;<td>1<td>2", page, StringComparison.Ordinal);
        Assert.Contains(bed.Desk.Recent.Latest[0].Verdict.Id[..10], page, StringComparison.Ordinal);
        await bed.AskAsync("/v1/rewards", new { prompt = "Q", responses = new[] { "b" }, group = new { id = "<script>alert(1)</script>", size = 2 } });
        await waiting;
    }

    [Fact]
    public async Task The_page_tells_strangers_no_more_than_whether_the_judge_answers()
    {
        await using Bed bed = await Bed.StartAsync(apiKey: "secret");
        string page = await bed.Client.GetStringAsync(new Uri("/", UriKind.Relative), Bed.Cancel);
        Assert.Contains("The judge answers.", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Judged last", page, StringComparison.Ordinal);
        Assert.DoesNotContain("simulated-judge", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clients_budget_ends_its_requests_and_nobody_elses()
    {
        ClientBudget alice = new("alice", requests: 2);
        ClientBudget bob = new("bob", tokens: 1);
        await using Bed bed = await Bed.StartAsync(keys: new ClientKeys("own", ("a-key", alice), ("b-key", bob)));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bed, "a-key", "1"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bed, "a-key", "2"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(bed, "a-key", "3"));
        Assert.InRange(bed.Desk.Spending.Of("alice").Tokens, 2, long.MaxValue);
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bed, "b-key", "4"));
        Assert.Equal(HttpStatusCode.Forbidden, await AskAsync(bed, "b-key", "5"));
        Assert.Equal(HttpStatusCode.OK, await AskAsync(bed, "own", "6"));
        Assert.Equal(HttpStatusCode.Unauthorized, await AskAsync(bed, "other", "7"));
    }

    [Fact]
    public async Task What_another_client_asked_first_costs_no_tokens()
    {
        ClientBudget alice = new("alice");
        ClientBudget bob = new("bob");
        await using Bed bed = await Bed.StartAsync(keys: new ClientKeys(null, ("a-key", alice), ("b-key", bob)));
        await AskAsync(bed, "a-key", "same");
        await AskAsync(bed, "b-key", "same");
        Assert.InRange(bed.Desk.Spending.Of("alice").Tokens, 1, long.MaxValue);
        Assert.Equal(0, bed.Desk.Spending.Of("bob").Tokens);
    }

    [Fact]
    public async Task The_description_says_what_numbers_are()
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement api = JsonSerializer.Deserialize<JsonElement>(await bed.Client.GetStringAsync(new Uri("/openapi/v1.json", UriKind.Relative), Bed.Cancel));
        foreach (string path in (string[])["/v1/rewards", "/get_reward", "/slime", "/verify", "/compare", "/seed_session", "/aggregate_metrics", "/roll/submit_task", "/roll/task_result", "/v1/chat/completions", "/v1/models"])
        {
            Assert.True(api.GetProperty("paths").TryGetProperty(path, out _), path);
        }

        JsonElement schemas = api.GetProperty("components").GetProperty("schemas");
        JsonElement rewards = schemas.GetProperty("RewardsResult").GetProperty("properties").GetProperty("rewards");
        Assert.Contains("array", rewards.GetRawText(), StringComparison.Ordinal);
        foreach (JsonProperty schema in schemas.EnumerateObject())
        {
            Assert.DoesNotContain("\"pattern\"", schema.Value.GetRawText(), StringComparison.Ordinal);
        }

        string items = schemas.GetProperty("RewardsRequest").GetProperty("properties").GetProperty("rollouts").GetRawText();
        Assert.Contains("prompt", items + schemas.GetRawText(), StringComparison.Ordinal);
        Assert.Contains("responses", items, StringComparison.Ordinal);
    }

    private static async Task<HttpStatusCode> AskAsync(Bed bed, string key, string prompt)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/rewards", UriKind.Relative))
        {
            Content = new StringContent(JsonSerializer.Serialize(new { prompt, responses = new[] { "a", "b" } })),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using HttpResponseMessage answer = await bed.Client.SendAsync(request, Bed.Cancel);
        return answer.StatusCode;
    }
}
