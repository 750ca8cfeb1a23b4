using Tribunal.MetaReward;

namespace Tribunal.Inference.MetaModels;

/// <summary>
/// Gathers concurrent calls into batches: one goes when it is full, or when its first member has waited for the window.
/// A caller that gives up leaves its batch; a batch that all have left is cancelled. Safe for concurrent use.
/// </summary>
internal sealed class MetaBatcher(
    int size, TimeSpan window, TimeProvider time, Func<IReadOnlyList<string>, CancellationToken, Task<MetaReading[]>> send)
{
    private readonly Lock _lock = new();
    private Batch? _open;

    /// <summary>The reward of one text.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public async Task<MetaReading> ScoreAsync(string text, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Batch batch;
        int place;
        bool full;
        lock (_lock)
        {
            batch = _open ??= NewBatch();
            place = batch.Texts.Count;
            batch.Texts.Add(text);
            batch.Left++;
            full = batch.Texts.Count >= size;
            if (full)
            {
                _open = null;
            }
        }

        if (full)
        {
            _ = SendAsync(batch);
        }

        try
        {
            MetaReading[] rewards = await batch.Rewards.Task.WaitAsync(cancellationToken);
            return place < rewards.Length ? rewards[place] : default;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            bool abandoned;
            lock (_lock)
            {
                abandoned = --batch.Left == 0;
                if (abandoned && _open == batch)
                {
                    _open = null;
                }
            }

            if (abandoned)
            {
                await batch.Cancellation.CancelAsync();
            }

            throw;
        }
    }

    private Batch NewBatch()
    {
        var batch = new Batch();
        _ = SendLaterAsync(batch);
        return batch;
    }

    private async Task SendLaterAsync(Batch batch)
    {
        if (size > 1)
        {
            // Even a window of nothing lets those in that are already running.
            await Task.Delay(window > TimeSpan.Zero ? window : TimeSpan.FromTicks(1), time).ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            bool mine;
            lock (_lock)
            {
                mine = _open == batch;
                if (mine)
                {
                    _open = null;
                }
            }

            if (mine)
            {
                await SendAsync(batch);
            }
        }
    }

    private async Task SendAsync(Batch batch)
    {
        try
        {
            batch.Rewards.TrySetResult(await send(batch.Texts, batch.Cancellation.Token));
        }
        catch (Exception exception)
        {
            batch.Rewards.TrySetException(exception);
            _ = batch.Rewards.Task.Exception;
        }
    }

    private sealed class Batch
    {
        public List<string> Texts { get; } = [];

        public int Left { get; set; }

        public TaskCompletionSource<MetaReading[]> Rewards { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public CancellationTokenSource Cancellation { get; } = new();
    }
}
