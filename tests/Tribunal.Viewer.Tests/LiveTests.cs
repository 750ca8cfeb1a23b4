using System.Diagnostics;
using System.Globalization;
using Microsoft.Playwright;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

public sealed class LiveTests(ViewerBrowser browser) : IClassFixture<ViewerBrowser>
{
    private const int Rollouts = 6000;
    private const int Samples = 8;

    [Fact]
    public async Task A_killed_run_that_is_resumed_on_the_page_goes_on_there_to_its_end()
    {
        using var runs = new RunBed(Rollouts);
        string folder = runs.PathOf("", "live").TrimEnd('/');
        using (Process score = Score(runs, folder))
        {
            while (LedgerBytes(folder) == 0 && !score.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
            }

            score.Kill();
            await score.WaitForExitAsync();
        }

        Assert.False(File.Exists(Path.Combine(folder, RunFiles.Summary)), "the run was through before it was killed");
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("live");
        ViewerPage view = await browser.OpenAsync(bed, $"#/run/{key}/live");
        await view.SaysAsync("#drawn", $"of {(Rollouts * Samples).ToString("N0", CultureInfo.InvariantCulture)}");
        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Resume" }).ClickAsync();
        await view.SaysAsync("[role=alertdialog]", "score");
        await view.Page.GetByRole(AriaRole.Button, new() { Name = "Run it" }).ClickAsync();
        await view.SaysAsync("h2#live", "Done");
        await view.SaysAsync("#drawn", (Rollouts * Samples).ToString("N0", CultureInfo.InvariantCulture));
        await view.SaysAsync("#share", "100.0 %");
        Assert.Equal(Rollouts, File.ReadLines(Path.Combine(folder, RunFiles.Verdicts)).Count());
        Assert.Empty(view.Incidents);
    }

    [Fact]
    public async Task A_run_stops_when_the_page_asks_and_goes_on_when_it_is_told_to()
    {
        using var runs = new RunBed(Rollouts);
        string folder = runs.PathOf("", "live").TrimEnd('/');
        using Process score = Score(runs, folder);
        while (LedgerBytes(folder) == 0 && !score.HasExited)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System);
        }

        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        using HttpClient client = bed.Client();
        string key = await bed.KeyAsync("live");
        using var empty = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
        (await client.PostAsync($"api/runs/{key}/stop", empty)).EnsureSuccessStatusCode();
        await score.WaitForExitAsync();
        Assert.Equal(130, score.ExitCode);
        Assert.True((await bed.GetAsync($"api/runs/{key}/live")).GetProperty("stopRequested").GetBoolean());

        // The same command, given by hand, is not stopped by what was asked of the last one.
        using Process again = Score(runs, folder);
        await again.WaitForExitAsync();
        Assert.Equal(0, again.ExitCode);
        Assert.False((await bed.GetAsync($"api/runs/{key}/live")).GetProperty("stopRequested").GetBoolean());
    }

    [Fact]
    public async Task Only_score_into_the_runs_own_folder_can_be_started_from_the_page()
    {
        using var runs = new RunBed(3);
        await runs.RunAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        using HttpClient client = bed.Client();
        foreach (string arguments in (string[])
            ["""["simulate","--port","0"]""", """["score","x.jsonl"]""", """["score","x.jsonl","-o","elsewhere"]""", """["score","x.jsonl","--output=../elsewhere"]"""])
        {
            await File.WriteAllTextAsync(runs.PathOf(RunFiles.CommandLine), $$"""{"arguments":{{arguments}},"folder":"{{runs.Folder}}"}""");
            using var empty = new StringContent("{}", System.Text.Encoding.UTF8, "application/json");
            Assert.Equal(System.Net.HttpStatusCode.Conflict, (await client.PostAsync($"api/runs/{key}/resume", empty)).StatusCode);
        }
    }

    private static Process Score(RunBed runs, string folder) => Process.Start(new ProcessStartInfo("dotnet")
    {
        ArgumentList = { Bed.Tool.Arguments[0], "score", runs.Batch, "-o", folder, "--samples", $"{Samples}", "--no-report" },
        WorkingDirectory = runs.Folder,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        UseShellExecute = false,
    })!;

    private static long LedgerBytes(string folder) => !Directory.Exists(Path.Combine(folder, "parts")) ? 0
        : Directory.EnumerateFiles(Path.Combine(folder, "parts"), "ledger-*", SearchOption.AllDirectories).Sum(static path => new FileInfo(path).Length);
}
