using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>What a run that is begun again may do, on any host.</summary>
public sealed class ResumedRunTests : IDisposable
{
    private readonly RunBed _bed = new(rollouts: 50);

    public void Dispose() => _bed.Dispose();

    [Fact]
    public async Task A_limit_that_was_reached_lets_no_later_attempt_draw_a_few_more()
    {
        var limited = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Limits = new SpendLimits { Tokens = 900 } };
        Assert.Equal(HaltKind.Limit, (await _bed.RunAsync(request: limited)).Halt!.Kind);
        int asked = _bed.Judge.Asked.Count;
        RunOutcome again = await _bed.RunAsync(request: limited);
        Assert.Equal(HaltKind.Limit, again.Halt!.Kind);
        Assert.Contains("tokens already", again.Halt.Detail, StringComparison.Ordinal);
        Assert.Equal(asked, _bed.Judge.Asked.Count);
    }

    [Fact]
    public async Task A_plan_without_a_judgement_makes_way_for_another_request()
    {
        _bed.Judge.Up = false;
        var request = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 } };
        RunOutcome away = await new InProcessHost(_bed.NewProcess(), TimeProvider.System).RunAsync(new BatchRun("run", request, PatienceMinutes: 0), TestContext.Current.CancellationToken);
        Assert.Equal(HaltKind.Unreachable, away.Halt!.Kind);
        _bed.Judge.Up = true;
        Assert.Equal(100, (await _bed.RunAsync(request: request with { Policy = new() { Samples = 2 } })).Judgements);
        RunMismatchException refusal = await Assert.ThrowsAsync<RunMismatchException>(() => _bed.RunAsync(request: request with { Policy = new() { Kind = Tribunal.Sampling.PolicyKind.Adaptive } }));
        Assert.Contains("another policy", refusal.Message, StringComparison.Ordinal);
    }
}
