using System.Threading.Channels;
using Azure;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>Brings a run's progress into its record, the newest only and not too often; never in the way of the work.</summary>
internal sealed class ProgressWriter : IAsyncDisposable
{
    private readonly IRunCatalog _catalog;
    private readonly string _runId;
    private readonly TimeSpan _pause;
    private readonly TimeProvider _time;
    private readonly Channel<RunProgress> _latest = Channel.CreateBounded<RunProgress>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _pump;
    private bool _disposed;

    public ProgressWriter(IRunCatalog catalog, string runId, TimeSpan pause, TimeProvider time)
    {
        _catalog = catalog;
        _runId = runId;
        _pause = pause;
        _time = time;
        _pump = Task.Run(PumpAsync);
    }

    public void Report(RunProgress progress) => _latest.Writer.TryWrite(progress);

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _latest.Writer.TryComplete();
        await _ending.CancelAsync();
        await _pump;
        _ending.Dispose();
    }

    private async Task PumpAsync()
    {
        int shards = 0;
        await foreach (RunProgress progress in _latest.Reader.ReadAllAsync())
        {
            bool forward = progress.ShardsFinished > shards;
            shards = progress.ShardsFinished;
            try
            {
                await _catalog.UpdateAsync(
                    _runId,
                    now => now.IsOver ? null : now with { Progress = progress, Attempts = forward ? 1 : now.Attempts, Updated = _time.GetUtcNow() },
                    CancellationToken.None);
                await Task.Delay(_pause, _time, _ending.Token);
            }
            catch (Exception exception) when (exception is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Progress is for people; the ledger knows.
            }
        }
    }
}
