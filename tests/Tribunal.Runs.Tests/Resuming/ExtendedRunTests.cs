using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Tournaments;

namespace Tribunal.Runs.Tests.Resuming;

/// <summary>More judgements of a run than it was started for.</summary>
public sealed class ExtendedRunTests : IDisposable
{
    private readonly RunBed _bed = new(24);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_run_that_is_asked_for_more_draws_only_what_it_lacks_and_ends_as_one_that_had_them_from_the_start(bool stopped)
    {
        await _bed.RunAsync("whole", Request(6));
        _bed.Judge.Asked.Clear();
        if (stopped)
        {
            _bed.Judge.On = (_, _) =>
            {
                if (_bed.Judge.Asked.Count == 30)
                {
                    _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
                }

                return null;
            };
        }

        await _bed.RunAsync("run", Request(2));
        Assert.Equal((RunStatus.Complete, 24 * 6L), await _bed.RunAsync("run", Request(6)) is var outcome ? (outcome.Status, outcome.Judgements) : default);
        Assert.Equal(24 * 6, _bed.Judge.Asked.Count);
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
        RunManifest manifest = System.Text.Json.JsonSerializer.Deserialize(await File.ReadAllBytesAsync(_bed.PathOf(RunFiles.Manifest)), RunsJson.Default.RunManifest)!;
        Assert.Equal((6, 2), (manifest.Request.Policy.Samples, Assert.Single(manifest.Extensions!).Before));
    }

    [Fact]
    public async Task Shards_of_an_extended_run_that_were_lost_are_cut_as_at_first()
    {
        await _bed.RunAsync("run", Request(2));
        await _bed.RunAsync("run", Request(4));
        string shards = await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Shards));
        File.Delete(_bed.PathOf(RunFiles.Shards));
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", Request(6))).Status);
        Assert.Equal(shards, await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Shards)));
    }

    [Fact]
    public async Task Fewer_judgements_are_a_vote_s_business_and_the_run_stays()
    {
        await _bed.RunAsync("run", Request(4));
        RunMismatchException refusal = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("run", Request(2)));
        Assert.True(refusal.AsksForFewer);
        Assert.Equal("run has 4 judgements of each rollout or match, and 2 are asked for: `tribunal vote` votes on the first 2, and asks no judge", refusal.Message);
        Assert.Equal(24 * 4, _bed.Judge.Asked.Count);
    }

    [Fact]
    public async Task A_bracket_is_drawn_for_its_number_of_votes()
    {
        _bed.Judge.On = static (_, _) => new JudgeReply { Text = "\\boxed{Assistant 1}", Reasoning = "…", Finish = "stop" };
        EvaluationRequest knockout = Request(3) with { Protocol = "rrm", Tournament = new TournamentOptions { Kind = TournamentKind.Knockout } };
        await _bed.RunAsync("run", knockout);
        RunMismatchException refusal = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("run", knockout with { Policy = new PolicyOptions { Samples = 5 } }));
        Assert.Contains("another policy", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_seed_is_another_run_however_many_judgements_are_asked_for()
    {
        await _bed.RunAsync("run", Request(2));
        await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync("run", Request(4) with { Seed = 9 }));
    }

    private EvaluationRequest Request(int samples) => new() { Batch = _bed.Batch, Policy = new PolicyOptions { Samples = samples } };
}
