using System.Text;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Runs;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Simulator.Batches;
using Tribunal.Testing.Runs;

namespace Tribunal.Functions.Tests.Hosts;

/// <summary>What a run does, whoever runs it: one set of cases, and a class per host that is held to them.</summary>
public abstract partial class HostCases
{
    private const int Rollouts = 60;
    private const int Concurrency = 4;
    private const int TokensEach = 15;
    private static readonly byte[] Batch = BatchOf(Rollouts);
    private readonly ScriptedJudge _judge = new();
    private readonly ScriptedJudge _second = new("second");

    /// <summary>Small, so that a run has several stretches, a stretch several shards, and a shard several chunks.</summary>
    internal static ActivityOptions Sizes { get; } = new() { DrawsPerChunk = 20, DrawsPerShard = 40, ShardsPerInstance = 5 };

    [Theory]
    [InlineData("tokens")]
    [InlineData("cost")]
    public async Task All_instances_of_a_run_pass_a_limit_by_no_more_than_what_they_have_in_flight_and_a_higher_one_goes_on(string kind)
    {
        string runId = $"limit-{kind}";
        await using IHostUnderTest host = await StartAsync(instances: 3);
        EvaluationRequest request = await RequestAsync(host, runId);
        SpendLimits low = kind == "tokens" ? new SpendLimits { Tokens = 1200 } : new SpendLimits { Cost = 1.2 };
        SpendLimits high = kind == "tokens" ? new SpendLimits { Tokens = 100_000 } : new SpendLimits { Cost = 100 };

        RunRecord stopped = await RunAsync(host, request with { Limits = low });

        Assert.Equal((RunState.Failed, kind == "tokens" ? "the limit of 1200 tokens is reached" : "the cost limit of 1.2 is reached"), (stopped.State, stopped.Reason));
        Assert.InRange(_judge.Asked.Count * TokensEach, 1200 - (host.Instances * 1200 / 8), 1200 + (host.Instances * Concurrency * TokensEach));

        // What a share left unused may be spent by whoever goes on; then there is nothing more to have.
        RunRecord again = await RunAsync(host, request with { Limits = low });
        again = again.Reason!.Contains("already", StringComparison.Ordinal) ? again : await RunAsync(host, request with { Limits = low });
        int asked = _judge.Asked.Count;
        Assert.Contains("already; a higher limits", again.Reason, StringComparison.Ordinal);
        Assert.InRange(asked * TokensEach, 1200, 1200 + (host.Instances * Concurrency * TokensEach));

        Assert.Equal(RunState.Done, (await RunAsync(host, request with { Limits = high })).State);
        await AssertAsUndisturbedAsync(host, request);
        Assert.Equal(Rollouts * 4, _judge.Asked.Count);
    }

    [Fact]
    public async Task What_failed_is_drawn_once_more_where_that_is_asked_for_and_nothing_else_is()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "retried");
        int failed = 0;
        _judge.On = (_, question) => question.Seed % 5 == 0 && Interlocked.Increment(ref failed) > 0 ? throw new JudgeException(JudgeFault.TimedOut, "too slow", new Tries { Requests = 1, TimedOut = 1 }) : null;
        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);
        Assert.Equal(failed, (await SummaryAsync(host, "retried")).Judgements.Failed);
        _judge.On = null;
        int asked = _judge.Asked.Count;

        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);
        Assert.Equal(asked, _judge.Asked.Count);
        Assert.Equal(RunState.Done, (await RunAsync(host, request with { RetryFailed = true })).State);

        Assert.Equal((0, asked + failed), ((await SummaryAsync(host, "retried")).Judgements.Failed, _judge.Asked.Count));
        await AssertAsUndisturbedAsync(host, request);
    }

    [Fact]
    public async Task Drawing_again_what_failed_is_refused_by_its_name_where_it_makes_no_sense()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "senseless") with { Policy = new() { Kind = Tribunal.Sampling.PolicyKind.Budget, Judgements = 60 }, RetryFailed = true };
        Assert.Contains("retryFailed: under policy budget", await EndAsync(host, request), StringComparison.Ordinal);
        Assert.Empty(_judge.Asked);
    }

    [Fact]
    public async Task More_judgements_extend_a_run_and_fewer_are_a_vote_s_business()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "extended");
        Assert.Equal(RunState.Done, (await RunAsync(host, request with { Policy = new() { Samples = 2 } })).State);
        Assert.Equal(Rollouts * 2, _judge.Asked.Count);

        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);
        Assert.Equal(Rollouts * 4, _judge.Asked.Count);
        await AssertAsUndisturbedAsync(host, request);

        Assert.Contains("4 judgements each, and 3 are asked for: `tribunal vote` votes on the first 3", (await EndAsync(host, request with { Policy = new() { Samples = 3 } })).Replace("of each rollout or match", "each", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Equal(Rollouts * 4, _judge.Asked.Count);
    }

    [Fact]
    public async Task A_run_s_name_is_no_other_request_s()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "named") with { Policy = new() { Samples = 2 }, Seed = 1 };
        await RunAsync(host, request);
        foreach ((EvaluationRequest other, string difference) in ((EvaluationRequest, string)[])[
            (request with { Seed = 3 }, "1, now 3"),
            (request with { Policy = new() { Samples = 7 }, Seed = 2 }, "1, now 2|another policy"),
            (request with { Protocol = "rrm" }, "grm, now rrm")])
        {
            Assert.Matches(difference, await EndAsync(host, other));
        }

        Assert.Equal(Rollouts * 2, _judge.Asked.Count);
        Assert.Equal(Rollouts * 2, (await SummaryAsync(host, "named")).Judgements.Drawn);
        await AssertAsUndisturbedAsync(host, request);
    }

    [Fact]
    public async Task A_wrong_judge_s_refusal_ends_the_run_in_its_words_and_leaves_the_name_to_the_right_one()
    {
        const string Words = "HTTP 404: the model `grm-72b` does not exist";
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "wrong");
        _second.On = static (_, _) => throw new JudgeException(JudgeFault.Rejected, Words, new Tries { Requests = 1 });

        RunRecord refused = await RunAsync(host, request with { Judge = _second.Name });

        Assert.Equal((RunState.Failed, Words), (refused.State, refused.Reason));
        Assert.InRange(_second.Asked.Count, 1, Concurrency * 8);
        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);
        await AssertAsUndisturbedAsync(host, request);
    }

    [Fact]
    public async Task A_judge_whose_answers_nobody_can_read_ends_the_run_early_and_its_words_are_there()
    {
        await using IHostUnderTest host = await StartAsync();
        _judge.On = static (_, _) => new JudgeReply { Text = "I like both.", Finish = "stop" };
        RunRecord ended = await RunAsync(host, await RequestAsync(host, "unread"));
        Assert.Equal(RunState.Failed, ended.State);
        Assert.Matches("^only 0 of [0-9]+ judgements have a verdict", ended.Reason);
        Assert.InRange(_judge.Asked.Count, RunMonitor.ValidRateAfter, Rollouts * 3);
    }

    [Fact]
    public async Task A_cancelled_run_says_so_and_goes_on_when_it_is_asked_for_again()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "cancelled");
        TaskCompletionSource begun = new(), cancelled = new();
        _judge.Before = () =>
        {
            begun.TrySetResult();
            return cancelled.Task;
        };
        Assert.Null(await host.AskAsync(request));
        await begun.Task;
        await host.CancelAsync("cancelled");
        cancelled.SetResult();
        RunRecord ended = await UntilAsync(host, "cancelled", static run => run.IsOver);

        Assert.Equal((RunState.Cancelled, "someone cancelled the run"), (ended.State, ended.Reason));
        Assert.InRange(_judge.Asked.Count, 1, (Rollouts * 4) - 1);
        Assert.Equal(RunState.Done, (await RunAsync(host, request)).State);
        await AssertAsUndisturbedAsync(host, request);
        Assert.Equal(Rollouts * 4, _judge.Asked.Count);
    }

    [Fact]
    public async Task A_run_of_many_shards_tells_how_far_it_is_and_once_it_is_cancelled_no_further_shard_begins()
    {
        const int Shard = 40, Before = 10 * Shard, Told = (Before / Shard) - BatchRun.DefaultWindow;
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "long") with { Policy = new() { Samples = 10 } };
        TaskCompletionSource cancelled = new();
        _judge.Before = () => _judge.Asked.Count > Before ? cancelled.Task : Task.CompletedTask;
        Assert.Null(await host.AskAsync(request));

        // Nothing moves any more: what must have ended by now, the window apart, is told without a further event.
        await UntilAsync(host, "long", static run => run.Progress is { Stage: RunStages.Judging, ShardsFinished: >= Told });
        await host.CancelAsync("long");
        cancelled.SetResult();

        Assert.Equal(RunState.Cancelled, (await UntilAsync(host, "long", static run => run.IsOver)).State);
        Assert.InRange(_judge.Asked.Count, Told * Shard, Before + (BatchRun.DefaultWindow * Shard));
    }

    [Fact]
    public async Task A_batch_that_changes_under_its_run_ends_it()
    {
        await using IHostUnderTest host = await StartAsync();
        EvaluationRequest request = await RequestAsync(host, "changed");
        TaskCompletionSource begun = new(), changed = new();
        _judge.Before = () =>
        {
            begun.TrySetResult();
            return changed.Task;
        };
        Assert.Null(await host.AskAsync(request));
        await begun.Task;
        await host.PutBatchAsync("changed.jsonl", BatchOf(Rollouts - 1));
        changed.SetResult();
        RunRecord ended = await UntilAsync(host, "changed", static run => run.IsOver);
        Assert.Equal(RunState.Failed, ended.State);
        Assert.Contains("changed.jsonl", ended.Reason, StringComparison.Ordinal);
        Assert.Null(await host.Open("changed").ReadDocumentAsync(RunFiles.Verdicts, default));
    }

    [Fact]
    public async Task A_judge_that_is_not_up_is_waited_for_with_its_own_words_and_then_asked()
    {
        await using IHostUnderTest host = await StartAsync();
        _judge.Up = false;
        EvaluationRequest request = await RequestAsync(host, "late");
        Assert.Null(await host.AskAsync(request));

        RunRecord waiting = await UntilAsync(host, "late", static run => run.Progress?.Stage == RunStages.WaitingForJudge);
        Assert.Equal((RunState.Running, "waiting for the judge: down"), (waiting.State, waiting.Told(DateTimeOffset.UnixEpoch).Reason));
        Assert.Empty(_judge.Asked);
        _judge.Up = true;

        Assert.Equal((RunState.Done, null), await UntilAsync(host, "late", static run => run.IsOver) is var done ? (done.State, done.Reason) : default);
        await AssertAsUndisturbedAsync(host, request);
    }

    [Fact]
    public async Task A_judge_that_goes_away_in_between_is_waited_for_too_and_no_judgement_has_failed()
    {
        await using IHostUnderTest host = await StartAsync(instances: 2);
        EvaluationRequest request = await RequestAsync(host, "away");
        _judge.On = (call, _) =>
        {
            if (call < 50 || _judge.Up && call > 50 + (2 * host.Instances * Concurrency))
            {
                return null;
            }

            _judge.Up = false;
            throw new JudgeException(JudgeFault.Unreachable, "connection refused", new Tries { Requests = 3, Reset = 3 });
        };
        Assert.Null(await host.AskAsync(request));

        RunRecord waiting = await UntilAsync(host, "away", static run => run.Progress?.Stage == RunStages.WaitingForJudge);
        Assert.Equal((RunState.Running, true), (waiting.State, waiting.Progress!.Detail!.Contains("down", StringComparison.Ordinal)));
        (_judge.On, _judge.Up) = (null, true);

        Assert.Equal(RunState.Done, (await UntilAsync(host, "away", static run => run.IsOver)).State);
        Assert.Equal(0, (await SummaryAsync(host, "away")).Judgements.Failed);
        await AssertAsUndisturbedAsync(host, request);
    }

    [Fact]
    public async Task A_judge_that_stays_away_ends_the_run_when_patience_does()
    {
        await using IHostUnderTest host = await StartAsync(patienceMinutes: 0);
        _judge.Up = false;
        RunRecord ended = await RunAsync(host, await RequestAsync(host, "never"));
        Assert.Equal((RunState.Failed, "down"), (ended.State, ended.Reason));
        Assert.Empty(_judge.Asked);
    }

    /// <summary>Starts the host.</summary>
    /// <param name="parts">What it is made of.</param>
    /// <param name="instances">Processes, where it may have several.</param>
    private protected abstract Task<IHostUnderTest> NewAsync(HostParts parts, int instances);

    private Task<IHostUnderTest> StartAsync(int instances = 1, double patienceMinutes = 30) =>
        NewAsync(new HostParts(JudgeOf(_judge), JudgeOf(_second), patienceMinutes), instances);

    // A judgement costs 15 tokens, and 0.015.
    private static Judge JudgeOf(ScriptedJudge judge) => Judge.Of(judge, "m", "grm") with { Concurrency = Concurrency, Price = new TokenPrice(1000, 1000) };

    private static byte[] BatchOf(int rollouts)
    {
        using MemoryStream batch = new();
        BatchGenerator.WriteAsync(batch, new BatchOptions { Rollouts = rollouts, MinResponses = 3, MaxResponses = 3, Seed = 5 }).GetAwaiter().GetResult();
        return batch.ToArray();
    }

    private static async Task<EvaluationRequest> RequestAsync(IHostUnderTest host, string runId) => new()
    {
        Batch = await host.PutBatchAsync($"{runId}.jsonl", Batch),
        Judge = "scripted",
        Protocol = "grm",
        Policy = new() { Samples = 4 },
        Seed = 3,
        Output = runId,
    };

    private static async Task<RunRecord> RunAsync(IHostUnderTest host, EvaluationRequest request)
    {
        Assert.Null(await host.AskAsync(request));
        return await UntilAsync(host, request.Output!, static run => run.IsOver);
    }

    // How a request ends that can't be served: refused when it is asked, or by the run.
    private static async Task<string> EndAsync(IHostUnderTest host, EvaluationRequest request) =>
        await host.AskAsync(request) ?? (await UntilAsync(host, request.Output!, static run => run.State == RunState.Failed)).Reason!;

    private static async Task<RunRecord> UntilAsync(IHostUnderTest host, string runId, Func<RunRecord, bool> awaited)
    {
        while (true)
        {
            RunRecord? record = await host.RecordAsync(runId);
            if (record is not null && awaited(record))
            {
                return record;
            }

            Assert.False(record is { IsOver: true }, $"it is over: {record?.State}, {record?.Reason}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static async Task<RunSummary> SummaryAsync(IHostUnderTest host, string runId) =>
        JsonSerializer.Deserialize(await host.Open(runId).ReadDocumentAsync(RunFiles.Summary, default), RunsJson.Default.RunSummary)!;

    // The verdicts of a run in one process that nothing ever stopped.
    private static async Task<string> AssertAsUndisturbedAsync(IHostUnderTest host, EvaluationRequest request, Func<int, JudgeQuestion, JudgeReply?>? on = null, byte[]? rubric = null)
    {
        ScriptedJudge judge = new() { On = on };
        await using LoopHost loop = new(new HostParts(JudgeOf(judge), JudgeOf(new ScriptedJudge("second") { On = on }), 0));
        request = rubric is null ? request : request with { RubricFile = await loop.PutBatchAsync("rubric.yaml", rubric) };
        await RunAsync(loop, request with { Batch = await loop.PutBatchAsync("batch.jsonl", Batch), Output = "whole", Limits = new SpendLimits(), RetryFailed = false });
        string whole = Encoding.UTF8.GetString((await loop.Open("whole").ReadDocumentAsync(RunFiles.Verdicts, default))!);
        Assert.Equal(Rollouts, whole.Count(static c => c == '\n'));
        Assert.Equal(whole, Encoding.UTF8.GetString((await host.Open(request.Output!).ReadDocumentAsync(RunFiles.Verdicts, default))!));
        return whole;
    }
}
