namespace Tribunal.Cli.Tests.Issues;

/// <summary>Reported: a batch with labels in a column of its own is judged, and no accuracy is told, without a word.</summary>
public sealed class UnreadLabelsTests : IDisposable
{
    private const string Lines = """
        {"prompt":"p","response_a":"x","response_b":"y","preference":0}
        {"prompt":"q","response_a":"x","response_b":"y","preference":1}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-labels-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_field_that_may_be_the_label_is_named_and_read_where_it_is_said_to_be_one()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), Lines, TestContext.Current.CancellationToken);
        ToolResult done = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "out", "-k", "1", "--no-report");
        Assert.Contains("2 rollouts have no known answer, but a field that may say it, preference: --label-field preference", done.Output, StringComparison.Ordinal);
        ToolResult asked = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "two", "-k", "1", "--no-report", "--label-field", "preference");
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("--label-from 0 or --label-from 1", asked.Errors, StringComparison.Ordinal);
        ToolResult read = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "two", "-k", "1", "--no-report", "--label-field", "preference", "--label-from", "0");
        Assert.Equal(0, read.ExitCode);
        Assert.Contains("of 2 labelled", read.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("known answer", read.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_field_that_is_named_and_that_no_record_has_is_told_of()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), Lines, TestContext.Current.CancellationToken);
        ToolResult done = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "--dry-run", "--label-field", "preferrence", "--reference-field", "gold", "--system-field", "sys");
        Assert.Contains("no rollout has what is named by --label-field preferrence or --reference-field gold or --system-field sys", done.Output, StringComparison.Ordinal);
        done = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "--dry-run", "--label-field", "preference", "--label-from", "0");
        Assert.DoesNotContain("no rollout has", done.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_that_is_named_without_a_judge_is_told_not_to_be_asked()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), Lines, TestContext.Current.CancellationToken);
        ToolResult done = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "named", "-k", "1", "--no-report", "--model", "gpt-4o");
        Assert.Contains("SIMULATED judge (gpt-4o is not asked: --judge says where)", done.Output, StringComparison.Ordinal);
    }
}
