using Azure;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Queues;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Worker.Engine;

namespace Tribunal.Worker.Queues;

/// <summary>What came of a run that a message asked for.</summary>
/// <param name="Fate">What is to become of the message.</param>
/// <param name="Reason">Why, for people, where it is not served.</param>
internal sealed record Execution(MessageFate Fate, string? Reason = null);

/// <summary>Settings of <see cref="RunExecutor"/>.</summary>
public sealed record RunExecutorOptions
{
    /// <summary>The process, for people.</summary>
    public required string WorkerName { get; init; }

    /// <summary>Shards of one run under way at once; default 4.</summary>
    public int Window { get; init; } = BatchRun.DefaultWindow;

    /// <summary>Minutes that a run waits for a judge that starts from zero; default 30.</summary>
    public double PatienceMinutes { get; init; } = BatchRun.DefaultPatienceMinutes;

    /// <summary>Time between two writes of the runs' progress; default 1 s.</summary>
    public TimeSpan ProgressPause { get; init; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// Has a run worked on by the engine, waits for its end, and keeps the run's record. Whatever number of messages ask for a run, there
/// is one orchestration of it, and a finished one is left alone.
/// </summary>
internal sealed partial class RunExecutor(IRunCatalog catalog, RunEngine engine, RunExecutorOptions options, TimeProvider time, ILogger<RunExecutor> logger)
{
    // At a run without a shard finished in between, before it is given up.
    private const int MaxAttempts = 5;
    private const string Stopped = "the worker was stopped; another goes on with the run";

    /// <summary>Has the run of a request worked on to its end.</summary>
    /// <param name="request">The request, its run named.</param>
    /// <param name="dequeues">How often its message was taken: more than once, and whoever had it before died or gave it back.</param>
    /// <param name="stopping">This process stops: the run goes on without it.</param>
    /// <exception cref="RequestFailedException">Storage is away.</exception>
    /// <exception cref="MessageRefusedException">The run's name is that of another request.</exception>
    public async Task<Execution> ExecuteAsync(EvaluationRequest request, long dequeues, CancellationToken stopping)
    {
        string runId = request.Output ?? RunIds.For(request);
        RunRecord known = await catalog.AskAsync(runId, request, time, stopping);
        if (known.IsOver)
        {
            return new Execution(MessageFate.Served, known.Reason);
        }

        bool underWay = await engine.IsUnderWayAsync(runId);
        int attempts = underWay && dequeues <= 1 ? 0 : 1;
        RunRecord? record = await catalog.UpdateAsync(
            runId,
            now => now.IsOver ? null : Stamp(now) with { State = RunState.Running, Worker = options.WorkerName, Attempts = now.Attempts + attempts, Reason = null },
            stopping);
        if (record is null or { IsOver: true })
        {
            return new Execution(MessageFate.Served, record?.Reason);
        }

        if (record.Attempts > MaxAttempts)
        {
            string reason = $"given up after {MaxAttempts} attempts without progress{(known.Reason is null ? "" : $"; last: {known.Reason}")}";
            await engine.TerminateAsync(runId, reason);
            return await EndAsync(runId, RunState.Failed, MessageFate.Poison, reason, null);
        }

        LogBegun(runId, record.Attempts, options.WorkerName);
        Execution execution = await WaitAsync(runId, record, underWay, attempts, stopping);
        LogEnded(runId, execution.Fate, execution.Reason);
        return execution;
    }

    private async Task<Execution> WaitAsync(string runId, RunRecord record, bool underWay, int attempts, CancellationToken stopping)
    {
        try
        {
            if (!underWay)
            {
                await engine.AskAsync(new BatchRun(runId, record.Request!, options.Window, options.PatienceMinutes));
            }

            return await EndedAsync(runId, await engine.WaitAsync(runId, stopping));
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // A stop that somebody asked for is no failed attempt.
            return await LaterAsync(runId, MessageFate.Now, Stopped, spared: attempts);
        }
        catch (Exception exception)
        {
            LogAway(runId, exception);

            // The engine wraps what storage answered in an exception of its own.
            bool storage = exception is RequestFailedException or AggregateException || exception.InnerException is RequestFailedException;
            return await LaterAsync(runId, MessageFate.Later, storage ? "storage is away" : exception.Message);
        }
    }

    private async Task<Execution> EndedAsync(string runId, RunEnding ending)
    {
        if (ending.Outcome is { } outcome)
        {
            RunEnd end = RunEnd.Of(outcome.Halt);
            return end.ComesBack ? await LaterAsync(runId, end.Fate, outcome.Halt!.Detail) : await EndAsync(runId, end.State, end.Fate, outcome.Halt?.Detail, ending.Progress);
        }

        return ending.Failure switch
        {
            null => await EndAsync(runId, RunState.Cancelled, MessageFate.Served, "somebody terminated its orchestration", ending.Progress),
            { } failure when Hopeless.Is(failure.Kind) => await EndAsync(runId, RunState.Failed, MessageFate.Poison, failure.Message, ending.Progress),
            { } failure => await LaterAsync(runId, MessageFate.Later, IsStorage(failure.Kind) ? "storage is away" : failure.Message),
        };
    }

    private async Task<Execution> EndAsync(string runId, RunState state, MessageFate fate, string? reason, RunProgress? progress)
    {
        await catalog.UpdateAsync(
            runId, now => now.IsOver ? null : Stamp(now) with { State = state, Reason = reason, Progress = Ended(progress ?? now.Progress, state, reason) }, CancellationToken.None);
        return new Execution(fate, reason);
    }

    private async Task<Execution> LaterAsync(string runId, MessageFate fate, string reason, int spared = 0)
    {
        await catalog.UpdateAsync(
            runId, now => now.IsOver ? null : Stamp(now) with { State = RunState.Queued, Reason = reason, Attempts = Math.Max(0, now.Attempts - spared) }, CancellationToken.None);
        return new Execution(fate, reason);
    }

    private static bool IsStorage(string kind) =>
        kind.EndsWith(nameof(RequestFailedException), StringComparison.Ordinal) || kind.EndsWith(nameof(AggregateException), StringComparison.Ordinal);

    private static RunProgress? Ended(RunProgress? progress, RunState state, string? reason) => progress is null ? null : progress with
    {
        Stage = RunStages.Of(state == RunState.Done, state == RunState.Cancelled),
        Detail = reason,
    };

    private RunRecord Stamp(RunRecord run) => run with { Updated = time.GetUtcNow() };

    [LoggerMessage(100, LogLevel.Information, "Run {RunId}: attempt {Attempt}, watched by {Worker}")]
    private partial void LogBegun(string runId, int attempt, string worker);

    [LoggerMessage(101, LogLevel.Information, "Run {RunId}: message {Fate} ({Reason})")]
    private partial void LogEnded(string runId, MessageFate fate, string? reason);

    [LoggerMessage(103, LogLevel.Warning, "Run {RunId}: can't be watched at the moment, tried again later")]
    private partial void LogAway(string runId, Exception exception);
}
