using System.Text.Json;

namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported: a run through a batch API writes report.html in spite of --no-report.</summary>
public sealed class ReportNotWantedTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-report-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_run_through_a_batch_api_has_a_report_where_one_is_wanted(bool wanted)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), """{"id":"a","prompt":"p","responses":["x","y"]}""", TestContext.Current.CancellationToken);
        string[] score = ["score", "batch.jsonl", "-o", "out", "--via", "openai-batch", "--model", "RRM-32B", "--samples", "1", .. wanted ? Array.Empty<string>() : ["--no-report"]];
        Assert.Equal(1, (await ToolProcess.RunAsync(_folder, score)).ExitCode);
        string request = await File.ReadAllTextAsync(Path.Combine(_folder, "out/openai-batch/requests/requests-001.jsonl"), TestContext.Current.CancellationToken);
        using JsonDocument asked = JsonDocument.Parse(request);
        string answer = $$"""{"custom_id":"{{asked.RootElement.GetProperty("custom_id").GetString()}}","response":{"status_code":200,"body":""" +
            """{"choices":[{"message":{"content":"So.</think> \\boxed{Assistant 1}"},"finish_reason":"stop"}]}},"error":null}""";
        await File.WriteAllTextAsync(Path.Combine(_folder, "out/openai-batch/answers/output.jsonl"), answer, TestContext.Current.CancellationToken);
        ToolResult done = await ToolProcess.RunAsync(_folder, [.. score, "--quiet"]);
        Assert.Equal((0, ""), (done.ExitCode, done.Errors));
        Assert.True(File.Exists(Path.Combine(_folder, "out/verdicts.jsonl")));
        Assert.Equal(wanted, File.Exists(Path.Combine(_folder, "out/report.html")));
        Assert.Equal(wanted, (await File.ReadAllTextAsync(Path.Combine(_folder, "out/manifest.json"), TestContext.Current.CancellationToken)).Contains("report.html", StringComparison.Ordinal));
    }
}
