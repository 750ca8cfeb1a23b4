using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tribunal.Cli.Tests;

/// <summary>What a run will draw is said before a judge is asked, and is what it then draws.</summary>
public sealed partial class ForecastTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-forecast-").FullName;

    private long _fewest;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("--protocol grm -k 3")]
    [InlineData("--protocol rm-r1 -k 3")]
    [InlineData("--protocol rrm -k 2 --tournament knockout")]
    [InlineData("--protocol rrm -k 2 --tournament swiss --votes 4")]
    [InlineData("--protocol rm-r1 -k 2 --tournament random --opponents 2")]
    [InlineData("--protocol rm-r1 -k 2 --limit 5 --shuffle 7")]
    [InlineData("--simulator-seed 1 --simulator-seed 2 --protocol grm --protocol rm-r1 -k 2")]
    [InlineData("--protocol rm-r1 -k 2 --meta simulated")]
    [InlineData("--rubric rubric.yaml --rubric-mode apart -k 2")]
    [InlineData("--rubric rubric.yaml --rubric-mode together -k 2")]
    public async Task A_fixed_policy_draws_what_was_forecast(string options)
    {
        await WriteBatchAsync();
        long forecast = await ForecastAsync(options, "");
        Assert.False(Directory.Exists(Path.Combine(_folder, "run")));
        Assert.Equal(forecast, await DrawnAsync(options));
    }

    [Theory]
    [InlineData("--protocol rm-r1 --policy adaptive --max 6")]
    [InlineData("--protocol grm --policy certified --max 12")]
    [InlineData("--protocol rm-r1 --tournament knockout --policy adaptive --max 6")]
    [InlineData("--protocol grm --policy budget --budget 20")]
    public async Task A_policy_that_decides_as_it_goes_draws_no_more_than_was_forecast(string options)
    {
        await WriteBatchAsync();
        long most = await ForecastAsync(options, "at most ");
        Assert.InRange(await DrawnAsync(options), _fewest, most);
        Assert.True(_fewest > 0);
    }

    [Fact]
    public async Task A_large_run_of_a_real_judge_starts_only_when_it_is_wanted()
    {
        await WriteBatchAsync();
        string[] command = ["score", "batch.jsonl", "-o", "run", "--judge", "http://127.0.0.1:1/v1", "--model", "m", "--protocol", "grm", "-k", "2", "--ask-above", "10"];
        ToolResult asked = await ToolProcess.RunAsync(_folder, "", new Dictionary<string, string?>(), command);
        Assert.Equal(2, asked.ExitCode);
        Assert.Contains("not started: 24 judgements are more than --ask-above 10; --yes starts it", asked.Errors, StringComparison.Ordinal);
        Assert.Equal(3, (await ToolProcess.RunAsync(_folder, "", new Dictionary<string, string?>(), [.. command, "--yes"])).ExitCode);
    }

    [Fact]
    public async Task A_selection_is_judged_in_the_order_of_the_batch_and_resumes_as_itself_only()
    {
        await WriteBatchAsync();
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1", "--sample-id", "r9", "r2")).ExitCode);
        Assert.Equal(["r2", "r9"], Ids("run"));
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1", "--sample-id", "r9", "--sample-id", "r2")).ExitCode);
        ToolResult other = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "run", "-k", "1");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("another selection of rollouts", other.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("delete", other.Errors, StringComparison.Ordinal);

        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "first", "-k", "1", "--limit", "3")).ExitCode);
        Assert.Equal(["r0", "r1", "r2"], Ids("first"));
        ToolResult unknown = await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", "none", "--sample-id", "r77");
        Assert.Equal(2, unknown.ExitCode);
        Assert.Contains("--sample-id: no rollout of the batch has the id 'r77'", unknown.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_shuffle_takes_other_rollouts_and_the_same_one_the_same()
    {
        await WriteBatchAsync();
        foreach ((string run, string seed) in ((string, string)[])[("a", "1"), ("b", "1"), ("c", "2")])
        {
            Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "batch.jsonl", "-o", run, "-k", "1", "--limit", "5", "--shuffle", seed)).ExitCode);
            Assert.Equal(5, Ids(run).Length);
        }

        Assert.Equal(Ids("a"), Ids("b"));
        Assert.NotEqual(Ids("a"), Ids("c"));
    }

    [Fact]
    public async Task A_submission_says_what_the_kinds_of_judges_would_draw_and_needs_no_storage_for_it()
    {
        await WriteBatchAsync();
        ToolResult result = await ToolProcess.RunAsync(_folder, "submit", "batch.jsonl", "-k", "2", "--dry-run");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("24 judgements, 2 a rollout if the host's judge scores lists", result.Errors, StringComparison.Ordinal);
        Assert.Contains("if the host's judge compares pairs", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Five_thousand_rollouts_of_eight_under_a_pair_judge_are_what_a_run_of_them_draws()
    {
        await File.WriteAllLinesAsync(Path.Combine(_folder, "batch.jsonl"), Enumerable.Range(0, 5000).Select(static i =>
            JsonSerializer.Serialize(new { id = $"r{i}", prompt = $"Question {i}?", responses = Enumerable.Range(0, 8).Select(j => $"answer {j} to {i}") })));
        Assert.Equal(5000 * 28, await ForecastAsync("--protocol rm-r1 -k 1", ""));

        // Every rollout is like every other: a part of them draws its part.
        Assert.Equal(50 * 28, await ForecastAsync("--protocol rm-r1 -k 1 --limit 50 --shuffle 3", ""));
        Assert.Equal(50 * 28, await DrawnAsync("--protocol rm-r1 -k 1 --limit 50 --shuffle 3 --no-report"));
    }

    private async Task<long> ForecastAsync(string options, string bound)
    {
        ToolResult dry = await ToolProcess.RunAsync(_folder, ["score", "batch.jsonl", "-o", "run", "--dry-run", .. options.Split(' ')]);
        Assert.True(dry.ExitCode == 0, dry.Errors);
        Match match = Figure().Match(dry.Output);
        Assert.Equal(bound, match.Groups[1].Value);
        _fewest = Fewest().Match(dry.Output) is { Success: true } least ? long.Parse(least.Groups[1].Value.Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture) : 0;
        return long.Parse(match.Groups[2].Value.Replace(",", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<long> DrawnAsync(string options)
    {
        ToolResult run = await ToolProcess.RunAsync(_folder, ["score", "batch.jsonl", "-o", "run", "--json", .. options.Split(' ')]);
        Assert.True(run.ExitCode is 0 or 1, run.Errors);
        return JsonDocument.Parse(run.Output).RootElement.GetProperty("judgements").GetProperty("drawn").GetInt64();
    }

    private string[] Ids(string run) =>
        [.. File.ReadLines(Path.Combine(_folder, run, "verdicts.jsonl")).Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("id").GetString()!)];

    private Task WriteBatchAsync()
    {
        File.WriteAllText(Path.Combine(_folder, "rubric.yaml"), "criteria:\n  - {id: correct, text: It is correct., weight: 2}\n  - {id: short, text: It is short., weight: 1}\n");
        return WriteRolloutsAsync();
    }

    private Task WriteRolloutsAsync() => File.WriteAllLinesAsync(Path.Combine(_folder, "batch.jsonl"), Enumerable.Range(0, 12).Select(static i =>
        JsonSerializer.Serialize(new { id = $"r{i}", prompt = $"Question {i}?", responses = Enumerable.Range(0, 2 + (i % 4)).Select(j => i % 3 == 0 ? $"answer {j / 2}" : $"answer {j}") })));

    [GeneratedRegex(@", at least ([\d,]+)")]
    private static partial Regex Fewest();

    [GeneratedRegex(@"responses, (at most )?([\d,]+) judgements")]
    private static partial Regex Figure();
}
