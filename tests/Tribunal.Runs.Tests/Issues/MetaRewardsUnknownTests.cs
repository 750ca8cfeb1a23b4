using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
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

    private EvaluationRequest Request() => new() { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Meta = new MetaOptions { Model = "meta" } };

    private sealed class Scripted(Func<Judgement, double?> reward) : IMetaRewardModel
    {
        public string Name => "meta";

        public bool Up { get; init; } = true;

        public Task<double?> ScoreAsync(Rollout rollout, Judgement judgement, CancellationToken cancellationToken) => Task.FromResult(reward(judgement));

        public Task<JudgeHealth> CheckHealthAsync(CancellationToken cancellationToken) => Task.FromResult(new JudgeHealth(Up, Up ? "ready" : "meta is away"));
    }
}
