using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Tests.Resuming;

public sealed class RunEndTests
{
    [Theory]
    [InlineData(HaltKind.Interrupted, RunState.Failed, 130, MessageFate.Now)]
    [InlineData(HaltKind.Cancelled, RunState.Cancelled, 130, MessageFate.Served)]
    [InlineData(HaltKind.Limit, RunState.Failed, 4, MessageFate.Served)]
    [InlineData(HaltKind.ValidRate, RunState.Failed, 4, MessageFate.Served)]
    [InlineData(HaltKind.Unreachable, RunState.Failed, 3, MessageFate.Served)]
    [InlineData(HaltKind.Rejected, RunState.Failed, 3, MessageFate.Served)]
    [InlineData(HaltKind.BatchChanged, RunState.Failed, 2, MessageFate.Served)]
    public void A_stop_means_the_same_on_every_host(HaltKind kind, RunState state, int code, MessageFate fate)
    {
        RunEnd end = RunEnd.Of(new Halt(kind, "why"));
        Assert.Equal((state, code, fate), (end.State, end.ExitCode, end.Fate));
        Assert.EndsWith(".", end.HowToGoOn, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_through_is_done() => Assert.Equal(new RunEnd(RunState.Done, 0, MessageFate.Served, ""), RunEnd.Of(null));

    [Theory]
    [InlineData("HTTP 401: no", "--api-key-env")]
    [InlineData("HTTP 403: no", "--api-key-env")]
    [InlineData("HTTP 404: no such model", "put right")]
    public void A_refusal_says_what_to_change(string detail, string advice) =>
        Assert.Contains(advice, RunEnd.Of(new Halt(HaltKind.Rejected, detail)).HowToGoOn, StringComparison.Ordinal);

    public static TheoryData<Exception, bool> Failures => new()
    {
        { new FileNotFoundException("gone"), true },
        { new BatchChangedException("changed"), true },
        { new RunMismatchException("another"), true },
        { new JudgeConfigurationException("no judge"), true },
        { new ProblemsException([new Problem("policy.samples", "0")]), true },
        { new ArgumentOutOfRangeException("x"), true },
        { new IOException("away"), false },
        { new PartBusyException("part"), false },
        { new TimeoutException(), false },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public void What_fails_again_is_told_from_what_may_pass_by_the_exception_and_by_its_name(Exception failure, bool hopeless)
    {
        Assert.Equal(hopeless, Hopeless.Is(failure));
        Assert.Equal(hopeless, Hopeless.Is(failure.GetType().Name));
        Assert.Equal(hopeless, Hopeless.Is(failure.GetType().FullName!));
    }
}
