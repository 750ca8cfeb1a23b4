using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Tests.Issues;

/// <summary>Reported: a run that waits doesn't say for what.</summary>
public sealed class WaitingRunsTests
{
    private static readonly DateTimeOffset Asked = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(29, null, null)]
    [InlineData(30, null, "no worker took it for 30 s")]
    [InlineData(95, null, "no worker took it for 90 s")]
    [InlineData(31, "storage is away", "storage is away; no worker took it for 30 s")]
    public void A_queued_run_says_how_long_no_worker_took_it(int seconds, string? reason, string? told) =>
        Assert.Equal(told ?? reason, new RunRecord { RunId = "r", State = RunState.Queued, Reason = reason, Updated = Asked }.Told(Asked.AddSeconds(seconds)).Reason);

    [Fact]
    public void A_run_that_waits_for_its_judge_says_what_is_wrong_with_it()
    {
        RunRecord waiting = new() { RunId = "r", State = RunState.Running, Updated = Asked, Progress = new RunProgress { Stage = RunStages.WaitingForJudge, Detail = "nothing listens at gpu:8000" } };
        Assert.Equal("waiting for the judge: nothing listens at gpu:8000", waiting.Told(Asked.AddHours(1)).Reason);
    }

    [Theory]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Done)]
    [InlineData(RunState.Failed)]
    public void Every_other_run_is_told_as_it_is(RunState state)
    {
        RunRecord run = new() { RunId = "r", State = state, Reason = "as it is", Updated = Asked, Progress = new RunProgress { Stage = RunStages.Judging, Detail = "x" } };
        Assert.Same(run, run.Told(Asked.AddHours(1)));
    }
}
