using Azure;
using Microsoft.Extensions.Logging;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>What came of working on a run.</summary>
/// <param name="Fate">What is to become of the message.</param>
/// <param name="Reason">Why, for people, where it is not served.</param>
public sealed record Execution(MessageFate Fate, string? Reason = null);

/// <summary>
/// Works on one run under its ownership, resumes what another left, and keeps the run's record. Whatever number of
/// messages ask for a run, one process at a time works on it, and a finished one is left alone.
/// </summary>
public sealed partial class RunExecutor(
    IRunStores stores,
    IRunCatalog catalog,
    RunSteps steps,
    RunMonitors monitors,
    RunExecutorOptions options,
    TimeProvider time,
    ILogger<RunExecutor> logger)
{
    /// <summary>Works on the run of a request to its end, or to a stop.</summary>
    /// <param name="request">The request, its run named.</param>
    /// <param name="hardStop">Gives everything up at once; a soft stop is the run monitors'.</param>
    /// <exception cref="RequestFailedException">Storage is away.</exception>
    /// <exception cref="MessageRefusedException">The run's name is that of another request.</exception>
    public async Task<Execution> ExecuteAsync(EvaluationRequest request, CancellationToken hardStop)
    {
        string runId = request.Output ?? RunIds.For(request);
        RunRecord known = await catalog.AskAsync(runId, request, time, hardStop);
        if (known.IsOver)
        {
            return new Execution(MessageFate.Served, known.Reason);
        }

        await using IRunOwnership? ownership = await stores.OpenRun(runId).TryOwnAsync(hardStop);
        if (ownership is null)
        {
            return new Execution(MessageFate.Later, "another worker has the run");
        }

        RunRecord? record = await catalog.UpdateAsync(
            runId,
            now => now.IsOver ? null : Stamp(now) with { State = RunState.Running, Worker = options.WorkerName, Attempts = now.Attempts + 1, Reason = null },
            hardStop);
        if (record is null or { IsOver: true })
        {
            return new Execution(MessageFate.Served, record?.Reason);
        }

        if (record.Attempts > options.MaxAttempts)
        {
            return await EndAsync(runId, RunState.Failed, MessageFate.Poison, $"given up after {options.MaxAttempts} attempts without progress{(known.Reason is null ? "" : $"; last: {known.Reason}")}");
        }

        LogBegun(runId, record.Attempts, options.WorkerName);
        Execution execution = await WorkAsync(runId, record, ownership, hardStop);
        LogEnded(runId, execution.Fate, execution.Reason);
        return execution;
    }

    private async Task<Execution> WorkAsync(string runId, RunRecord record, IRunOwnership ownership, CancellationToken hardStop)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(hardStop, ownership.Lost);
        monitors.Renew(runId);
        await using var progress = new ProgressWriter(catalog, runId, options.ProgressPause, time);
        var host = new InProcessHost(steps.ByName(), time, progress.Report);
        try
        {
            if (options.Stopping.IsCancellationRequested)
            {
                return await LaterAsync(runId, MessageFate.Now, "the worker is stopping");
            }

            RunOutcome outcome = await host.RunAsync(new BatchRun(runId, record.Request!, options.Window, options.PatienceMinutes), stop.Token);
            await progress.DisposeAsync();
            return await EndedAsync(runId, outcome.Halt);
        }
        catch (Exception exception) when (ownership.Lost.IsCancellationRequested)
        {
            // Another worker has the run and keeps its record.
            LogLost(runId, exception);
            return new Execution(MessageFate.Later, "the run's ownership was lost");
        }
        catch (OperationCanceledException) when (hardStop.IsCancellationRequested)
        {
            return await LaterAsync(runId, MessageFate.Now, "the worker was stopped");
        }
        catch (Exception exception) when (Hopeless.Is(exception))
        {
            return await EndAsync(runId, RunState.Failed, MessageFate.Poison, exception.Message);
        }
        catch (Exception exception) when (exception is PartBusyException or RequestFailedException or AggregateException)
        {
            LogAway(runId, exception);
            return await LaterAsync(runId, MessageFate.Later, exception is PartBusyException ? exception.Message : "storage is away");
        }
        catch (Exception exception)
        {
            LogFailed(runId, exception);
            return await LaterAsync(runId, MessageFate.Later, exception.Message);
        }
    }

    private Task<Execution> EndedAsync(string runId, Halt? halt)
    {
        RunEnd end = RunEnd.Of(halt);
        return end.ComesBack ? LaterAsync(runId, end.Fate, halt!.Detail) : EndAsync(runId, end.State, end.Fate, halt?.Detail);
    }

    private async Task<Execution> EndAsync(string runId, RunState state, MessageFate fate, string? reason)
    {
        await catalog.UpdateAsync(runId, now => now.IsOver ? null : Stamp(now) with { State = state, Reason = reason, Progress = Ended(now.Progress, state, reason) }, CancellationToken.None);
        return new Execution(fate, reason);
    }

    private async Task<Execution> LaterAsync(string runId, MessageFate fate, string reason)
    {
        // A stop that somebody asked for is no failed attempt.
        int spared = fate == MessageFate.Now ? 1 : 0;
        await catalog.UpdateAsync(
            runId, now => now.IsOver ? null : Stamp(now) with { State = RunState.Queued, Reason = reason, Attempts = Math.Max(0, now.Attempts - spared) }, CancellationToken.None);
        return new Execution(fate, reason);
    }

    private static RunProgress? Ended(RunProgress? progress, RunState state, string? reason) => progress is null ? null : progress with
    {
        Stage = RunStages.Of(state == RunState.Done, state == RunState.Cancelled),
        Detail = reason,
    };

    private RunRecord Stamp(RunRecord run) => run with { Updated = time.GetUtcNow() };

    [LoggerMessage(100, LogLevel.Information, "Run {RunId}: attempt {Attempt} on {Worker}")]
    private partial void LogBegun(string runId, int attempt, string worker);

    [LoggerMessage(101, LogLevel.Information, "Run {RunId}: message {Fate} ({Reason})")]
    private partial void LogEnded(string runId, MessageFate fate, string? reason);

    [LoggerMessage(102, LogLevel.Warning, "Run {RunId}: ownership lost, given up here")]
    private partial void LogLost(string runId, Exception exception);

    [LoggerMessage(103, LogLevel.Warning, "Run {RunId}: storage is away or busy, tried again later")]
    private partial void LogAway(string runId, Exception exception);

    [LoggerMessage(104, LogLevel.Error, "Run {RunId}: failed, tried again later")]
    private partial void LogFailed(string runId, Exception exception);
}

/// <summary>Settings of <see cref="RunExecutor"/>.</summary>
public sealed record RunExecutorOptions
{
    /// <summary>The process, for people.</summary>
    public required string WorkerName { get; init; }

    /// <summary>Attempts at a run without a shard finished in between before it is given up; default 5.</summary>
    public int MaxAttempts { get; init; } = 5;

    /// <summary>Shards of one run under way at once; default 4.</summary>
    public int Window { get; init; } = BatchRun.DefaultWindow;

    /// <summary>Minutes that a run waits for a judge that starts from zero; default 30.</summary>
    public double PatienceMinutes { get; init; } = BatchRun.DefaultPatienceMinutes;

    /// <summary>Least time between two writes of a run's progress; default 1 s.</summary>
    public TimeSpan ProgressPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Cancelled when this process begins no further work.</summary>
    public CancellationToken Stopping { get; init; }
}
