using System.Text.Json;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Runs;

namespace Tribunal.Viewer.Tests;

/// <summary>Folders that hold no finished run of our own with its batch beside it.</summary>
public sealed class OtherRunsTests
{
    [Fact]
    public async Task A_vote_is_shown_without_texts()
    {
        using var runs = new RunBed(5);
        await runs.RunAsync("vote");
        File.Delete(runs.PathOf(RunFiles.Manifest, "vote"));
        File.Delete(runs.PathOf(RunFiles.Judgements, "vote"));
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("vote");
        Assert.Equal("vote", (await bed.GetAsync("api/runs")).GetProperty("runs")[0].GetProperty("state").GetString());
        JsonElement rows = await bed.WholeAsync($"api/runs/{key}/rollouts");
        Assert.Equal(5, rows.GetProperty("total").GetInt32());
        JsonElement one = await bed.GetAsync($"api/runs/{key}/rollouts/2");
        Assert.False(one.TryGetProperty("rollout", out _));
        Assert.Equal(3, one.GetProperty("verdict").GetProperty("rewards").GetArrayLength());
    }

    [Fact]
    public async Task A_run_whose_batch_is_gone_keeps_its_judgements()
    {
        using var runs = new RunBed(5);
        await runs.RunAsync();
        File.Delete(runs.Batch);
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        Assert.False((await bed.WholeAsync($"api/runs/{key}")).GetProperty("hasBatch").GetBoolean());
        JsonElement one = await bed.GetAsync($"api/runs/{key}/rollouts/2");
        Assert.False(one.TryGetProperty("rollout", out _));
        Assert.Equal(4, one.GetProperty("judgements").GetArrayLength());
        Assert.Equal(one.GetProperty("verdict").GetProperty("best").GetInt32(), (await bed.GetAsync($"api/runs/{key}/rollouts/2/vote")).GetProperty("verdict").GetProperty("best").GetInt32());
    }

    [Fact]
    public async Task A_run_that_stopped_at_its_limit_shows_what_it_has()
    {
        using var runs = new RunBed(60);
        await runs.RunAsync("run", new EvaluationRequest { Batch = runs.Batch, Policy = new() { Samples = 4 }, Limits = new() { Tokens = 600 } });
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        Assert.Equal("stopped", (await bed.GetAsync("api/runs")).GetProperty("runs")[0].GetProperty("state").GetString());
        JsonElement rows = await bed.WholeAsync($"api/runs/{key}/rollouts?count=500");
        Assert.Equal(60, rows.GetProperty("total").GetInt32());
        Assert.Equal(runs.Summary().Judgements.Drawn, rows.GetProperty("rows").EnumerateArray().Sum(static row => row.GetProperty("votes").GetProperty("drawn").GetInt32()));
    }

    [Fact]
    public async Task The_plain_vote_in_place_is_the_runs_own()
    {
        using var runs = new RunBed(30);
        await runs.RunAsync();
        await using Bed bed = await Bed.OpenAsync(runs.Folder);
        string key = await bed.KeyAsync("run");
        await bed.WholeAsync($"api/runs/{key}");
        for (int row = 0; row < 30; row++)
        {
            JsonElement one = await bed.GetAsync($"api/runs/{key}/rollouts/{row}");
            JsonElement vote = await bed.GetAsync($"api/runs/{key}/rollouts/{row}/vote");
            Assert.Equal(one.GetProperty("verdict").GetProperty("rewards").GetRawText(), vote.GetProperty("verdict").GetProperty("rewards").GetRawText());
            Assert.Equal(one.GetProperty("verdict").GetProperty("confidence").GetRawText(), vote.GetProperty("verdict").GetProperty("confidence").GetRawText());
            Assert.Equal(one.GetProperty("verdict").GetProperty("rewards").GetRawText(), one.GetProperty("steps").EnumerateArray().Last().GetProperty("rewards").GetRawText());
        }
    }
}
