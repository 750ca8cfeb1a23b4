namespace Tribunal.Cli.Tests;

/// <summary>What can't be used is refused in one line that says what to do, with the right exit code.</summary>
public sealed class UsageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tribunal-usage-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Alone_it_prints_its_help()
    {
        ToolResult result = await ToolProcess.RunAsync(_folder);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("tribunal [command]", result.Output, StringComparison.Ordinal);
        Assert.Contains("score <batch>", result.Output, StringComparison.Ordinal);
        Assert.Empty(result.Errors);
    }

    [Theory]
    [InlineData("no-such-command")]
    [InlineData("score")]
    [InlineData("score batch.jsonl --no-such-option")]
    [InlineData("score batch.jsonl --samples many")]
    [InlineData("score batch.jsonl --votes many")]
    [InlineData("score batch.jsonl --budget-cost many")]
    [InlineData("vote folder -o again --resamples many")]
    [InlineData("compare folder broken --resamples many")]
    [InlineData("export training folder -o out --form spct --n-rft many")]
    [InlineData("score batch.jsonl --samples 0")]
    [InlineData("score batch.jsonl --keep 2")]
    [InlineData("score batch.jsonl --policy sometimes")]
    [InlineData("score batch.jsonl --concurrency 0")]
    [InlineData("score batch.jsonl --judge http://127.0.0.1:1/v1")]
    [InlineData("score batch.jsonl --judge http://127.0.0.1:1/v1 --model m --api-key-env TRIBUNAL_NO_SUCH_VARIABLE")]
    [InlineData("score batch.jsonl --judge http://127.0.0.1:1/v1 --model m --temperature 9")]
    [InlineData("score batch.jsonl --meta nonsense")]
    [InlineData("score batch.jsonl --template nowhere.txt")]
    [InlineData("score nowhere.jsonl")]
    [InlineData("score folder")]
    [InlineData("score batch.jsonl -o batch.jsonl")]
    [InlineData("score batch.jsonl -o ../bad%name")]
    [InlineData("score batch.jsonl -o .")]
    [InlineData("score empty.jsonl -o .")]
    [InlineData("score batch.jsonl --retry-failed --policy budget --budget 5")]
    [InlineData("vote folder -o again --try-samples 1,2")]
    [InlineData("vote folder -o again --resamples 0")]
    [InlineData("vote")]
    [InlineData("vote nowhere -o again")]
    [InlineData("vote folder -o again")]
    [InlineData("vote --judgements nowhere.jsonl --batch batch.jsonl -o again")]
    [InlineData("vote --judgements batch.jsonl -o again")]
    [InlineData("vote --judgements garbage.txt --batch batch.jsonl -o again")]
    [InlineData("vote --judgements batch.jsonl --batch folder -o again")]
    [InlineData("vote broken -o again")]
    [InlineData("report")]
    [InlineData("report nowhere")]
    [InlineData("report broken")]
    [InlineData("compare folder")]
    [InlineData("compare folder nowhere")]
    [InlineData("compare broken broken")]
    [InlineData("bench no-such-suite batch.jsonl")]
    [InlineData("bench rewardbench nowhere.jsonl -o out")]
    [InlineData("bench rewardbench empty.jsonl -o out")]
    [InlineData("import nowhere.jsonl -o out")]
    [InlineData("import folder -o out")]
    [InlineData("import empty.jsonl -o out")]
    [InlineData("import batch.jsonl -o batch.jsonl")]
    [InlineData("score batch.jsonl --valid-floor 2")]
    [InlineData("score batch.jsonl --max-total-tokens -1")]
    [InlineData("score batch.jsonl --max-total-cost 1")]
    [InlineData("export csv")]
    [InlineData("export csv nowhere -o out.csv")]
    [InlineData("export csv folder -o out.csv")]
    [InlineData("submit nowhere.jsonl --storage azurite")]
    [InlineData("submit batch.jsonl --storage https://not.a.name")]
    [InlineData("submit batch.jsonl --storage AccountName=real;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net")]
    [InlineData("watch run --storage https://not.a.name")]
    [InlineData("runs --storage https://not.a.name")]
    [InlineData("worker --storage https://not.a.name")]
    [InlineData("worker --storage azurite --lease 1")]
    [InlineData("simulate --port 99999999")]
    [InlineData("simulate --faults 7")]
    [InlineData("simulate --generate 10 -o nowhere/batch.jsonl")]
    [InlineData("simulate --api-key-env TRIBUNAL_NO_SUCH_VARIABLE")]
    [InlineData("completion tcsh")]
    public async Task What_cannot_be_used_is_refused_in_one_line(string commandLine)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "folder"));
        Directory.CreateDirectory(Path.Combine(_folder, "broken"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "broken", "manifest.json"), "{\"half");
        await File.WriteAllTextAsync(Path.Combine(_folder, "broken", "summary.json"), "[]");
        await File.WriteAllTextAsync(Path.Combine(_folder, "empty.jsonl"), "");
        await File.WriteAllTextAsync(Path.Combine(_folder, "garbage.txt"), "\u0001 not json \u001b[31m\n");
        await File.WriteAllTextAsync(Path.Combine(_folder, "batch.jsonl"), """{"id":"a","prompt":"p","responses":["x","y"]}""" + "\n");
        ToolResult result = await ToolProcess.RunAsync(_folder, commandLine.Split(' '));
        Assert.True(result.ExitCode == 2, $"exit code {result.ExitCode}\n{result.Errors}\n{result.Output}");
        string line = Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("tribunal: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", line, StringComparison.Ordinal);
        Assert.DoesNotContain("System.", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', line);
    }

    [Fact]
    public async Task An_argument_cannot_speak_to_the_terminal()
    {
        ToolResult result = await ToolProcess.RunAsync(_folder, "score", "no\u001b]0;title\u0007\u202Egpj.jsonl");
        Assert.Equal(2, result.ExitCode);
        Assert.DoesNotContain(result.Errors, static c => c is '\u001b' or '\u0007' or '\u202E');
    }

    [Fact]
    public async Task A_batch_without_a_line_is_scored_and_says_so()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "empty.jsonl"), "");
        ToolResult result = await ToolProcess.RunAsync(_folder, "score", "empty.jsonl", "-o", "out");
        Assert.Equal(0, result.ExitCode);
        Assert.Contains("0 scored", result.Output, StringComparison.Ordinal);
        Assert.Contains("nothing to score", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_are_named_as_they_are_typed()
    {
        await WriteBatchAsync("a.jsonl");
        Assert.Contains("--samples: 0 is outside", (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "--samples", "0")).Errors, StringComparison.Ordinal);
        Assert.Contains("one of --budget, --budget-tokens and --budget-cost", (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "--policy", "budget")).Errors, StringComparison.Ordinal);
        Assert.Contains("--max-total-cost: a limit on cost needs the judge's prices", (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "--max-total-cost", "1")).Errors, StringComparison.Ordinal);
        Assert.Contains("1..--max (32)", (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "--policy", "adaptive", "--min", "50")).Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_never_takes_the_place_of_a_batch()
    {
        await WriteBatchAsync("batch.jsonl");
        await WriteBatchAsync("other.jsonl");
        string before = await File.ReadAllTextAsync(Path.Combine(_folder, "batch.jsonl"));
        foreach (string batch in (string[])["batch.jsonl", "other.jsonl"])
        {
            Assert.Equal(2, (await ToolProcess.RunAsync(_folder, "score", batch, "-o", ".")).ExitCode);
        }

        Assert.Equal(before, await File.ReadAllTextAsync(Path.Combine(_folder, "batch.jsonl")));
    }

    [Fact]
    public async Task A_judge_that_was_wrong_can_be_put_right_in_the_same_folder()
    {
        await WriteBatchAsync("a.jsonl");
        Assert.Equal(3, (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "-o", "run", "--judge", "http://127.0.0.1:1/v1", "--model", "m")).ExitCode);
        Assert.Equal(0, (await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "-o", "run")).ExitCode);
        ToolResult other = await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "-o", "run", "--keep", "0.25");
        Assert.Equal(2, other.ExitCode);
        Assert.Contains("another meta (keep 0.5, now 0.25)", other.Errors, StringComparison.Ordinal);
        ToolResult vote = await ToolProcess.RunAsync(_folder, "vote", "run", "-o", "run");
        Assert.Equal(2, vote.ExitCode);
        Assert.Contains("would replace its verdicts", vote.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_limit_that_was_reached_draws_nothing_more()
    {
        await WriteBatchAsync("a.jsonl");
        string[] command = ["score", "a.jsonl", "-o", "run", "--samples", "64", "--max-total-tokens", "2000", "--concurrency", "2"];
        Assert.Equal(4, (await ToolProcess.RunAsync(_folder, command)).ExitCode);
        long size = Size();
        ToolResult again = await ToolProcess.RunAsync(_folder, command);
        Assert.Equal(4, again.ExitCode);
        Assert.Contains("a higher --max-total-tokens goes on", again.Errors, StringComparison.Ordinal);
        Assert.Equal(size, Size());

        long Size() => Directory.EnumerateFiles(Path.Combine(_folder, "run", "parts"), "ledger-*", SearchOption.AllDirectories).Sum(static file => new FileInfo(file).Length);
    }

    [Fact]
    public async Task What_a_batch_holds_cannot_speak_to_the_terminal()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "a.jsonl"), """{"id":"a","prompt":"p","responses":["x","y"],"best":0,"domain":"\u001b]0;title\u0007"}""" + "\n");
        ToolResult result = await ToolProcess.RunAsync(_folder, "score", "a.jsonl", "-o", "run");
        Assert.Contains("title", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(result.Output, static c => c is '\u001b' or '\u0007');
    }

    private Task WriteBatchAsync(string name) => File.WriteAllTextAsync(Path.Combine(_folder, name), """{"id":"a","prompt":"p","responses":["x","y"]}""" + "\n");
}
