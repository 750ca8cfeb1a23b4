using System.Text.Json;
using Tribunal.Reports;

namespace Tribunal.Cli.Tests;

public sealed class ReportCommandsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Score_leaves_a_report_and_compare_sets_runs_side_by_side()
    {
        await File.WriteAllLinesAsync(Path.Combine(_folder, "batch.jsonl"), Enumerable.Range(0, 6).Select(static i => $$"""{"id":"r{{i}}","prompt":"q{{i}}","responses":["yes","no"],"best":0}"""));
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "one", "--samples", "2")).ExitCode);
        Assert.Contains("SIMULATED", await File.ReadAllTextAsync(Path.Combine(_folder, "one/report.html")), StringComparison.Ordinal);
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "two", "--samples", "4", "--seed", "3")).ExitCode);
        ToolResult report = await ToolProcess.RunAsync(_folder, "report", "two", "-o", "two.html");
        Assert.Equal((0, "two.html"), (report.ExitCode, report.Output.TrimEnd()));
        ToolResult compare = await ToolProcess.RunAsync(_folder, "compare", "one", "two", "--json", "-o", "both.html");
        Assert.Equal(0, compare.ExitCode);
        Assert.Equal(6, JsonSerializer.Deserialize(compare.Output, ComparisonJson.Default.Comparison)!.Labelled);
        Assert.Contains("Paired differences", await File.ReadAllTextAsync(Path.Combine(_folder, "both.html")), StringComparison.Ordinal);
        ToolResult table = await ToolProcess.RunAsync(_folder, "compare", "one", "two");
        Assert.Contains("6 shared rollouts, 6 labelled", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_run_is_a_usage_error_with_a_reason()
    {
        ToolResult report = await ToolProcess.RunAsync(_folder, "report", ".");
        Assert.Equal(2, report.ExitCode);
        Assert.Contains("manifest.json", report.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "compare", ".")).ExitCode);
    }
}
