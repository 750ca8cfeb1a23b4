using System.Text.Json;

namespace Tribunal.Cli.Tests;

/// <summary>Models of one's own, from the command line.</summary>
public sealed class TrainCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_model_is_trained_shown_voted_with_and_scored_with()
    {
        await RunAsync(0, "simulate", "--generate", "150", "-o", "batch.jsonl");
        await RunAsync(0, "simulate", "--generate", "20", "--seed", "2", "-o", "other.jsonl");
        await RunAsync(0, "score", "batch.jsonl", "-o", "run", "--samples", "4");
        if (ToolProcess.IsNative)
        {
            Assert.Contains("needs the .NET runtime", (await RunAsync(2, "train", "meta", "run", "-o", "meta.tribunal")).Errors, StringComparison.Ordinal);
            return;
        }

        ToolResult train = await RunAsync(0, "train", "meta", "run", "-o", "meta.tribunal", "--splits", "2", "-k", "2");
        foreach (string part in (string[])["labelled rollouts", "SIMULATED", "AUC", "ECE", "plain voting", "2 random splits"])
        {
            Assert.Contains(part, train.Output, StringComparison.Ordinal);
        }

        ToolResult vote = await RunAsync(0, "vote", "run", "-o", "again", "--meta", "meta.tribunal");
        Assert.Contains("trained on", vote.Output, StringComparison.Ordinal);
        string id = train.Output[..train.Output.IndexOf(':', StringComparison.Ordinal)];
        ToolResult score = await RunAsync(0, "score", "other.jsonl", "-o", "guided", "--samples", "4", "--meta", "meta.tribunal", "--simulator-seed", "2");
        Assert.Contains("of 20 labelled", score.Output, StringComparison.Ordinal);
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "guided/manifest.json")));
        Assert.Equal(id, manifest.RootElement.GetProperty("request").GetProperty("meta").GetProperty("model").GetString());
        Assert.All(File.ReadLines(Path.Combine(_folder, "guided/verdicts.jsonl")), static line => Assert.Equal(2, JsonDocument.Parse(line).RootElement.GetProperty("votes").GetProperty("kept").GetInt32()));
        await RunAsync(0, "score", "other.jsonl", "-o", "guided", "--samples", "4", "--meta", "meta.tribunal", "--simulator-seed", "2");
    }

    [Fact]
    public async Task Several_runs_vote_together_by_weights_of_their_own_or_from_a_file()
    {
        await RunAsync(0, "simulate", "--generate", "60", "-o", "batch.jsonl");
        await RunAsync(0, "score", "batch.jsonl", "-o", "lists", "--samples", "2", "--model", "one");
        await RunAsync(0, "score", "batch.jsonl", "-o", "pairs", "--samples", "2", "--protocol", "rrm");
        ToolResult train = await RunAsync(0, "train", "panel", "lists", "pairs", "-o", "panel.json", "--splits", "2");
        Assert.Contains("labelled weights", train.Output, StringComparison.Ordinal);
        Assert.Contains("(rrm)", train.Output, StringComparison.Ordinal);
        Assert.Contains("dawid-skene", train.Output, StringComparison.Ordinal);
        ToolResult vote = await RunAsync(0, "vote", "lists", "pairs", "-o", "panel", "--panel", "dawid-skene");
        Assert.Contains("for choosing the first shown", vote.Output, StringComparison.Ordinal);
        Assert.Contains("of 60 labelled", vote.Output, StringComparison.Ordinal);
        ToolResult file = await RunAsync(0, "vote", "lists", "pairs", "-o", "by-file", "--panel", "panel.json");
        Assert.Contains("60 of these rollouts: their labels don't count", file.Output, StringComparison.Ordinal);
        ToolResult score = await RunAsync(0, "score", "batch.jsonl", "-o", "weighed", "--samples", "2", "--panel", "panel.json");
        Assert.DoesNotContain("labelled", score.Output, StringComparison.Ordinal);
        Assert.Equal(60, File.ReadLines(Path.Combine(_folder, "weighed/verdicts.jsonl")).Count());
    }

    [Fact]
    public async Task What_can_not_be_used_is_a_usage_error_with_its_reason()
    {
        File.WriteAllText(Path.Combine(_folder, "bare.jsonl"), """{"id":"a","prompt":"q","responses":["x","y"]}""" + "\n");
        await RunAsync(0, "score", "bare.jsonl", "-o", "bare", "--samples", "2");
        File.WriteAllText(Path.Combine(_folder, "evil.tribunal"), """{"format":"tribunal-meta/1","$type":"System.Diagnostics.Process"}""");
        Assert.Contains("no meta reward model that can be used", (await RunAsync(2, "vote", "bare", "-o", "v", "--meta", "evil.tribunal")).Errors, StringComparison.Ordinal);
        Assert.Contains("no meta reward model that can be used", (await RunAsync(2, "score", "bare.jsonl", "-o", "s", "--meta", "evil.tribunal")).Errors, StringComparison.Ordinal);
        Assert.Contains("holds no panel weights", (await RunAsync(2, "score", "bare.jsonl", "-o", "s", "--panel", "evil.tribunal")).Errors, StringComparison.Ordinal);
        Assert.Contains("a vote asks no model", (await RunAsync(2, "vote", "bare", "-o", "v", "--meta", "http://localhost:1/")).Errors, StringComparison.Ordinal);
        string native = "needs the .NET runtime";
        Assert.Contains(ToolProcess.IsNative ? native : "too little to learn from", (await RunAsync(2, "train", "meta", "bare", "-o", "m")).Errors, StringComparison.Ordinal);
        Assert.Contains(ToolProcess.IsNative ? native : "-o FILE or --splits N is needed", (await RunAsync(2, "train", "meta", "bare")).Errors, StringComparison.Ordinal);
        Assert.Contains("need no labels", (await RunAsync(2, "train", "panel", "bare", "-o", "p")).Errors, StringComparison.Ordinal);
        Assert.Contains("named twice", (await RunAsync(2, "train", "panel", "bare", "bare", "-o", "p")).Errors, StringComparison.Ordinal);
        Assert.Contains("one judge is asked", (await RunAsync(2, "score", "bare.jsonl", "-o", "s", "--panel", "one-coin")).Errors, StringComparison.Ordinal);
    }

    private async Task<ToolResult> RunAsync(int exitCode, params string[] arguments)
    {
        ToolResult result = await ToolProcess.RunAsync(_folder, arguments);
        Assert.True(exitCode == result.ExitCode, $"{string.Join(' ', arguments)}: {result.ExitCode}\n{result.Output}\n{result.Errors}");
        return result;
    }
}
