using System.Text.Json;
using Microsoft.Playwright;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

/// <summary>A run whose every text tries to get out of where it stands.</summary>
public sealed class HostileTests(ViewerBrowser browser) : IClassFixture<ViewerBrowser>
{
    private static readonly string[] Texts =
    [
        "<script>window.pwned=1;alert(1)</script>",
        "</script><script>window.pwned=1</script>",
        "<img src=x onerror=\"window.pwned=1\">",
        "</pre></article><svg onload=\"window.pwned=1\"><animate onbegin=alert(3) attributeName=x dur=1s></svg>",
        "<a href=\"javascript:window.pwned=1\">click</a> [click](javascript:window.pwned=1) [out](https://evil.example/)",
        "![x](https://evil.example/x.png) <https://evil.example/y>",
        "\" onmouseover=\"window.pwned=1\" x=\"",
        "<style>*{display:none}</style><link rel=stylesheet href=https://evil.example/x.css>",
        "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe><object data=https://evil.example></object>",
        "<meta http-equiv=refresh content=\"0;url=https://evil.example\"><base href=https://evil.example/>",
        "<form action=https://evil.example><button>go</button></form><input autofocus onfocus=window.pwned=1>",
        "<math><mtext><table><mglyph><style><img src onerror=window.pwned=1>",
        "<div style=\"position:fixed;inset:0;background:url(https://evil.example/z)\" class=top id=main>cover</div>",
        "\u202Etxt.exe\u2066hidden\u2069 \u200Bzero\u0007bell \uFEFF",
        "__proto__ constructor {{constructor.constructor('window.pwned=1')()}} ${window.pwned=1}",
    ];

    [Fact]
    public async Task In_no_view_does_anything_fire_or_ask_another_host()
    {
        using RunBed runs = await HostileAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        string other = await bed.KeyAsync("other");
        await bed.WholeAsync($"api/runs/{key}");
        await bed.WholeAsync($"api/runs/{other}");
        ViewerPage view = await browser.OpenAsync(bed);
        foreach (string address in (string[])[$"#/run/{key}", $"#/run/{key}/rollouts", $"#/run/{key}/rollouts?q=%3Cscript%3E", $"#/run/{key}/live", $"#/compare?runs={key},{other}&filter=all"])
        {
            await view.ShowAsync(address);
            await SettledAsync(view);
        }

        for (int row = 0; row < Texts.Length; row++)
        {
            await view.ShowAsync($"#/run/{key}/rollouts/{row}");
            await view.SaysAsync("h1", $"{row} ");
            foreach (string form in (string[])["As Markdown", "Differences", "As text"])
            {
                await view.Page.GetByRole(AriaRole.Button, new() { Name = form }).ClickAsync();
                await SettledAsync(view);
            }
        }

        await view.ShowAsync($"#/compare?runs={key},{other}&open=0,0");
        await SettledAsync(view);
        Assert.Empty(view.Incidents);
        Assert.False(await view.Page.EvaluateAsync<bool>("() => 'pwned' in window"));
    }

    [Fact]
    public async Task Markdown_becomes_no_link_no_picture_and_no_style()
    {
        using RunBed runs = await HostileAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        await bed.WholeAsync($"api/runs/{key}");
        ViewerPage view = await browser.OpenAsync(bed);
        for (int row = 0; row < Texts.Length; row++)
        {
            await view.ShowAsync($"#/run/{key}/rollouts/{row}");
            await view.SaysAsync("h1", $"{row} ");
            await view.Page.GetByRole(AriaRole.Button, new() { Name = "As Markdown" }).ClickAsync();
            await SettledAsync(view);
            Assert.Equal(0, await view.Page.Locator(".markdown :is(a, img, style, script, svg, math, iframe, object, form, input, button, link, meta, base, [style], [class], [id], [onclick])").CountAsync());
        }

        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task Characters_that_hide_or_reorder_are_shown_by_their_numbers()
    {
        using RunBed runs = await HostileAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        await bed.WholeAsync($"api/runs/{key}");
        ViewerPage view = await browser.OpenAsync(bed, $"#/run/{key}/rollouts/{Array.FindIndex(Texts, static text => text[0] == '\u202E')}");
        await view.SaysAsync(".response", "⟦U+202E⟧txt.exe");
        Assert.DoesNotContain('\u202E', await view.TextAsync("body"));
    }

    private static async Task SettledAsync(ViewerPage view)
    {
        await view.Page.EvaluateAsync("""
            async () => {
              document.querySelectorAll('details').forEach(d => d.open = true);
              for (const e of document.querySelectorAll('main *')) for (const type of ['mouseover', 'focus', 'load', 'error', 'begin']) e.dispatchEvent(new Event(type));
              await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)));
            }
            """);
    }

    private static async Task<RunBed> HostileAsync()
    {
        RunBed bed = await HostileRun.OfAsync(Texts);
        await bed.RunAsync("other", new() { Batch = bed.Batch, Policy = new() { Samples = 2 }, Seed = 5 });
        return bed;
    }
}
