using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tribunal.Azure.Names;
using Tribunal.Azure.Queues;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Worker.Engine;

namespace Tribunal.Worker.Queues;

/// <summary>Settings of <see cref="QueueWorker"/>.</summary>
public sealed record QueueWorkerOptions
{
    /// <summary>Runs that this process has under way at once, 1 or more; default 1: one run saturates its judge. It helps with those of others too.</summary>
    public int Runs { get; init; } = 1;

    /// <summary>How long a message is hidden while it is worked on; renewed at a third of it; default 60 s.</summary>
    public TimeSpan Visibility { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How soon a message comes back whose judge or storage is away; default 20 s.</summary>
    public TimeSpan ComeBack { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Longest pause between two looks into an empty queue of requests, for which somebody waits; default 2 s.</summary>
    public TimeSpan IdlePause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The same for the queue of uploads, of which Event Grid tells some seconds later; default 6 s.</summary>
    public TimeSpan UploadPause { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>How long work in flight may take to end when the process is asked to stop; default 30 s.</summary>
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How often the rollouts container is looked through for new batches, where no Event Grid tells of them; null for never.</summary>
    public TimeSpan? WatchPause { get; init; }
}

/// <summary>
/// Serves the queues <c>evaluations</c> and <c>uploads</c>, any number of processes side by side. Messages stay hidden
/// while they are worked on; what can't be served goes to the poison queue, with the reason in the run's record.
/// </summary>
internal sealed partial class QueueWorker(
    StorageClients clients,
    IRunCatalog catalog,
    UploadIntake uploads,
    RunExecutor executor,
    RunEngine engine,
    RequestDefaults defaults,
    QueueWorkerOptions options,
    TimeProvider time,
    ILogger<QueueWorker> logger) : BackgroundService
{
    // How often an upload message is tried before it is poison, as in the Functions host.
    private const int MaxDequeues = 5;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HistoryKept = TimeSpan.FromDays(14);
    private static readonly TimeSpan PurgePause = TimeSpan.FromDays(1);
    private long _lastLook = time.GetTimestamp();
    private int _busy;

    /// <summary>How long ago storage answered last.</summary>
    public TimeSpan SinceLastLook => time.GetElapsedTime(Interlocked.Read(ref _lastLook));

    /// <summary>Runs that this process waits for.</summary>
    public int Busy => Volatile.Read(ref _busy);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using CancellationTokenSource hardStop = new();
        await using CancellationTokenRegistration soft = stoppingToken.Register(() => hardStop.CancelAfter(options.DrainLimit));
        await PatientlyAsync(() => clients.EnsureCreatedAsync(stoppingToken), stoppingToken);
        await PatientlyAsync(engine.StartAsync, stoppingToken);
        List<Task> loops = [ServeAsync(ResourceNames.UploadsQueue, ServeUploadAsync, options.UploadPause, stoppingToken), PurgeAsync(stoppingToken)];
        for (int slot = 0; slot < options.Runs; slot++)
        {
            loops.Add(ServeAsync(ResourceNames.EvaluationsQueue, ServeEvaluationAsync, options.IdlePause, stoppingToken));
        }

        if (options.WatchPause is { } pause)
        {
            loops.Add(WatchAsync(pause, stoppingToken));
        }

        // The steps in flight end while the messages go back to their queues.
        await Task.WhenAll([.. loops, StopEngineAsync(stoppingToken, hardStop.Token)]);
    }

    private async Task StopEngineAsync(CancellationToken stopping, CancellationToken hardStop)
    {
        await PauseAsync(Timeout.InfiniteTimeSpan, stopping);
        await engine.StopAsync(hardStop);
    }

    private async Task ServeAsync(string name, Func<QueueMessage, CancellationToken, Task<Execution>> serve, TimeSpan longest, CancellationToken stopping)
    {
        QueueClient queue = clients.Queues.GetQueueClient(name);
        QueueClient poison = clients.Queues.GetQueueClient(name + ResourceNames.PoisonSuffix);
        TimeSpan pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                QueueMessage? message = await queue.ReceiveMessageAsync(options.Visibility, stopping);
                Interlocked.Exchange(ref _lastLook, time.GetTimestamp());
                if (message is not null)
                {
                    pause = FirstPause;
                    await ServeAsync(queue, poison, message, serve, stopping);
                    continue;
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                // Whatever it is, the message comes back and the worker goes on.
                LogAway(name, exception);
            }

            await PauseAsync(pause, stopping);
            pause = pause * 2 < longest ? pause * 2 : longest;
        }
    }

    private async Task ServeAsync(QueueClient queue, QueueClient poison, QueueMessage message, Func<QueueMessage, CancellationToken, Task<Execution>> serve, CancellationToken stopping)
    {
        await using MessageHold hold = new(queue, message, options.Visibility, time);
        Execution execution;
        try
        {
            execution = await serve(message, stopping);
        }
        catch (MessageRefusedException refusal)
        {
            await catalog.RefuseAsync(message.MessageId, refusal.Message, time, CancellationToken.None);
            execution = new Execution(MessageFate.Poison, refusal.Message);
        }

        string receipt = await hold.ReleaseAsync();
        try
        {
            switch (execution.Fate)
            {
                case MessageFate.Served:
                    await queue.DeleteMessageAsync(message.MessageId, receipt, CancellationToken.None);
                    break;
                case MessageFate.Poison:
                    LogPoison(queue.Name, message.MessageId, execution.Reason);
                    await poison.SendMessageAsync(message.MessageText, CancellationToken.None);
                    await queue.DeleteMessageAsync(message.MessageId, receipt, CancellationToken.None);
                    break;
                default:
                    TimeSpan hidden = execution.Fate == MessageFate.Now ? TimeSpan.Zero : options.ComeBack;
                    await queue.UpdateMessageAsync(message.MessageId, receipt, visibilityTimeout: hidden, cancellationToken: CancellationToken.None);
                    break;
            }
        }
        catch (RequestFailedException exception) when (exception.Status is 400 or 404)
        {
            // It became visible meanwhile and another worker has it: the run's record tells that one what to do.
            LogTaken(queue.Name, message.MessageId);
        }
    }

    private async Task<Execution> ServeEvaluationAsync(QueueMessage message, CancellationToken stopping)
    {
        Interlocked.Increment(ref _busy);
        try
        {
            return await executor.ExecuteAsync(await catalog.ReadAsync(message.MessageText, defaults, stopping), message.DequeueCount, stopping);
        }
        finally
        {
            Interlocked.Decrement(ref _busy);
        }
    }

    private async Task<Execution> ServeUploadAsync(QueueMessage message, CancellationToken stopping)
    {
        if (message.DequeueCount > MaxDequeues)
        {
            return new Execution(MessageFate.Poison, $"given up after {MaxDequeues} tries");
        }

        await uploads.TakeAsync(message.MessageText, stopping);
        return new Execution(MessageFate.Served);
    }

    private async Task WatchAsync(TimeSpan pause, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await foreach (BlobItem blob in clients.Rollouts.GetBlobsAsync(BlobTraits.None, BlobStates.None, null, stopping))
                {
                    if (blob.Name.StartsWith(ResourceNames.SubmittedPrefix, StringComparison.Ordinal) || BatchPath.Fault(blob.Name) is not null)
                    {
                        continue;
                    }

                    string url = clients.Rollouts.GetBlobClient(blob.Name).Uri.ToString();
                    await uploads.AskForRunAsync(new UploadEvent(blob.Name, url, blob.Properties.ETag.ToString()!), stopping);
                }
            }
            catch (Exception exception) when (exception is RequestFailedException or AggregateException or OperationCanceledException)
            {
                LogAway(ResourceNames.RolloutsContainer, exception);
            }

            await PauseAsync(pause, stopping);
        }
    }

    // Histories serve replays alone. Several workers that purge at once find the less.
    private async Task PurgeAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await engine.PurgeAsync(time.GetUtcNow() - HistoryKept);
            }
            catch (Exception exception)
            {
                LogAway(ResourceNames.WorkerHub, exception);
            }

            await PauseAsync(PurgePause, stopping);
        }
    }

    private async Task PatientlyAsync(Func<Task> action, CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await action();
                return;
            }
            catch (Exception exception) when (IsAway(exception) || IsAway(exception.InnerException))
            {
                LogAway(clients.Account, exception);
                await PauseAsync(options.IdlePause, stopping);
            }
        }
    }

    private static bool IsAway(Exception? exception) => exception is RequestFailedException { Status: 0 or >= 500 } or AggregateException or OperationCanceledException;

    // The loop's condition ends it.
    private async Task PauseAsync(TimeSpan pause, CancellationToken stopping) =>
        await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    [LoggerMessage(110, LogLevel.Warning, "{Name} can't be served at the moment; tried again")]
    private partial void LogAway(string name, Exception exception);

    [LoggerMessage(111, LogLevel.Warning, "Message {MessageId} of {Queue} moved to the poison queue: {Reason}")]
    private partial void LogPoison(string queue, string messageId, string? reason);

    [LoggerMessage(112, LogLevel.Information, "Message {MessageId} of {Queue} was taken over by another worker")]
    private partial void LogTaken(string queue, string messageId);
}
