using System.Text.Json;

namespace Tribunal.Cli.Tests;

/// <summary>A person's labels, said in a terminal.</summary>
public sealed class LabelCommandTests : IDisposable
{
    private static readonly Dictionary<string, string?> Nothing = [];
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-label-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_least_sure_come_first_and_what_is_said_counts_from_then_on()
    {
        await ScoreAsync();
        string[] order = [.. File.ReadLines(Path.Combine(_folder, "run", "verdicts.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)
            .Where(static verdict => verdict.GetProperty("id").GetString() != "known")
            .OrderBy(static verdict => verdict.GetProperty("confidence").GetDouble()).ThenBy(static verdict => verdict.GetProperty("margin").GetDouble()).ThenBy(static verdict => verdict.GetProperty("id").GetString(), StringComparer.Ordinal)
            .Select(static verdict => verdict.GetProperty("id").GetString()!)];
        ToolResult said = await ToolProcess.RunAsync(_folder, "1\ns 2 7.5\n\n7\nn odd \u001b[31m question\nq\n", Nothing, "label", "run", "--by", "ann");
        Assert.True(said.ExitCode == 0, said.Errors);
        Assert.Contains("3 labels in", said.Output, StringComparison.Ordinal);
        JsonElement[] labels = [.. File.ReadLines(Path.Combine(_folder, "run", "labels.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([order[0], order[1], order[3]], labels.Select(static label => label.GetProperty("rolloutId").GetString()));
        Assert.Equal(1, labels[0].GetProperty("best")[0].GetInt32());
        Assert.Equal(7.5, labels[1].GetProperty("scores")[1].GetDouble());
        Assert.Equal(1, labels[1].GetProperty("best")[0].GetInt32());
        Assert.All(labels, static label => Assert.Equal("ann", label.GetProperty("by").GetString()));

        // Asked again, it asks about the others only; a vote tells accuracy of what was labelled.
        ToolResult again = await ToolProcess.RunAsync(_folder, "q\n", Nothing, "label", "run");
        Assert.Contains($"of {order.Length - 3} ", again.Output, StringComparison.Ordinal);
        ToolResult vote = await ToolProcess.RunAsync(_folder, "vote", "run", "-o", "again");
        Assert.True(vote.ExitCode == 0, vote.Errors);
        Assert.Contains("of 3 labelled", vote.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_rollouts_hold_cannot_speak_to_the_terminal_and_verdicts_are_shown_on_request_only()
    {
        await ScoreAsync();
        ToolResult blind = await ToolProcess.RunAsync(_folder, "q\n", Nothing, "label", "run", "--sample-id", "known");
        Assert.DoesNotContain('\u001b', blind.Output);
        Assert.DoesNotContain("reward 0", blind.Output, StringComparison.Ordinal);
        Assert.Contains("reward 0", (await ToolProcess.RunAsync(_folder, "q\n", Nothing, "label", "run", "--sample-id", "known", "--show-verdicts")).Output, StringComparison.Ordinal);
        ToolResult none = await ToolProcess.RunAsync(_folder, "", Nothing, "label", "run", "--sample-id", "nobody");
        Assert.Equal(2, none.ExitCode);
        Assert.Contains("no rollout of the run has the id 'nobody'", none.Errors, StringComparison.Ordinal);
    }

    private async Task ScoreAsync()
    {
        IEnumerable<string> rollouts = Enumerable.Range(0, 6).Select(static i => JsonSerializer.Serialize(new { id = $"r{i}", prompt = $"Question {i}\u001b[31m?", responses = new[] { $"first {i}", $"second {i}" } }));
        await File.WriteAllLinesAsync(Path.Combine(_folder, "batch.jsonl"), [.. rollouts, JsonSerializer.Serialize(new { id = "known", prompt = "p\u001b[31m", responses = new[] { "x", "y" }, best = 0 })]);
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "3")).ExitCode);
    }
}
