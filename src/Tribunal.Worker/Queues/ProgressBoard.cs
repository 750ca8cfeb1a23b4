using System.Collections.Concurrent;
using Azure;
using Microsoft.Extensions.Hosting;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Worker.Queues;

/// <summary>
/// Brings the progress of the runs that are orchestrated here into their records: the newest only, not too often, and never in the way
/// of the work. An end is none of its concern: whoever waits for it writes it.
/// </summary>
internal sealed class ProgressBoard(IRunCatalog catalog, RunExecutorOptions options, TimeProvider time) : BackgroundService
{
    private readonly ConcurrentDictionary<string, RunProgress> _latest = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _shards = new(StringComparer.Ordinal);

    /// <summary>Notes how far a run is.</summary>
    public void Report(string runId, RunProgress progress) => _latest[runId] = progress;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // A stop ends it in the middle of a pause: progress is for people, and the ledger knows.
        while (true)
        {
            await Task.Delay(options.ProgressPause, time, stoppingToken);
            foreach (string runId in _latest.Keys)
            {
                if (_latest.TryRemove(runId, out RunProgress? progress))
                {
                    await WriteAsync(runId, progress);
                }
            }
        }
    }

    private async Task WriteAsync(string runId, RunProgress progress)
    {
        // A shard that ended is progress: attempts count from there.
        bool forward = progress.ShardsFinished > _shards.GetValueOrDefault(runId);
        _shards[runId] = progress.ShardsFinished;
        try
        {
            RunRecord? record = await catalog.UpdateAsync(
                runId,
                now => now.IsOver ? null : now with { Progress = progress, Attempts = forward ? 1 : now.Attempts, Updated = time.GetUtcNow() },
                CancellationToken.None);
            if (record is null or { IsOver: true })
            {
                _shards.Remove(runId);
            }
        }
        catch (Exception exception) when (exception is RequestFailedException or AggregateException)
        {
            // The next report tells as much.
        }
    }
}
