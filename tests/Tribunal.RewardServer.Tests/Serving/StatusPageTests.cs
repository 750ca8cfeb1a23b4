using System.Text.Json;
using Microsoft.Playwright;
using Tribunal.RewardServer.Judging;
using Tribunal.RewardServer.Serving;
using Tribunal.Testing.Pages;

namespace Tribunal.RewardServer.Tests.Serving;

/// <summary>The page at <c>/</c>, in a browser.</summary>
public sealed class StatusPageTests(StatusBrowser browser)
{
    [Theory]
    [InlineData(1200, ColorScheme.Light)]
    [InlineData(1200, ColorScheme.Dark)]
    [InlineData(360, ColorScheme.Light)]
    public async Task What_was_judged_and_what_is_waited_for_is_there_to_read(int width, ColorScheme scheme)
    {
        await using Bed bed = await Bed.StartAsync();
        JsonElement judged = await bed.AskAsync("/v1/rewards", new { prompt = "P", responses = Enumerable.Range(0, 16).Select(static i => $"Answer {i} of many.") });
        const string name = "step 7, prompt 3 of a dataset with-a-name-that-has-no-place-to-break-at-all-and-goes-on-for-long <b>bold</b>";
        Task<JsonElement> waiting = bed.AskAsync("/v1/rewards", new { prompt = "Q", responses = new[] { "a" }, group = new { id = name, size = 2 } });
        await Bed.UntilAsync(() => bed.Desk.Gatherings.Count == 1);
        await using IBrowserContext context = await browser.Browser.NewContextAsync(new() { ViewportSize = new() { Width = width, Height = 800 }, ColorScheme = scheme });
        IPage page = await context.NewPageAsync();
        List<string> incidents = PageWatch.Incidents(page, url => url == bed.Client.BaseAddress!.ToString() || url.EndsWith("/favicon.ico", StringComparison.Ordinal));
        await page.GotoAsync(bed.Client.BaseAddress!.ToString());

        Assert.Equal("The judge answers.", await page.GetByText("The judge answers.").TextContentAsync());
        Assert.Equal([name, "1", "2"], await page.Locator("table").First.Locator("tr").Nth(1).Locator("td").AllTextContentsAsync());
        string[] row = [.. await page.Locator("table").Last.Locator("tr").Nth(1).Locator("td").AllTextContentsAsync()];
        string rewards = string.Join(", ", judged.GetProperty("results")[0].GetProperty("rewards").EnumerateArray().Select(static reward => reward.GetDouble().ToString("0.000", System.Globalization.CultureInfo.InvariantCulture)).Order(StringComparer.Ordinal));
        Assert.Equal(rewards, string.Join(", ", row[2].Split(", ").Order(StringComparer.Ordinal)));

        // Nothing runs over the side, and no number is broken.
        Assert.Equal(width, await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth"));
        Assert.True(await page.EvaluateAsync<bool>("() => [...document.querySelectorAll('td:not(.text):not(.side)')].every(cell => cell.getClientRects().length === 1 && cell.offsetHeight <= cell.closest('tr').offsetHeight && getComputedStyle(cell).whiteSpace === 'nowrap')"));
        Assert.Empty(incidents);
        await bed.AskAsync("/v1/rewards", new { prompt = "Q", responses = new[] { "b" }, group = new { id = name, size = 2 } });
        await waiting;
    }

    [Fact]
    public async Task Every_link_leads_somewhere_and_strangers_see_no_more_than_that_the_judge_answers()
    {
        await using Bed bed = await Bed.StartAsync(keys: new ClientKeys("secret", ("a-key", new ClientBudget("alice"))));
        await bed.AskKeyedAsync("secret", new { prompt = "P", responses = new[] { "a", "b" } });
        await using IBrowserContext context = await browser.Browser.NewContextAsync();
        IPage page = await context.NewPageAsync();
        await page.GotoAsync(bed.Client.BaseAddress!.ToString());
        Assert.Equal(0, await page.Locator("table").CountAsync());
        string[] links = await page.EvaluateAsync<string[]>("() => [...document.querySelectorAll('a')].map(link => new URL(link.href).pathname)");
        Assert.Equal(["/openapi/v1.json", "/healthz", "/metrics", "/"], links);
        IResponse? description = await page.GotoAsync(new Uri(bed.Client.BaseAddress, links[0]).ToString());
        Assert.Equal(200, description!.Status);
        IResponse? health = await page.GotoAsync(new Uri(bed.Client.BaseAddress, links[1]).ToString());
        Assert.Equal(200, health!.Status);

        await context.SetExtraHTTPHeadersAsync([new("X-Api-Key", "secret")]);
        await page.GotoAsync(bed.Client.BaseAddress.ToString());
        IReadOnlyList<string> cells = await page.Locator("table").First.Locator("td").AllTextContentsAsync();
        Assert.Equal(["alice", "0", "0"], cells);
        Assert.Empty(await PageWatch.SeriousAsync(page));
    }
}
