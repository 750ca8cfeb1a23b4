using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Tests.Steps;
using Tribunal.Testing.Runs;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported: every process that works on a run has the whole limit for itself.</summary>
public sealed class SharedLimitsTests : IDisposable
{
    private const int Each = 15;
    private readonly RunBed _bed = new(rollouts: 80);

    public void Dispose() => _bed.Dispose();

    [Theory]
    [InlineData(1, 900)]
    [InlineData(3, 900)]
    [InlineData(5, 2400)]
    public async Task Processes_pass_a_limit_together_by_no_more_than_what_they_have_in_flight(int processes, int limit)
    {
        RunOutcome outcome = await RunAsync(processes, limit);
        Assert.Equal((HaltKind.Limit, $"the limit of {limit} tokens is reached"), (outcome.Halt!.Kind, outcome.Halt.Detail));
        Assert.InRange(_bed.Summary().Usage.Total, limit - ((processes - 1) * limit / 8), limit + (processes * RunBed.Concurrency * Each));
    }

    [Fact]
    public async Task What_is_left_of_a_limit_that_several_share_is_spent_by_whoever_goes_on_and_no_more()
    {
        await RunAsync(processes: 4, limit: 1200);
        await RunAsync(processes: 1, limit: 1200);
        int asked = _bed.Judge.Asked.Count;
        Assert.InRange(asked * Each, 1200, 1200 + (4 * RunBed.Concurrency * Each));
        Assert.Contains("tokens already", (await RunAsync(processes: 3, limit: 1200)).Halt!.Detail, StringComparison.Ordinal);
        Assert.Equal(asked, _bed.Judge.Asked.Count);
    }

    [Fact]
    public async Task A_limit_that_is_not_reached_leaves_no_trace()
    {
        Assert.Equal(RunStatus.Complete, (await RunAsync(processes: 3, limit: 1_000_000)).Status);
        Assert.Equal(80 * 4, _bed.Judge.Asked.Count);
        Assert.False(Directory.Exists(_bed.PathOf("parts")) && Directory.EnumerateFiles(_bed.PathOf("parts"), "*", SearchOption.AllDirectories).Any());
    }

    private Task<RunOutcome> RunAsync(int processes, long limit)
    {
        var request = new EvaluationRequest { Batch = _bed.Batch, Policy = new() { Samples = 4 }, Limits = new SpendLimits { Tokens = limit } };
        RunSteps[] all = [.. Enumerable.Range(0, processes).Select(_ => _bed.NewProcess())];
        return EvaluateBatch.RunAsync(new SpreadContext(all), new BatchRun("run", request));
    }
}
