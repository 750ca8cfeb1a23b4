using DurableTask.AzureStorage;
using DurableTask.Core;
using Microsoft.Extensions.Logging;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;

namespace Tribunal.Worker.Engine;

/// <summary>
/// The Durable Task Framework over the storage account: any number of processes share the shards of any number of runs. A run's
/// orchestration bears the run's name, so that there is one of it however often it is asked for.
/// </summary>
internal sealed class RunEngine : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    // The framework gives a step back after it has ended: a request.
    private static readonly TimeSpan GivingBack = TimeSpan.FromSeconds(1);
    private static readonly OrchestrationStatus[] UnderWay = [OrchestrationStatus.Pending, OrchestrationStatus.Running];
    private static readonly OrchestrationStatus[] Over = [OrchestrationStatus.Completed, OrchestrationStatus.Failed, OrchestrationStatus.Terminated];

    private readonly AzureStorageOrchestrationService _service;
    private readonly TaskHubClient _client;
    private readonly TaskHubWorker _worker;
    private readonly StepActivities _steps;
    private readonly RunMonitors _monitors;
    private readonly TimeProvider _time;

    internal RunEngine(
        AzureStorageOrchestrationServiceSettings settings, RunSteps steps, RunMonitors monitors, Action<string, RunProgress> onProgress, TimeProvider time, ILoggerFactory logging)
    {
        (_monitors, _time) = (monitors, time);
        _service = new AzureStorageOrchestrationService(settings);
        _client = new TaskHubClient(_service, JsonTexts.Converter, logging);
        _steps = new StepActivities(steps);
        _worker = new TaskHubWorker(_service, logging) { ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails };
        _worker.AddTaskOrchestrations(Orchestrations.All(onProgress));
        _worker.AddTaskActivities(_steps.All());
    }

    /// <summary>Steps under way in this process.</summary>
    public int Busy => _steps.UnderWay;

    /// <summary>Takes part in the work on runs from here on.</summary>
    /// <exception cref="Exception">Storage is away: trying again continues.</exception>
    public Task StartAsync() => _worker.StartAsync();

    /// <summary>
    /// Takes no more steps, and has those under way begin nothing new: what they are cut short of goes to other processes at once.
    /// </summary>
    /// <param name="hardStop">Gives up what is still under way.</param>
    public async Task StopAsync(CancellationToken hardStop)
    {
        _steps.Stop();
        _monitors.StopAll(new Halt(HaltKind.Interrupted, "the worker was stopped"));
        await using CancellationTokenRegistration abort = hardStop.Register(_steps.Abort);
        await _worker.StopAsync();
        while (Busy > 0)
        {
            await Task.Delay(FirstPause, _time, CancellationToken.None);
            if (Busy == 0)
            {
                await Task.Delay(GivingBack, _time, CancellationToken.None);
            }
        }
    }

    public async Task<bool> IsUnderWayAsync(string runId) =>
        await _client.GetOrchestrationStateAsync(runId) is { } state && UnderWay.Contains(state.OrchestrationStatus);

    /// <summary>Starts a run's orchestration, unless it is under way.</summary>
    public async Task AskAsync(BatchRun run)
    {
        try
        {
            await _client.CreateOrchestrationInstanceAsync(Names.EvaluateBatch.Name, EngineContext.Version, run.RunId, JsonTexts.Write(run), tags: null, UnderWay);
        }
        catch (Exception)
        {
            // Of two that ask at once the second is refused: the first has started it.
            if (!await IsUnderWayAsync(run.RunId))
            {
                throw;
            }
        }
    }

    /// <summary>Waits for the end of a run's orchestration, wherever its parts are worked on.</summary>
    public async Task<RunEnding> WaitAsync(string runId, CancellationToken cancellationToken)
    {
        for (TimeSpan pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            OrchestrationState? state = await _client.GetOrchestrationStateAsync(runId);
            if (state is null)
            {
                return new RunEnding(null, new RunFailure(nameof(InvalidOperationException), "its orchestration is gone"));
            }

            if (Over.Contains(state.OrchestrationStatus))
            {
                return EndingOf(state);
            }

            await Task.Delay(pause, _time, cancellationToken);
        }
    }

    /// <summary>Ends a run's orchestration from outside.</summary>
    public Task TerminateAsync(string runId, string reason) => _client.TerminateInstanceAsync(new OrchestrationInstance { InstanceId = runId }, reason);

    /// <summary>Removes the histories of orchestrations that ended, of runs that began before a time: results lie elsewhere.</summary>
    public Task PurgeAsync(DateTimeOffset before) => _service.PurgeInstanceHistoryAsync(DateTime.UnixEpoch, before.UtcDateTime, Over);

    public void Dispose()
    {
        _worker.Dispose();
        _service.Dispose();
        _steps.Dispose();
    }

    private static RunEnding EndingOf(OrchestrationState state)
    {
        RunEnding ending = state.OrchestrationStatus switch
        {
            OrchestrationStatus.Completed => JsonTexts.Read<RunEnding>(state.Output),
            OrchestrationStatus.Terminated => new RunEnding(null),
            _ => new RunEnding(null, new RunFailure(state.FailureDetails?.ErrorType ?? "", state.FailureDetails?.ErrorMessage ?? state.Output ?? "its orchestration failed")),
        };
        return ending with { Progress = state.Status is { Length: > 0 } status ? JsonTexts.Read<RunProgress>(status) : null };
    }
}
