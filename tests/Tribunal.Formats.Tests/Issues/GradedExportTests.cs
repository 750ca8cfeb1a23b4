using System.Text;
using System.Text.Json;
using Parquet.Serialization;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Grades of criteria stood in the CSV export only, and there only where the first verdict had some.</summary>
public sealed class GradedExportTests
{
    private static readonly Rollout Two = new()
    {
        Id = "a",
        Prompt = [new Message("user", "Which?")],
        Responses = [new Response("low"), new Response("high")],
    };

    private static readonly Verdict Scored = new()
    {
        Id = "a",
        Status = VerdictStatus.Scored,
        Rewards = [0.25, 0.75],
        Best = 1,
        Ranking = [1, 0],
        Confidence = 0.9,
        Margin = 0.5,
        Votes = new VoteCounts { Drawn = 4, Valid = 4, Kept = 4 },
        Criteria = [new CriterionGrades("right", [0.25, 1]), new CriterionGrades("brief", [1, 0.5])],
    };

    [Fact]
    public async Task Parquet_has_a_column_of_criteria_with_a_grade_per_response()
    {
        using var output = new MemoryStream();
        await VerdictExport.WriteParquetAsync(UngradedFirst(), output, graded: true, TestContext.Current.CancellationToken);
        output.Position = 0;
        IList<Dictionary<string, object>> rows = (await ParquetSerializer.DeserializeUntypedAsync(output, cancellationToken: TestContext.Current.CancellationToken)).Data;
        Assert.Equal(["b", "a"], rows.Select(static row => (string)row["id"]));
        Assert.Equal([], Grades(rows[0]));
        Assert.Equal(["right 0.25 1", "brief 1 0.5"], Grades(rows[1]));
    }

    [Fact]
    public async Task Parquet_of_other_judges_has_no_such_column()
    {
        using var output = new MemoryStream();
        await VerdictExport.WriteParquetAsync(UngradedFirst(), output, cancellationToken: TestContext.Current.CancellationToken);
        output.Position = 0;
        IList<Dictionary<string, object>> rows = (await ParquetSerializer.DeserializeUntypedAsync(output, cancellationToken: TestContext.Current.CancellationToken)).Data;
        Assert.All(rows, static row => Assert.DoesNotContain("criteria", row.Keys));
    }

    [Fact]
    public async Task Preferences_say_what_both_were_graded_on_every_line()
    {
        using var output = new MemoryStream();
        await VerdictExport.WritePreferencesAsync(UngradedFirst(), output, new PreferenceOptions { Graded = true }, TestContext.Current.CancellationToken);
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["""[]""", """[{"id":"right","chosen":1,"rejected":0.25},{"id":"brief","chosen":0.5,"rejected":1}]"""],
            lines.Select(static line => JsonDocument.Parse(line).RootElement.GetProperty("criteria").GetRawText()));

        // What is written can be read again as a batch.
        Assert.Equal(2, (await BatchSamples.ReadAsync(output.ToArray())).Count(static line => line.Rollout is not null));
    }

    [Fact]
    public async Task Csv_has_the_column_though_the_first_verdict_has_no_grades()
    {
        using var output = new MemoryStream();
        await VerdictExport.WriteCsvAsync(UngradedFirst(), output, graded: true, TestContext.Current.CancellationToken);
        string[] lines = Encoding.UTF8.GetString(output.ToArray()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.EndsWith(",simulated,criteria", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",false,", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",false,right=1; brief=0.5", lines[4], StringComparison.Ordinal);
    }

    // As a panel's: whoever grades by criteria failed on the first rollout.
    private static IAsyncEnumerable<ScoredRollout> UngradedFirst() =>
        new[] { new ScoredRollout(Two with { Id = "b" }, Scored with { Id = "b", Criteria = null }), new ScoredRollout(Two, Scored) }.ToAsyncEnumerable();

    private static IEnumerable<string> Grades(Dictionary<string, object> row) => row.TryGetValue("criteria", out object? criteria) && criteria is System.Collections.IEnumerable list
        ? list.Cast<Dictionary<string, object>>().Select(static one => FormattableString.Invariant($"{one["id"]} {string.Join(' ', ((System.Collections.IEnumerable)one["grades"]).Cast<double>().Select(static grade => FormattableString.Invariant($"{grade}")))}"))
        : [];
}
