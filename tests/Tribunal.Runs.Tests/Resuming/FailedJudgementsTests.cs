using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;
using Tribunal.Testing.Runs;
using Tribunal.Tournaments;

namespace Tribunal.Runs.Tests.Resuming;

public sealed class FailedJudgementsTests : IDisposable
{
    private readonly RunBed _bed = new(24);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData("grm", TournamentKind.None)]
    [InlineData("rrm", TournamentKind.None)]
    [InlineData("rrm", TournamentKind.Knockout)]
    public async Task What_failed_is_drawn_again_and_nothing_else(string protocol, TournamentKind tournament)
    {
        EvaluationRequest request = Request(protocol, tournament);
        _bed.Judge.On = static (_, question) => Verdict(question);
        await _bed.RunAsync("whole", request);
        int failed = await FailSomeAsync(request);
        int asked = _bed.Judge.Asked.Count;
        Assert.Equal((RunStatus.Complete, 0L), await _bed.RunAsync("run", request with { RetryFailed = true }) is var outcome ? (outcome.Status, outcome.Failed) : default);
        Assert.Equal(asked + failed, _bed.Judge.Asked.Count);
        await AssertAsWholeAsync();
        await _bed.RunAsync("run", request with { RetryFailed = true });
        Assert.Equal(asked + failed, _bed.Judge.Asked.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public async Task A_retry_that_was_stopped_goes_on(int stopAfter)
    {
        EvaluationRequest request = Request("grm", TournamentKind.None);
        await _bed.RunAsync("whole", request);
        await FailSomeAsync(request);
        int drawn = 0;
        _bed.Judge.On = (_, question) =>
        {
            if (Interlocked.Increment(ref drawn) > stopAfter)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return Verdict(question);
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync("run", request with { RetryFailed = true })).Status);
        _bed.Judge.On = null;
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", request)).Status);
        await AssertAsWholeAsync();
    }

    [Fact]
    public async Task What_is_kept_counts_against_the_limits()
    {
        EvaluationRequest request = Request("grm", TournamentKind.None);
        int failed = await FailSomeAsync(request);
        await _bed.RunAsync("run", request with { RetryFailed = true });
        RunMonitor monitor = _bed.Monitors.Of("run");
        Assert.Equal(((24 * 4) - failed, failed), (monitor.Earlier, (int)monitor.Counts.Drawn));
        Assert.Equal(new Usage(24 * 4 * 10, 24 * 4 * 5), monitor.Usage);
    }

    [Fact]
    public async Task A_run_that_has_not_ended_goes_on_first_and_what_fails_on_the_way_is_drawn_once_more()
    {
        EvaluationRequest request = Request("grm", TournamentKind.None);
        await _bed.RunAsync("whole", request);
        int asked = 0;
        _bed.Judge.On = (_, question) =>
        {
            if (Interlocked.Increment(ref asked) == 30)
            {
                _bed.Monitors.Of("run").Stop(new Halt(HaltKind.Interrupted, "stop"));
            }

            return Verdict(question);
        };
        Assert.Equal(RunStatus.Partial, (await _bed.RunAsync("run", request)).Status);
        int failed = 0;
        _bed.Judge.On = (_, question) => Interlocked.Exchange(ref failed, 1) == 0 ? throw new JudgeException(JudgeFault.TimedOut, "too slow", new Tries { Requests = 1, TimedOut = 1 }) : Verdict(question);
        List<RunProgress> told = [];
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", request with { RetryFailed = true }, told.Add)).Status);
        await AssertAsWholeAsync();
        Assert.Contains(told, static progress => progress.Detail == "1 failed judgements are drawn again");
        Assert.Equal(told.OrderBy(static progress => (progress.Pass, progress.ShardsFinished)), told);
    }

    [Fact]
    public async Task Under_the_budget_policy_nothing_can_be_drawn_again()
    {
        EvaluationRequest request = Request("grm", TournamentKind.None) with { Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 60 }, RetryFailed = true };
        ProblemsException refusal = await Assert.ThrowsAsync<ProblemsException>(() => _bed.RunAsync("run", request));
        Assert.Equal("retryFailed", Assert.Single(refusal.Problems).Field);
    }

    private EvaluationRequest Request(string protocol, TournamentKind tournament) => new()
    {
        Batch = _bed.Batch,
        Protocol = protocol,
        Policy = new PolicyOptions { Samples = 4 },
        Tournament = new TournamentOptions { Kind = tournament },
    };

    // Which questions fail depends on them alone, so that nothing hangs on their order.
    private async Task<int> FailSomeAsync(EvaluationRequest request)
    {
        int failed = 0;
        _bed.Judge.On = (_, question) =>
        {
            if (question.Seed % 5 == 0)
            {
                Interlocked.Increment(ref failed);
                throw new JudgeException(JudgeFault.TimedOut, "too slow", new Tries { Requests = 1, TimedOut = 1 });
            }

            return Verdict(question);
        };
        Assert.Equal(RunStatus.Complete, (await _bed.RunAsync("run", request)).Status);
        _bed.Judge.On = static (_, question) => Verdict(question);
        Assert.InRange(failed, 5, 60);
        Assert.Equal(failed, _bed.Summary().Judgements.Failed);
        return failed;
    }

    private async Task AssertAsWholeAsync()
    {
        Assert.Equal(await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts, "whole")), await File.ReadAllTextAsync(_bed.PathOf(RunFiles.Verdicts)));
        List<TracedJudgement> ledger = await _bed.LedgerAsync();
        Assert.Equal(ledger.Count, ledger.Select(static j => (j.RolloutId, j.Sample)).Distinct().Count());
        Assert.All(ledger, static j => Assert.Equal(JudgementOutcome.Valid, j.Outcome));
        Assert.Equal((await _bed.LedgerAsync("whole")).Count, ledger.Count);
        Assert.False(Directory.Exists(_bed.PathOf("parts")) && Directory.EnumerateFiles(_bed.PathOf("parts"), "*", SearchOption.AllDirectories).Any());
    }

    private static JudgeReply? Verdict(JudgeQuestion question) => question.Messages[^1].Content.Contains("### Assistant 1", StringComparison.Ordinal)
        ? new JudgeReply { Text = $"<think>…</think>\\boxed{{Assistant {(question.Seed % 2) + 1}}}", Finish = "stop", Usage = new Usage(10, 5) }
        : null;
}
