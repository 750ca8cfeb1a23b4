using System.Text.Json;
using CsCheck;
using Tribunal.Benchmarks;
using Tribunal.Judgements;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Testing.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Reports.Tests;

public sealed class RunComparerTests
{
    // Exact binomial probabilities, worked by hand: 2·(1+6)/2⁶, 2/2¹⁰, 2·(1+5+10)/2⁵ capped.
    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(1, 5, 0.21875)]
    [InlineData(5, 1, 0.21875)]
    [InlineData(0, 10, 0.001953125)]
    [InlineData(3, 2, 1)]
    public void McNemar_is_the_exact_binomial_test(long first, long second, double p) => Assert.Equal(p, PairedTests.McNemar(first, second), 1e-12);

    [Fact]
    public void A_bootstrap_interval_holds_the_difference_and_repeats() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[0, 60], Gen.Int[1, 400]).Sample((up, down, same) =>
        {
            int of = up + down + same;
            (double low, double high) = PairedTests.Bootstrap(up, down, of, 400, 7);
            double difference = (double)(up - down) / of;
            return low <= difference && difference <= high && low >= -1 && high <= 1 && (low, high) == PairedTests.Bootstrap(up, down, of, 400, 7);
        });

    [Fact]
    public void A_bootstrap_interval_has_the_width_of_the_normal_one()
    {
        (double low, double high) = PairedTests.Bootstrap(300, 200, 1000, 20_000, 1);
        double half = 1.96 * Math.Sqrt((0.5 - 0.01) / 1000);
        Assert.Equal(0.1 - half, low, 0.003);
        Assert.Equal(0.1 + half, high, 0.003);
    }

    [Fact]
    public async Task Runs_are_joined_by_rollout_and_compared_on_what_they_share()
    {
        using var bed = new RunBed(4, responses: 2);
        await bed.RunAsync("a");
        await bed.RunAsync("b");

        // Labels are 0, 1, 0, 1. a: right, wrong, unscorable; b: right, right, right, and one that a doesn't have.
        await WriteAsync(bed, "a", price: new TokenPrice(2, 4), ("r0", 0), ("r1", 0), ("r2", null));
        await WriteAsync(bed, "b", price: null, ("r2", 0), ("r1", 1), ("r0", 0), ("r3", 1));
        Comparison comparison = await RunComparer.CompareAsync([bed.PathOf("", "a"), bed.PathOf("", "b")]);
        Assert.Equal((3, 3), (comparison.Shared, comparison.Labelled));
        Assert.Equal([1 / 3.0, 1.0], comparison.Runs.Select(static r => r.Accuracy!.Value));
        Assert.Equal([2, 3], comparison.Runs.Select(static r => r.Scored));
        Assert.Equal(3 * ((10 * 2) + (5 * 4)) / 1e6, comparison.Runs[0].Cost!.Value, 1e-12);
        Assert.Null(comparison.Runs[1].Cost);
        PairedDifference difference = Assert.Single(comparison.Differences);
        Assert.Equal((2, 0), (difference.OnlyThis, difference.OnlyOther));
        Assert.Equal(0.5, difference.McNemar!.Value, 1e-12);
        Assert.Equal((2 / 3.0, 0.5), (difference.Difference, difference.Agreement));
        Disagreement differing = Assert.Single(comparison.Disagreements);
        Assert.Equal("r1", differing.Id);
        Assert.Equal([0, 1], differing.Choices);
        Assert.Contains(comparison.Notes, static note => note.Contains("b has 4 rollouts", StringComparison.Ordinal));
        Assert.Equal("Question 1?", differing.Rollout!.Prompt[0].Content);
        Assert.Equal(["even", "odd"], comparison.Domains.Select(static domain => domain.Name));
        Assert.Equal([(2L, 2L), (1L, 1L)], comparison.Domains.Select(static domain => (domain.Shared, domain.Labelled)));
        Assert.Equal([0.5, 1.0, 0.0, 1.0], comparison.Domains.SelectMany(static domain => domain.Accuracy.Select(static rate => rate!.Value)));
        Assert.Equal([(1L, 0L), (1L, 0L)], comparison.Domains.Select(static domain => (domain.Differences[0].OnlyThis, domain.Differences[0].OnlyOther)));
        Assert.DoesNotContain("Question 1?", JsonSerializer.Serialize(comparison, ComparisonJson.Default.Comparison), StringComparison.Ordinal);
        Assert.Contains("\"onlyThis\": 2", JsonSerializer.Serialize(comparison, ComparisonJson.Default.Comparison), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vote_without_a_manifest_is_compared_with_its_run()
    {
        using var bed = new RunBed(4, responses: 2);
        await bed.RunAsync("a");
        await bed.RunAsync("vote");
        File.Delete(bed.PathOf(RunFiles.Manifest, "vote"));
        Comparison comparison = await RunComparer.CompareAsync([bed.PathOf("", "a"), bed.PathOf("", "vote")]);
        Assert.Equal((4, 4), (comparison.Shared, comparison.Labelled));
        Assert.Equal(1, comparison.Differences[0].McNemar);
    }

    [Fact]
    public async Task Results_of_benchmarks_are_compared_beside_runs()
    {
        using var bed = new RunBed(4);
        string[] files = [Path.Combine(bed.Folder, "one.json"), Path.Combine(bed.Folder, "two.json")];
        foreach (string file in files)
        {
            var score = new BenchmarkScore { Overall = 0.625, Sections = [new BenchmarkSection { Name = "<chat>", Score = 0.625, Items = 8 }] };
            var result = new BenchmarkResult { Suite = "llmbar", Judge = file, Protocol = "grm", JudgementsPerItem = 4, Simulated = true, Single = score, Vote = score };
            await File.WriteAllBytesAsync(file, JsonSerializer.SerializeToUtf8Bytes(result, BenchmarkJson.Default.BenchmarkResult));
        }

        Comparison comparison = await RunComparer.CompareAsync(files);
        Assert.Equal(2, comparison.Benchmarks.Count);
        Assert.Contains(comparison.Notes, static note => note.StartsWith("SIMULATED", StringComparison.Ordinal));
        string page = Path.Combine(bed.Folder, "c.html");
        await File.WriteAllTextAsync(page, ComparePage.Render(comparison));
        Assert.Contains("&lt;chat&gt;</td><td>8</td><td>62.5 %</td>", await File.ReadAllTextAsync(page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_can_not_be_compared_is_refused_with_its_reason()
    {
        using var bed = new RunBed(2);
        await bed.RunAsync("a");
        await bed.RunAsync("b");
        await WriteAsync(bed, "b", null, ("elsewhere", 0));
        ReportException none = await Assert.ThrowsAsync<ReportException>(() => RunComparer.CompareAsync([bed.PathOf("", "a"), bed.PathOf("", "b")]));
        Assert.Contains("share no rollout", none.Message, StringComparison.Ordinal);
        none = await Assert.ThrowsAsync<ReportException>(() => RunComparer.CompareAsync([bed.PathOf("", "a"), bed.Batch]));
        Assert.Contains("no result of a benchmark", none.Message, StringComparison.Ordinal);
    }

    private static async Task WriteAsync(RunBed bed, string run, TokenPrice? price, params (string Id, int? Best)[] verdicts)
    {
        await File.WriteAllLinesAsync(bed.PathOf(RunFiles.Verdicts, run), verdicts.Select(static v => JsonSerializer.Serialize(
            new Verdict
            {
                Id = v.Id,
                Status = v.Best is null ? VerdictStatus.Unscorable : VerdictStatus.Scored,
                Rewards = v.Best is int best ? [1 - best, best] : null,
                Best = v.Best,
                Confidence = v.Best is null ? null : 0.9,
                Votes = new VoteCounts { Drawn = 1, Valid = 1, Kept = 1 },
                Usage = new Usage(10, 5),
            },
            TribunalJson.Default.Verdict)));
        RunSummary summary = bed.Summary(run) with { Rollouts = verdicts.Length, Price = price };
        await File.WriteAllBytesAsync(bed.PathOf(RunFiles.Summary, run), JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Default.RunSummary));
    }
}
