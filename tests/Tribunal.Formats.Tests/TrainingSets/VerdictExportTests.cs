using System.Text;
using System.Text.Json;
using Parquet.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Testing.Batches;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Tests.TrainingSets;

public sealed class VerdictExportTests
{
    private static readonly Rollout Three = new()
    {
        Id = "=cmd|' /C calc'!A0",
        Prompt = [new Message("system", "s"), new Message("user", "Which \"one\"?")],
        Responses = [new Response("low"), new Response("high", "r,1"), new Response("middle")],
        Best = [1],
        Domain = "chat, \"casual\"\n",
    };

    private static readonly Verdict Scored = new()
    {
        Id = Three.Id,
        Status = VerdictStatus.Scored,
        Rewards = [0.25, 0.75, 0.5],
        Best = 1,
        Ranking = [1, 2, 0],
        Confidence = 0.9,
        Margin = 0.25,
        Votes = new VoteCounts { Drawn = 8, Valid = 7, Unparsable = 1, Kept = 4 },
        Stop = StopReason.Fixed,
        Usage = new Usage(100, 50),
    };

    private static readonly Verdict Unscorable = new() { Id = "b", Status = VerdictStatus.Unscorable, Votes = new VoteCounts { Drawn = 8 }, Reason = "no valid judgement" };

    [Fact]
    public async Task Csv_has_a_row_per_response_and_no_formula()
    {
        using var output = new MemoryStream();
        Assert.Equal(5, await VerdictExport.WriteCsvAsync(Both(), output));
        string csv = Encoding.UTF8.GetString(output.ToArray());
        Assert.Equal(
            "id,domain,status,response,response_id,reward,rank,best,labelled_best,confidence,margin,kept,valid,drawn,stop,reason,simulated\r\n"
            + "'=cmd|' /C calc'!A0,\"chat, \"\"casual\"\"\n\",scored,0,,0.25,3,false,false,0.9,0.25,4,7,8,fixed,,false\r\n"
            + "'=cmd|' /C calc'!A0,\"chat, \"\"casual\"\"\n\",scored,1,\"r,1\",0.75,1,true,true,0.9,0.25,4,7,8,fixed,,false\r\n"
            + "'=cmd|' /C calc'!A0,\"chat, \"\"casual\"\"\n\",scored,2,,0.5,2,false,false,0.9,0.25,4,7,8,fixed,,false\r\n"
            + "b,,unscorable,0,,,,,,,,0,0,8,,no valid judgement,false\r\n"
            + "b,,unscorable,1,,,,,,,,0,0,8,,no valid judgement,false\r\n",
            csv);
    }

    [Fact]
    public async Task Parquet_has_a_row_per_rollout_over_several_row_groups()
    {
        using var output = new MemoryStream();
        Assert.Equal(10_002, await VerdictExport.WriteParquetAsync(Both(5_001), output));
        output.Position = 0;
        IList<Dictionary<string, object>> rows = (await ParquetSerializer.DeserializeUntypedAsync(output, rowGroupIndex: 0)).Data;
        Assert.Equal(10_000, rows.Count);
        Assert.Equal(Three.Id, rows[0]["id"]);
        Assert.Equal([0.25, 0.75, 0.5], ((System.Collections.IEnumerable)rows[0]["rewards"]).Cast<double>());
        Assert.Equal("unscorable", rows[1]["status"]);
        Assert.False(rows[1].TryGetValue("rewards", out object? none) && none is System.Collections.IEnumerable list && list.Cast<object>().Any());
        output.Position = 0;
        Assert.Equal(2, (await ParquetSerializer.DeserializeUntypedAsync(output, rowGroupIndex: 1)).Data.Count);
    }

    [Fact]
    public async Task Preferences_are_what_TRL_reads_and_what_we_read_back()
    {
        using var output = new MemoryStream();
        Assert.Equal(1, await VerdictExport.WritePreferencesAsync(Both(), output));
        using JsonDocument line = JsonDocument.Parse(output.ToArray());
        Assert.Equal(
            """{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"Which \"one\"?"}],"chosen":[{"role":"assistant","content":"high"}],"rejected":[{"role":"assistant","content":"low"}],"margin":0.5,"score_chosen":0.75,"score_rejected":0.25,"id":"=cmd|' /C calc'!A0"}""",
            line.RootElement.GetRawText());
        BatchLine back = Assert.Single(await BatchSamples.ReadAsync(output.ToArray()));
        Assert.Equal(["high", "low"], back.Rollout!.Responses.Select(static r => r.Content));
        Assert.Equal(Three.Prompt, back.Rollout.Prompt);
        Assert.Equal([0.75, 0.25], back.Rollout.Scores);
    }

    [Theory]
    [InlineData(PreferencePairs.BestRest, 0, 0, new[] { "high>middle", "high>low" })]
    [InlineData(PreferencePairs.All, 0, 0, new[] { "high>middle", "high>low", "middle>low" })]
    [InlineData(PreferencePairs.All, 0.3, 0, new[] { "high>low" })]
    [InlineData(PreferencePairs.All, 0, 0.95, new string[0])]
    public async Task Preferences_take_the_pairs_asked_for(PreferencePairs pairs, double margin, double confidence, string[] expected)
    {
        using var output = new MemoryStream();
        await VerdictExport.WritePreferencesAsync(Both(), output, new PreferenceOptions { Pairs = pairs, MinMargin = margin, MinConfidence = confidence });
        Assert.Equal(expected, (await BatchSamples.ReadAsync(output.ToArray())).Select(static l => $"{l.Rollout!.Responses[0].Content}>{l.Rollout.Responses[1].Content}"));
    }

    [Fact]
    public async Task Equal_rewards_make_no_preference()
    {
        using var output = new MemoryStream();
        Assert.Equal(0, await VerdictExport.WritePreferencesAsync(new[] { new ScoredRollout(Three, Scored with { Rewards = [0.5, 0.5, 0.5] }) }.ToAsyncEnumerable(), output, new PreferenceOptions { Pairs = PreferencePairs.All }));
    }

    [Fact]
    public async Task A_batch_is_joined_with_its_verdicts()
    {
        Rollout[] batch = [.. Enumerable.Range(0, 5).Select(static i => Three with { Id = $"r{i}" })];
        using var rollouts = new MemoryStream([.. BatchSamples.Lines([batch[0], batch[0], batch[1], batch[2]]), .. "nonsense\n"u8, .. BatchSamples.Lines([batch[3], batch[4]])]);
        byte[] verdicts = Encoding.UTF8.GetBytes(string.Concat(new[] { 0, 1, 3, 4 }.Select(static i => JsonSerializer.Serialize(Scored with { Id = $"r{i}" }, TribunalJson.Default.Verdict) + "\n")));
        using var lines = new MemoryStream(verdicts);
        Assert.Equal(["r0", "r1", "r3", "r4"], await ScoredRollouts.ReadAsync(rollouts, ScoredRollouts.ReadVerdictsAsync(lines, "verdicts.jsonl")).Select(static s => s.Verdict.Id).ToListAsync());
        rollouts.Position = 0;
        using var cut = new MemoryStream(verdicts[..^9]);
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(async () => await ScoredRollouts.ReadAsync(rollouts, ScoredRollouts.ReadVerdictsAsync(cut, "verdicts.jsonl")).ToListAsync());
        Assert.StartsWith("line 4 of verdicts.jsonl is not a verdict", exception.Message, StringComparison.Ordinal);
    }

    private static IAsyncEnumerable<ScoredRollout> Both(int times = 1) =>
        Enumerable.Repeat(new[] { new ScoredRollout(Three, Scored), new ScoredRollout(Three with { Id = "b", Domain = null, Best = null, Responses = [new Response("x"), new Response("y")] }, Unscorable) }, times)
            .SelectMany(static two => two)
            .ToAsyncEnumerable();
}
