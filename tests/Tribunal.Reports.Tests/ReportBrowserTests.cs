using System.Text.Json;
using Microsoft.Playwright;
using Tribunal.Testing.Pages;
using Tribunal.Testing.Runs;

namespace Tribunal.Reports.Tests;

/// <summary>The pages as a browser shows them, from file URLs.</summary>
public sealed class ReportBrowserTests(ReportBrowser browser) : IClassFixture<ReportBrowser>
{
    [Fact]
    public async Task Hostile_texts_fire_nothing_and_make_no_elements()
    {
        using RunBed bed = await HostileRun.OfAsync(Hostile.Texts);
        string report = await ReportFile.WriteAsync(bed.PathOf(""));
        WatchedPage watched = await browser.OpenAsync(report);
        await watched.UnfoldAsync();
        await HandleEverythingAsync(watched.Page);
        Assert.Empty(watched.Incidents);
        Assert.Equal(1, watched.Requests);
        Assert.False(await watched.Page.EvaluateAsync<bool>("() => 'pwned' in window"));
        Assert.Equal(0, await watched.Page.Locator("iframe, object, embed, form, img, base, link, animate, [style], a[href]:not([href^='#']):not([download][href^='data:'])").CountAsync());
        Assert.Equal(1, await watched.Page.Locator("script").CountAsync());
        Assert.Equal(0, await watched.Page.EvaluateAsync<int>("() => [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on'))).length"));
        Assert.Equal(1, await watched.Page.Locator("style").CountAsync());
        string text = await watched.Page.InnerTextAsync("body");
        Assert.Contains("<script>window.pwned=1;alert(1)</script>", text, StringComparison.Ordinal);
        Assert.Contains("⟦U+202E⟧txt.exe", text, StringComparison.Ordinal);
        Assert.DoesNotContain('\u202E', text);
    }

    [Fact]
    public async Task The_policy_stops_a_script_that_escaping_had_let_through()
    {
        using var bed = new RunBed(4);
        await bed.RunAsync();
        string report = await ReportFile.WriteAsync(bed.PathOf(""));
        string broken = Path.Combine(bed.Folder, "broken.html");
        await File.WriteAllTextAsync(broken, (await File.ReadAllTextAsync(report)).Replace("</main>", "<script>window.pwned=1</script><img src=https://evil.example/x.png></main>", StringComparison.Ordinal));
        WatchedPage watched = await browser.OpenAsync(broken);
        Assert.False(await watched.Page.EvaluateAsync<bool>("() => 'pwned' in window"));
        Assert.Contains(watched.Incidents, static incident => incident.StartsWith("console:", StringComparison.Ordinal));
        Assert.DoesNotContain(watched.Incidents, static incident => incident.StartsWith("dialog:", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(360, ColorScheme.Light)]
    [InlineData(820, ColorScheme.Dark)]
    [InlineData(1440, ColorScheme.Light)]
    public async Task The_report_has_no_accessibility_fault_and_no_sideways_scroll(int width, ColorScheme scheme)
    {
        using var bed = new RunBed(30);
        await bed.RunAsync();
        WatchedPage watched = await browser.OpenAsync(await ReportFile.WriteAsync(bed.PathOf("")), width, scheme);
        Assert.False(await watched.Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"));
        await watched.UnfoldAsync();
        Assert.Empty(await PageWatch.SeriousAsync(watched.Page));
        Assert.Empty(watched.Incidents);
        if (Environment.GetEnvironmentVariable("TRIBUNAL_SCREENSHOTS") is { Length: > 0 } folder)
        {
            await watched.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, $"report-{width}.png"), FullPage = true });
        }
    }

    [Fact]
    public async Task The_comparison_has_no_accessibility_fault_and_fires_nothing()
    {
        using RunBed bed = await HostileRun.OfAsync(Hostile.Texts);
        await bed.RunAsync("other", new() { Batch = bed.Batch, Policy = new() { Samples = 2 }, Seed = 5 });
        string path = Path.Combine(bed.Folder, "compare.html");
        await File.WriteAllTextAsync(path, ComparePage.Render(await RunComparer.CompareAsync([bed.PathOf(""), bed.PathOf("", "other")])));
        WatchedPage watched = await browser.OpenAsync(path, 820);
        await HandleEverythingAsync(watched.Page);
        Assert.Empty(await PageWatch.SeriousAsync(watched.Page));
        Assert.Empty(watched.Incidents);
        Assert.False(await watched.Page.EvaluateAsync<bool>("() => 'pwned' in window"));
    }

    [Fact]
    public async Task Keys_alone_reach_and_unfold_what_is_folded()
    {
        using var bed = new RunBed(6);
        await bed.RunAsync();
        IPage page = (await browser.OpenAsync(await ReportFile.WriteAsync(bed.PathOf("")))).Page;
        await page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the figures", await page.EvaluateAsync<string>("() => document.activeElement.textContent"));
        for (int i = 0; i < 40 && await page.EvaluateAsync<string>("() => document.activeElement.tagName") != "SUMMARY"; i++)
        {
            await page.Keyboard.PressAsync("Tab");
        }

        await page.Keyboard.PressAsync("Enter");
        Assert.True(await page.EvaluateAsync<bool>("() => document.activeElement.parentElement.open"));
    }

    [Fact]
    public async Task The_table_of_all_rollouts_is_searched_and_sorted_in_the_file_alone()
    {
        using var bed = new RunBed(250);
        await bed.RunAsync();
        WatchedPage watched = await browser.OpenAsync(await ReportFile.WriteAsync(bed.PathOf("")));
        ILocator rows = watched.Page.Locator("#all-rows tr");
        await Assertions.Expect(watched.Page.Locator("#all-status")).ToContainTextAsync("250 of 250 rollouts");
        Assert.Equal(100, await rows.CountAsync());
        await watched.Page.Locator("#all-search").FillAsync("question 123?");
        await Assertions.Expect(watched.Page.Locator("#all-status")).ToHaveTextAsync("1 of 250 rollouts");
        Assert.Equal("r123", await rows.First.Locator("th").InnerTextAsync());
        await watched.Page.Locator("#all-search").FillAsync("");
        await watched.Page.Locator("#all-only").SelectOptionAsync("wrong");
        int right = (int)Math.Round(bed.Summary().Overall.Accuracy!.Value * 250);
        await Assertions.Expect(watched.Page.Locator("#all-status")).ToContainTextAsync($"{250 - right} of 250 rollouts");
        await watched.Page.Locator("#all thead button").Nth(4).ClickAsync();
        await watched.Page.Locator("#all thead button").Nth(4).ClickAsync();
        Assert.Equal(await watched.Page.Locator("#wrong h3 bdi").First.InnerTextAsync(), await rows.First.Locator("th").InnerTextAsync());
        Assert.Empty(watched.Incidents);
        Assert.Equal(1, watched.Requests);
    }

    [Fact]
    public async Task In_print_what_is_folded_is_shown()
    {
        using var bed = new RunBed(6);
        await bed.RunAsync();
        IPage page = (await browser.OpenAsync(await ReportFile.WriteAsync(bed.PathOf("")))).Page;
        ILocator answer = page.Locator("article pre").First;
        Assert.False(await answer.EvaluateAsync<bool>("e => e.checkVisibility({ contentVisibilityAuto: true })"));
        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });
        Assert.True(await answer.EvaluateAsync<bool>("e => e.checkVisibility({ contentVisibilityAuto: true })"));
    }

    private static async Task HandleEverythingAsync(IPage page) => await page.EvaluateAsync("""
        async () => {
          for (const e of document.querySelectorAll('body *')) {
            for (const type of ['mouseover', 'focus', 'click', 'load', 'error', 'begin']) {
              if (!(type === 'click' && e.closest('summary, a'))) e.dispatchEvent(new Event(type));
            }
          }
          await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
        }
        """);
}
