using System.Text;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Exports of a run of the simulated judge could not be told from real ones; a spreadsheet ran what looked like text.</summary>
public sealed class SimulatedExportTests
{
    private static readonly Rollout Two = new() { Id = "a", Prompt = [new Message("user", "p")], Responses = [new Response("x"), new Response("y")] };

    private static readonly Verdict Simulated = new()
    {
        Id = "a",
        Status = VerdictStatus.Scored,
        Rewards = [0.25, 0.75],
        Best = 1,
        Ranking = [1, 0],
        Confidence = 0.9,
        Votes = new VoteCounts { Drawn = 8, Valid = 8, Kept = 8 },
        Simulated = true,
    };

    [Fact]
    public async Task Preferences_of_a_simulated_judge_are_written_on_request_alone()
    {
        using var output = new MemoryStream();
        await Assert.ThrowsAsync<SimulatedRewardsException>(() => VerdictExport.WritePreferencesAsync(One(Two), output));
        Assert.Equal(1, await VerdictExport.WritePreferencesAsync(One(Two), output, new PreferenceOptions { AllowSimulated = true }));
        Assert.Contains("\"simulated\":true", Encoding.UTF8.GetString(output.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_says_which_rewards_are_simulated()
    {
        string[] lines = (await CsvAsync(Two)).Split("\r\n");
        Assert.EndsWith(",simulated", lines[0], StringComparison.Ordinal);
        Assert.EndsWith(",true", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Parquet_says_which_rewards_are_simulated()
    {
        using var output = new MemoryStream();
        await VerdictExport.WriteParquetAsync(One(Two), output);
        output.Position = 0;
        Assert.True((bool)(await Parquet.Serialization.ParquetSerializer.DeserializeUntypedAsync(output, rowGroupIndex: 0)).Data[0]["simulated"]);
    }

    [Theory]
    [InlineData("=1+1", "'=1+1")]
    [InlineData(" =1", "' =1")]
    [InlineData("＝1", "'＝1")]
    [InlineData("\n=1", "\"'\n=1\"")]
    [InlineData("nul\0end", "nul␀end")]
    [InlineData("a \"b\", c", "\"a \"\"b\"\", c\"")]
    [InlineData("1 = 1", "1 = 1")]
    public async Task No_cell_is_a_formula(string domain, string cell) => Assert.StartsWith($"a,{cell},scored", (await CsvAsync(Two with { Domain = domain })).Split("drawn,stop,reason,simulated\r\n")[1], StringComparison.Ordinal);

    private static async Task<string> CsvAsync(Rollout rollout)
    {
        using var output = new MemoryStream();
        await VerdictExport.WriteCsvAsync(One(rollout), output);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private static IAsyncEnumerable<ScoredRollout> One(Rollout rollout) => new[] { new ScoredRollout(rollout, Simulated) }.ToAsyncEnumerable();
}
