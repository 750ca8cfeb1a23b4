using System.Diagnostics;
using Microsoft.Playwright;
using Tribunal.Rollouts;
using Tribunal.Testing;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

/// <summary>
/// What people see and read, at three widths, dark and light. With TRIBUNAL_SCREENSHOTS naming a folder the pictures are kept there:
/// <c>TRIBUNAL_SCREENSHOTS=docs/images dotnet test tests/Tribunal.Viewer.Tests --filter Looks</c>.
/// </summary>
public sealed class LooksTests(ViewerBrowser browser) : IClassFixture<ViewerBrowser>
{
    private static readonly string? Folder = Environment.GetEnvironmentVariable("TRIBUNAL_SCREENSHOTS");

    [Theory]
    [InlineData(380, ColorScheme.Light)]
    [InlineData(820, ColorScheme.Dark)]
    [InlineData(1440, ColorScheme.Light)]
    public async Task No_view_has_an_accessibility_fault_or_scrolls_sideways(int width, ColorScheme scheme)
    {
        using var runs = new RunBed(0);
        await File.WriteAllLinesAsync(runs.Batch, Samples(400));
        await SimulateAsync(runs, "grm-8", "--protocol", "grm", "--samples", "8", "--meta", "simulated", "--price-in", "0.3", "--price-out", "1.2");
        await SimulateAsync(runs, "grm-1", "--protocol", "grm", "--samples", "1", "--simulator-seed", "5");
        await SimulateAsync(runs, "knockout", "--protocol", "rrm", "--tournament", "knockout", "--samples", "3");
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("grm-8");
        string other = await bed.KeyAsync("grm-1");
        string tournament = await bed.KeyAsync("knockout");
        foreach (string run in (string[])[key, other, tournament])
        {
            await bed.WholeAsync($"api/runs/{run}");
        }

        int close = (await bed.WholeAsync($"api/runs/{key}/rollouts?sort=confidence")).GetProperty("rows")[2].GetProperty("row").GetInt32();
        (string Name, string View, string Ready)[] views =
        [
            ("runs", "#/", "table tbody tr"),
            ("run", $"#/run/{key}", ".plots img"),
            ("rollouts", $"#/run/{key}/rollouts?filter=wrong&sort=confidence&desc=1", ".listbody .listrow a"),
            ("rollout", $"#/run/{key}/rollouts/{close}", "#othervote"),
            ("judgements", $"#/run/{key}/rollouts/{close}", "#judgements"),
            ("tournament", $"#/run/{tournament}/rollouts/1", ".bracket"),
            ("live", $"#/run/{key}/live", "#drawn"),
            ("compare", $"#/compare?runs={key},{other}", ".listbody .listrow a"),
        ];
        ViewerPage page = await browser.OpenAsync(bed, "", width, scheme, height: 1000);
        foreach ((string name, string view, string ready) in views)
        {
            await page.ShowAsync(view);
            await page.Page.Locator(ready).First.WaitForAsync();
            if (name is "judgements" or "tournament")
            {
                await page.Page.Locator(ready).First.EvaluateAsync("element => element.scrollIntoView()");
            }

            await page.Page.EvaluateAsync("async () => { await Promise.all([...document.images].map(i => i.decode().catch(() => 0))); await new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))); }");
            Assert.False(await page.ScrollsSidewaysAsync(), $"{name} scrolls sideways at {width}");
            string[] serious = await page.SeriousAsync();
            Assert.True(serious.Length == 0, $"{name}: {string.Join("\n", serious)}");
            if (Folder is { Length: > 0 })
            {
                await page.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(Folder, $"view-{name}-{width}.png") });
            }
        }

        Assert.Empty(page.Incidents);
    }

    [Fact]
    public async Task What_is_built_in_is_what_the_sources_make()
    {
        string web = Path.Combine(RepositoryFolder.Root(), "src", "Tribunal.Viewer", "web");
        if (!Directory.Exists(Path.Combine(web, "node_modules")))
        {
            Assert.Skip("npm ci in src/Tribunal.Viewer/web was not run: ./test does");
        }

        string fresh = Directory.CreateTempSubdirectory("viewer-").FullName;
        using Process build = Process.Start(new ProcessStartInfo("node") { ArgumentList = { "build.mjs", fresh }, WorkingDirectory = web })!;
        await build.WaitForExitAsync();
        Assert.Equal(0, build.ExitCode);
        foreach (string name in (string[])["app.js", "app.css", "index.html", "licences.txt"])
        {
            Assert.True(await File.ReadAllTextAsync(Path.Combine(web, "dist", name)) == await File.ReadAllTextAsync(Path.Combine(fresh, name)), $"{name} is not what the sources make: npm run build in {web}");
        }

        Directory.Delete(fresh, recursive: true);
    }

    private static IEnumerable<string> Samples(int count)
    {
        var random = new Random(7);
        string[] domains = ["chat", "code", "maths", "safety"];
        for (int i = 0; i < count; i++)
        {
            string[] answers =
            [
                $"It takes {(i % 9) + 2} steps.\n\n1. Read the **input**.\n2. Sort it.\n3. Print what is left.",
                $"It takes {(i % 7) + 3} steps: read the input, sort it, and print what is left. Mind that equal lines are kept.",
                "I would not do this by hand; use `sort -u`, which does it in one step.",
                $"```sh\nsort -u list.txt > sorted.txt   # {(i % 5) + 1} seconds\n```",
            ];
            yield return System.Text.Json.JsonSerializer.Serialize(
                new Rollout
                {
                    Id = $"task-{i:D4}",
                    Prompt = [new Message("user", $"How do I remove repeated lines from a list of {100 * (i + 1)} names, and how long does it take?")],
                    Responses = [.. answers.Select(static answer => new Response(answer))],
                    Best = [random.Next(4)],
                    Domain = domains[i % 4],
                },
                TribunalJson.Default.Rollout);
        }
    }

    private static async Task SimulateAsync(RunBed runs, string name, params string[] options)
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = runs.Folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (string argument in (string[])[Bed.Tool.Arguments[0], "score", runs.Batch, "-o", name, "--no-report", .. options])
        {
            start.ArgumentList.Add(argument);
        }

        using Process score = Process.Start(start)!;
        string said = await score.StandardOutput.ReadToEndAsync() + await score.StandardError.ReadToEndAsync();
        await score.WaitForExitAsync();
        Assert.True(score.ExitCode is 0 or 1, said);
    }
}
