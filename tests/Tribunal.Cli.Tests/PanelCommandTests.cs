using System.Text.Json;

namespace Tribunal.Cli.Tests;

/// <summary>A panel from the command line: scored, voted on again, told of.</summary>
public sealed class PanelCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-panel-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Several_judges_are_a_panel_whose_ledger_is_weighed_again()
    {
        await RunAsync(0, "simulate", "--generate", "30", "-o", "b.jsonl");
        ToolResult score = await RunAsync(
            0, "score", "b.jsonl", "-o", "out", "--judge", "simulated", "--judge", "simulated", "--judge", "simulated", "--protocol", "grm", "--protocol", "rrm", "--protocol", "skywork-reward",
            "--samples", "2", "--panel", "dawid-skene", "--price-in", "1", "--price-in", "2", "--price-in", "3", "--price-out", "5");
        Assert.Contains("simulated by grm: 60 judgements", score.Output, StringComparison.Ordinal);
        Assert.Contains("simulated-3 by skywork-reward: 30 judgements", score.Output, StringComparison.Ordinal);
        using JsonDocument summary = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(_folder, "out", "summary.json")));
        double cost = summary.RootElement.GetProperty("cost").GetDouble();
        Assert.Equal(cost, summary.RootElement.GetProperty("members").EnumerateArray().Sum(static member => member.GetProperty("cost").GetDouble()), 9);
        Assert.Equal("dawid-skene", summary.RootElement.GetProperty("weighing").GetString());
        string report = await File.ReadAllTextAsync(Path.Combine(_folder, "out", "report.html"));
        Assert.Contains("Members of the panel", report, StringComparison.Ordinal);

        await RunAsync(0, "vote", "out", "-o", "again");
        Assert.Equal(await BestAsync("out"), await BestAsync("again"));
        foreach (string weights in (string[])["equal", "labels", "one-coin"])
        {
            ToolResult vote = await RunAsync(0, "vote", "out", "-o", weights, "--panel", weights);
            Assert.Contains("simulated-2 by rrm", vote.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_panel_file_names_members_and_one_that_can_not_be_used_is_refused_by_its_field()
    {
        await RunAsync(0, "simulate", "--generate", "5", "-o", "b.jsonl");
        await File.WriteAllTextAsync(Path.Combine(_folder, "panel.json"), """{"members":[{"protocol":"grm"},{"protocol":"rrm","weight":0.5}], /* comments are fine */ "weights":"one-coin"}""");
        await RunAsync(0, "score", "b.jsonl", "-o", "out", "--judges", "panel.json", "--samples", "2");
        Assert.True(File.Exists(Path.Combine(_folder, "out", "panel.json")));

        await File.WriteAllTextAsync(Path.Combine(_folder, "panel.json"), """{"members":[{"protocol":"grm"},{"url":"http://x"}]}""");
        Assert.Contains("unknown field", (await RunAsync(2, "score", "b.jsonl", "-o", "no", "--judges", "panel.json")).Errors, StringComparison.Ordinal);
        Assert.Contains(
            "--model is given 2 times for a panel of 3",
            (await RunAsync(2, "score", "b.jsonl", "-o", "no", "--judge", "simulated", "--judge", "simulated", "--judge", "simulated", "--model", "a", "--model", "b")).Errors,
            StringComparison.Ordinal);
        Assert.Contains("one judge is asked", (await RunAsync(2, "score", "b.jsonl", "-o", "no", "--panel", "one-coin")).Errors, StringComparison.Ordinal);
        Assert.Contains("which only score and serve take", (await RunAsync(2, "rubric", "write", "b.jsonl", "-o", "r.jsonl", "--judge", "simulated", "--judge", "simulated")).Errors, StringComparison.Ordinal);
        Assert.Contains("weights are learned from the judgements of a whole run", (await RunAsync(2, "serve", "--judge", "simulated", "--judge", "simulated", "--panel", "one-coin")).Errors, StringComparison.Ordinal);
        Assert.Contains("no batch API", (await RunAsync(2, "score", "b.jsonl", "-o", "no", "--via", "openai-batch", "--model", "a", "--model", "b")).Errors, StringComparison.Ordinal);
    }

    private async Task<string[]> BestAsync(string run) =>
        [.. (await File.ReadAllLinesAsync(Path.Combine(_folder, run, "verdicts.jsonl"))).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("best").ToString())];

    private async Task<ToolResult> RunAsync(int expected, params string[] arguments)
    {
        ToolResult result = await ToolProcess.RunAsync(_folder, arguments);
        Assert.True(result.ExitCode == expected, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Errors}{result.Output}");
        return result;
    }
}
