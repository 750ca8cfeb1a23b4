using Microsoft.Extensions.Time.Testing;
using Tribunal.Azure.Queues;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;

namespace Tribunal.Azure.Tests.Issues;

/// <summary>Reported: a second, different request for a run's name is served as if it were the first; whoever asked gets the other's results.</summary>
public sealed class TwoRequestsOneNameTests
{
    private const string First = """{"batch":"b.jsonl","judge":"main","policy":{"samples":2},"output":"same"}""";
    private readonly Catalog _catalog = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"batch":"b.jsonl","judge":"main","policy":{"samples":7},"output":"same"}""", "policy.samples 2, now 7")]
    [InlineData("""{"batch":"c.jsonl","judge":"main","policy":{"samples":2},"output":"same"}""", "batch b.jsonl, now c.jsonl")]
    [InlineData("""{"batch":"b.jsonl","judge":"main","policy":{"samples":2},"seed":3,"output":"same"}""", "seed 0, now 3")]
    [InlineData("""{"batch":"b.jsonl","judge":"main","policy":{"samples":2},"routing":{"routes":[{"domain":"math","protocol":"rrm"}]},"output":"same"}""", "routing none, now another one")]
    public async Task Another_request_is_refused_and_told_what_differs(string other, string difference)
    {
        await AskAsync(First);
        MessageRefusedException refusal = await Assert.ThrowsAsync<MessageRefusedException>(() => AskAsync(other));
        Assert.True(refusal.IsTaken);
        Assert.Equal("output", Assert.Single(refusal.Problems).Field);
        Assert.Contains($"the name 'same' belongs to another request ({difference})", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunState.Queued)]
    [InlineData(RunState.Running)]
    [InlineData(RunState.Done)]
    public async Task The_same_request_asks_for_the_same_run_under_other_limits_too(RunState state)
    {
        await AskAsync(First);
        await _catalog.UpdateAsync("same", run => run with { State = state }, Cancel);
        Assert.Equal(state, (await AskAsync(First)).State);
        Assert.Equal(state, (await AskAsync(First.Replace("\"output\"", "\"limits\":{\"tokens\":9},\"output\"", StringComparison.Ordinal))).State);
    }

    [Fact]
    public async Task A_message_that_comes_back_after_the_defaults_changed_asks_for_the_same()
    {
        const string brief = """{"batch":"b.jsonl","output":"brief"}""";
        RunRecord before = await AskAsync(brief, new RequestDefaults(RequestDefaults.None.Request with { Judge = "old", Policy = new PolicyOptions { Samples = 4 } }));
        RunRecord again = await AskAsync(brief, new RequestDefaults(RequestDefaults.None.Request with { Judge = "new", Policy = new PolicyOptions { Samples = 16 }, Protocol = "rrm" }));
        Assert.Equal(before.Request, again.Request);
        Assert.Equal(("old", 4), (again.Request!.Judge, again.Request.Policy.Samples));
    }

    [Fact]
    public async Task A_run_that_ended_before_anything_was_judged_leaves_its_name_to_whoever_submits_anew()
    {
        await AskAsync(First);
        EvaluationRequest other = EvaluationMessage.Parse(First, RequestDefaults.None) with { Seed = 5 };
        await Assert.ThrowsAsync<MessageRefusedException>(() => _catalog.AskAsync("same", other, _time, Cancel, anew: true));
        await _catalog.UpdateAsync("same", static run => run with { State = RunState.Failed, Progress = new RunProgress { Stage = RunStages.Planning } }, Cancel);
        await Assert.ThrowsAsync<MessageRefusedException>(() => _catalog.AskAsync("same", other, _time, Cancel));
        RunRecord taken = await _catalog.AskAsync("same", other, _time, Cancel, anew: true);
        Assert.Equal((RunState.Queued, 5L), (taken.State, taken.Request!.Seed));
        await _catalog.UpdateAsync("same", static run => run with { State = RunState.Failed, Progress = new RunProgress { Stage = RunStages.Judging, Shards = 1, Judgements = 1 } }, Cancel);
        await Assert.ThrowsAsync<MessageRefusedException>(() => _catalog.AskAsync("same", other with { Seed = 6 }, _time, Cancel, anew: true));
    }

    [Fact]
    public async Task A_run_that_is_over_goes_on_where_more_is_asked_of_it_and_a_message_that_comes_twice_asks_for_nothing_more()
    {
        const string more = """{"batch":"b.jsonl","judge":"main","policy":{"samples":5},"output":"same"}""";
        string retry = more.Replace("\"output\"", "\"retryFailed\":true,\"output\"", StringComparison.Ordinal);
        string limited = more.Replace("\"output\"", "\"limits\":{\"tokens\":9},\"output\"", StringComparison.Ordinal);
        await AskAsync(First);
        await AssertAskedAsync(RunState.Done, First, null);
        await AssertAskedAsync(RunState.Done, more, "more judgements are asked for");
        await AssertAskedAsync(RunState.Done, more, null);
        await AssertAskedAsync(RunState.Done, retry, "failed judgements are asked for again");
        await AssertAskedAsync(RunState.Done, retry, null);
        await AssertAskedAsync(RunState.Failed, retry, null);
        await _catalog.UpdateAsync("same", static run => run with { Request = run.Request! with { Limits = new SpendLimits { Tokens = 5 } } }, Cancel);
        await AssertAskedAsync(RunState.Failed, limited, "a higher limit");
        await AssertAskedAsync(RunState.Cancelled, limited, null);
        MessageRefusedException fewer = await Assert.ThrowsAsync<MessageRefusedException>(() => AskAsync(First));
        Assert.Contains("`tribunal vote` votes on the first 2", fewer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(RunState.Failed)]
    [InlineData(RunState.Cancelled)]
    public async Task Somebody_who_asks_now_has_a_run_that_stopped_go_on(RunState state)
    {
        await AskAsync(First);
        await _catalog.UpdateAsync("same", run => run with { State = state, CancelRequested = true, Attempts = 5, Progress = new RunProgress { Stage = RunStages.Judging, Judgements = 7 } }, Cancel);
        RunRecord run = await _catalog.AskAsync("same", EvaluationMessage.Parse(First, RequestDefaults.None), _time, Cancel, anew: true);
        Assert.Equal((RunState.Queued, false, 0, "resumed"), (run.State, run.CancelRequested, run.Attempts, run.Reason));
    }

    [Fact]
    public async Task A_refused_message_s_record_is_no_run_s()
    {
        await _catalog.RefuseAsync("17", "nonsense", _time, Cancel);
        await Assert.ThrowsAsync<MessageRefusedException>(() => AskAsync("""{"batch":"b.jsonl","output":"refused-17"}"""));
    }

    // Of a run that ended so: whether a message has it go on, and why; null for not.
    private async Task AssertAskedAsync(RunState ended, string message, string? why)
    {
        await _catalog.UpdateAsync("same", run => run with { State = ended, Reason = null, Progress = new RunProgress { Stage = RunStages.Judging, Judgements = 7 } }, Cancel);
        RunRecord run = await AskAsync(message);
        Assert.Equal((why is null ? ended : RunState.Queued, why), (run.State, run.Reason));
    }

    private async Task<RunRecord> AskAsync(string message, RequestDefaults? defaults = null)
    {
        EvaluationRequest request = await _catalog.ReadAsync(message, defaults ?? RequestDefaults.None, Cancel);
        return await _catalog.AskAsync(request.Output!, request, _time, Cancel);
    }

    /// <summary>Runs in memory.</summary>
    private sealed class Catalog : IRunCatalog
    {
        private readonly Dictionary<string, RunRecord> _runs = new(StringComparer.Ordinal);

        public Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken) => Task.FromResult(_runs.TryAdd(run.RunId, run));

        public Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken) => Task.FromResult(_runs.GetValueOrDefault(runId));

        public IAsyncEnumerable<RunRecord> ListAsync(CancellationToken cancellationToken) => _runs.Values.ToAsyncEnumerable();

        public Task<RunRecord?> UpdateAsync(string runId, Func<RunRecord, RunRecord?> change, CancellationToken cancellationToken)
        {
            RunRecord? after = _runs.TryGetValue(runId, out RunRecord? before) ? change(before) ?? before : null;
            if (after is not null)
            {
                _runs[runId] = after;
            }

            return Task.FromResult(after);
        }
    }
}
