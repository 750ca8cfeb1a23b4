namespace Tribunal.Cli.Tests;

/// <summary>Commands and options that are nearly right, that were renamed, and how help shows the many there are.</summary>
public sealed class NamesTests
{
    [Theory]
    [InlineData("scroe batch.jsonl", "there is no command scroe; did you mean score?")]
    [InlineData("export preference", "there is no command preference; did you mean preferences?")]
    [InlineData("score batch.jsonl --polcy adaptive", "there is no option --polcy; did you mean --policy?")]
    [InlineData("score batch.jsonl --sample=3", "there is no option --sample; did you mean --samples?")]
    [InlineData("score batch.jsonl --frobnicate", "there is no option --frobnicate (see tribunal score --help)")]
    [InlineData("score batch.jsonl --max-cost 3", "--max-cost is called --max-total-cost now")]
    [InlineData("score batch.jsonl --max-output-tokens 3", "--max-output-tokens is called --max-tokens now")]
    [InlineData("score batch.jsonl --max-tokens 5000000", "--max-tokens caps one answer, 1 to 1,000,000; the total of a run is --max-total-tokens")]
    [InlineData("submit batch.jsonl --max-tokens 3", "--max-tokens is called --max-total-tokens now")]
    [InlineData("submit batch.jsonl --max-cost 3", "--max-cost is called --max-total-cost now")]
    public async Task What_is_nearly_right_is_refused_with_what_is_right(string commandLine, string words)
    {
        ToolResult result = await ToolProcess.RunAsync(Path.GetTempPath(), commandLine.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(words, Assert.Single(result.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Help_shows_the_options_that_matter_first_and_all_of_them_in_groups()
    {
        string first = (await ToolProcess.RunAsync(Path.GetTempPath(), "score", "--help")).Output;
        string all = (await ToolProcess.RunAsync(Path.GetTempPath(), "score", "--help", "all")).Output;
        // Twelve of its own, and those of every command.
        Assert.InRange(Options(first), 10, 16);
        Assert.Contains("tribunal score --help all shows all", first, StringComparison.Ordinal);
        Assert.Contains("--dry-run", first, StringComparison.Ordinal);
        Assert.DoesNotContain("--elo-scale", first, StringComparison.Ordinal);
        Assert.True(Options(all) > 70);
        Assert.Contains("\nThe judge:\n", all, StringComparison.Ordinal);
        Assert.Contains("--elo-scale", all, StringComparison.Ordinal);
        Assert.DoesNotContain("Of score:", all, StringComparison.Ordinal);

        static int Options(string help) => help.Split('\n').Count(static line => line.StartsWith("  -", StringComparison.Ordinal));
    }
}
