using System.Collections.Concurrent;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: half of the judgements were dropped by meta rewards that were all 1.0; a meta reward model that starts from zero was not waited for.</summary>
public sealed class MetaRewardsUnknownTests : IDisposable
{
    private readonly RunBed _bed = new(12);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task Meta_rewards_without_any_spread_drop_nothing_and_are_told()
    {
        _bed.Meta = new Scripted(static _ => 1);
        await _bed.RunAsync("run", Request());
        Assert.Contains(_bed.Summary().Warnings, static warning => warning.StartsWith("All meta rewards are equal", StringComparison.Ordinal));
        Assert.All(File.ReadLines(_bed.PathOf(RunFiles.Verdicts)), static line => Assert.Equal(4, JsonSerializer.Deserialize(line, TribunalJson.Default.Verdict)!.Votes.Kept));
    }

    [Fact]
    public async Task Votes_without_a_meta_reward_are_counted()
    {
        _bed.Meta = new Scripted(static judgement => judgement.Sample == 2 ? null : judgement.Sample);
        await _bed.RunAsync("run", Request());
        Assert.Contains(_bed.Summary().Warnings, static warning => warning.StartsWith("The meta reward model gave no reward for 12 of 48", StringComparison.Ordinal));
        Assert.DoesNotContain(_bed.Summary().Warnings, static warning => warning.StartsWith("All meta", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_meta_reward_model_that_is_away_is_awaited_like_a_judge()
    {
        _bed.Meta = new Scripted(static judgement => judgement.Sample) { Up = false };
        RunOutcome outcome = await _bed.RunAsync("run", Request(), patienceMinutes: 0);
        Assert.Equal((HaltKind.Unreachable, "meta is away"), (outcome.Halt!.Kind, outcome.Halt.Detail));
        Assert.Empty(_bed.Judge.Asked);
    }

    [Theory]
    [InlineData(PolicyKind.Fixed), InlineData(PolicyKind.Adaptive), InlineData(PolicyKind.Budget)]
    public async Task Rewards_that_did_not_come_are_asked_for_again_before_the_vote(PolicyKind kind)
    {
        EvaluationRequest request = Request() with { Policy = new PolicyOptions { Kind = kind, Samples = 4, Max = 12, Judgements = kind == PolicyKind.Budget ? 96 : null } };
        _bed.Meta = new Scripted(Reward);
        await _bed.RunAsync("whole", request);
        var late = new Late();
        _bed.Meta = late;
        await _bed.RunAsync("run", request);
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(Lines(await _bed.LedgerAsync("whole")), Lines(await _bed.LedgerAsync()));
        Assert.Equal(JsonSerializer.Serialize(_bed.Summary("whole") with { RunId = "" }), JsonSerializer.Serialize(_bed.Summary() with { RunId = "" }));
        Assert.All(late.Asked.Values, static times => Assert.Equal(2, times));
    }

    [Fact]
    public async Task Rewards_that_never_come_are_asked_for_once_more_and_every_vote_without_one_is_told()
    {
        var never = new Late { Never = true };
        _bed.Meta = never;
        await _bed.RunAsync("run", Request() with { Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 12 } });
        long drawn = _bed.Summary().Judgements.Drawn;
        Assert.Contains(_bed.Summary().Warnings, warning => warning.StartsWith($"The meta reward model gave no reward for {drawn} of {drawn}", StringComparison.Ordinal));
        Assert.All(never.Asked.Values, static times => Assert.Equal(2, times));
    }

    [Fact]
    public async Task A_run_that_is_stopped_again_and_again_while_rewards_come_late_equals_an_undisturbed_one()
    {
        EvaluationRequest request = Request() with { Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 12 } };
        _bed.Meta = new Scripted(Reward);
        await _bed.RunAsync("whole", request);
        _bed.Meta = new Late();
        for (int stop = 1; stop < 8; stop++)
        {
            int left = 11;
            _bed.Judge.On = (_, _) =>
            {
                if (Interlocked.Decrement(ref left) == 0)
                {
                    _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
                }

                return null;
            };
            await _bed.RunAsync("run", request);
        }

        _bed.Judge.On = null;
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", request)).Status);
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
        Assert.Equal(Lines(await _bed.LedgerAsync("whole")), Lines(await _bed.LedgerAsync()));
    }

    [Theory]
    [InlineData("emptied"), InlineData("cut"), InlineData("garbage"), InlineData("removed")]
    public async Task Late_rewards_that_a_power_cut_has_spoilt_are_asked_for_once_more(string damage)
    {
        _bed.Meta = new Scripted(Reward);
        await _bed.RunAsync("whole", Request());
        _bed.Meta = new Late();
        int left = 40;
        _bed.Judge.On = (_, _) =>
        {
            if (Interlocked.Decrement(ref left) == 0)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Limit, "stop"));
            }

            return null;
        };
        _bed.Options = _bed.Options with { DrawsPerShard = 20 };
        await _bed.RunAsync("run", Request(), window: 1);
        string late = Directory.EnumerateFiles(_bed.PathOf("parts"), "meta-*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
        byte[] bytes = await File.ReadAllBytesAsync(late);
        if (damage == "removed")
        {
            File.Delete(late);
        }
        else
        {
            await File.WriteAllBytesAsync(late, damage switch { "emptied" => [], "cut" => bytes[..^9], _ => new byte[bytes.Length] });
        }

        _bed.Judge.On = null;
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", Request())).Status);
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
    }

    [Fact]
    public async Task What_the_meta_reward_models_server_cuts_and_counts_is_told()
    {
        _bed.Meta = new Scripted(Reward) { Usage = new Usage(100, 0), Cut = true };
        await _bed.RunAsync("run", Request());
        Assert.Contains(_bed.Summary().Warnings, static warning => warning.StartsWith("The meta reward model's server counts far fewer tokens than 48 judgements", StringComparison.Ordinal));
        Assert.Equal(4800, _bed.Summary().MetaUsage!.Value.Input);
        Assert.Equal(15 * 48, _bed.Summary().Usage.Total);
    }

    private static double? Reward(Judgement judgement) => (judgement.Seed % 1000) / 1000.0;

    private static IEnumerable<string> Lines(List<TracedJudgement> ledger) =>
        ledger.Select(static judgement => JsonSerializer.Serialize(judgement with { LatencyMs = 0 }, TribunalJson.Default.TracedJudgement)).Order(StringComparer.Ordinal);

    private EvaluationRequest Request() => new() { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Meta = new MetaOptions { Model = "meta" } };

    private sealed class Scripted(Func<Judgement, double?> reward) : IMetaRewardModel
    {
        public string Name => "meta";

        public bool Up { get; init; } = true;

        public Usage Usage { get; init; }

        public bool Cut { get; init; }

        public Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken) =>
            Task.FromResult(new MetaReading(reward(judgement), Usage, Cut));

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(Up, Up ? "ready" : "meta is away"));
    }

    /// <summary>Gives no reward when it is asked for the first time.</summary>
    private sealed class Late : IMetaRewardModel
    {
        public string Name => "meta";

        public bool Never { get; init; }

        public ConcurrentDictionary<(string, int), int> Asked { get; } = [];

        public Task<MetaReading> ScoreAsync(Rollout rollout, TracedJudgement judgement, CancellationToken cancellationToken)
        {
            Assert.NotNull(judgement.Text);
            int times = Asked.AddOrUpdate((judgement.RolloutId, judgement.Sample), 1, static (_, times) => times + 1);
            return Task.FromResult(new MetaReading(times == 1 || Never ? null : Reward(judgement)));
        }
    }
}
