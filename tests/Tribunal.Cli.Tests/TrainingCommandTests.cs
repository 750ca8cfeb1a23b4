using System.Text.Json;

namespace Tribunal.Cli.Tests;

public sealed class TrainingCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_simulated_run_with_hints_becomes_training_data_that_adds_up_and_says_what_it_is()
    {
        await ToolProcess.RunAsync(_folder, "simulate", "--generate", "60", "-o", "batch.jsonl");
        ToolResult score = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "--samples", "3", "--hint", "all");
        Assert.Equal(0, score.ExitCode);
        Assert.Contains("60 drawn for training data, 60 valid, none voted", score.Output, StringComparison.Ordinal);
        ToolResult export = await ToolProcess.RunAsync(_folder, "export", "training", "run", "-o", "sft", "--form", "spct", "--allow-simulated");
        Assert.Equal((0, ""), (export.ExitCode, export.Errors));
        Assert.Contains("240 in the ledger", export.Output, StringComparison.Ordinal);
        Assert.Contains("simulated judge's", export.Output, StringComparison.Ordinal);
        using JsonDocument report = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "sft/training.json")));
        JsonElement root = report.RootElement;
        Assert.Equal(240, root.GetProperty("kept").GetInt64() + root.GetProperty("dropped").EnumerateObject().Sum(static d => d.Value.GetInt64()));
        Assert.Equal(root.GetProperty("examples").GetInt32(), File.ReadLines(Path.Combine(_folder, "sft/train.jsonl")).Count());
        Assert.True(root.GetProperty("keptHinted").GetInt64() > 0);
        ToolResult json = await ToolProcess.RunAsync(_folder, "export", "training", "run", "-o", "rl", "--form", "rlvr", "--format", "parquet", "--json", "--allow-simulated");
        Assert.Equal("rlvr", JsonDocument.Parse(json.Output).RootElement.GetProperty("form").GetString());
        Assert.True(File.Exists(Path.Combine(_folder, "rl/train.parquet")));
    }

    [Fact]
    public async Task What_can_not_be_exported_is_a_usage_error_with_its_reason()
    {
        ToolResult none = await ToolProcess.RunAsync(_folder, "export", "training", "nowhere", "-o", "x", "--form", "spct");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("has no manifest.json", none.Errors, StringComparison.Ordinal);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "export", "training", "nowhere", "-o", "x", "--form", "other")).ExitCode);
        Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "export", "training", "nowhere", "-o", "x", "--form", "spct", "--n-rft", "0")).ExitCode);
        File.WriteAllText(Path.Combine(_folder, "bare.jsonl"), """{"id":"a","prompt":"q","responses":["x","y"]}""" + "\n");
        await ToolProcess.RunAsync(_folder, "score", "bare.jsonl", "-o", "bare", "--samples", "2");
        ToolResult unlabelled = await ToolProcess.RunAsync(_folder, "export", "training", "bare", "-o", "empty", "--form", "meta", "--allow-simulated");
        Assert.Equal(1, unlabelled.ExitCode);
        Assert.Contains("2  unlabelled", unlabelled.Output, StringComparison.Ordinal);
        Assert.Contains("The set is empty", unlabelled.Output, StringComparison.Ordinal);
        ToolResult batchApi = await ToolProcess.RunAsync(_folder, "score", "bare.jsonl", "-o", "api", "--via", "openai-batch", "--model", "m", "--hint", "all");
        Assert.Equal(2, batchApi.ExitCode);
        Assert.Contains("no hinted samples", batchApi.Errors, StringComparison.Ordinal);
    }
}
