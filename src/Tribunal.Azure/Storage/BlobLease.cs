using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Tribunal.Azure.Storage;

/// <summary>A blob lease that is renewed until it is given up; <see cref="Lost"/> says when another may hold it.</summary>
internal sealed class BlobLease : IAsyncDisposable
{
    private readonly BlobLeaseClient _client;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _renewal;
    private long _safeSince;
    private bool _disposed;

    private BlobLease(BlobLeaseClient client, TimeSpan duration, TimeProvider time, long acquired)
    {
        _client = client;
        _duration = duration;
        _time = time;
        _safeSince = acquired;
        _renewal = RenewAsync();
    }

    /// <summary>Cancelled when another may hold it.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>The lease's id, a condition of every write.</summary>
    public string Id => _client.LeaseId;

    /// <returns>Null when another holds the lease.</returns>
    /// <exception cref="RequestFailedException">The blob is not there (404), or the account can't be used.</exception>
    public static async Task<BlobLease?> TryAcquireAsync(BlobBaseClient blob, TimeSpan duration, TimeProvider time, CancellationToken cancellationToken)
    {
        BlobLeaseClient client = blob.GetBlobLeaseClient();

        // Counted from before the request: the service's clock starts later, never earlier.
        long before = time.GetTimestamp();
        try
        {
            await client.AcquireAsync(duration, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.LeaseAlreadyPresent)
        {
            return null;
        }

        return new BlobLease(client, duration, time, before);
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        await _stop.CancelAsync();
        await _renewal;
        if (!_lost.IsCancellationRequested)
        {
            try
            {
                using CancellationTokenSource limit = new(_duration, _time);
                await _client.ReleaseAsync(cancellationToken: limit.Token);
            }
            catch (Exception exception) when (exception is RequestFailedException or OperationCanceledException or AggregateException)
            {
                // It ends by itself.
            }
        }

        _stop.Dispose();
        _lost.Dispose();
    }

    private async Task RenewAsync()
    {
        TimeSpan pause = _duration / 3;
        while (true)
        {
            await Task.Delay(pause, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
            {
                return;
            }

            TimeSpan left = _duration - _time.GetElapsedTime(_safeSince);
            if (left <= TimeSpan.Zero)
            {
                await _lost.CancelAsync();
                return;
            }

            using CancellationTokenSource limit = new(left, _time);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _stop.Token);
            long before = _time.GetTimestamp();
            try
            {
                await _client.RenewAsync(cancellationToken: either.Token);
                _safeSince = before;
                pause = _duration / 3;
            }
            catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
            {
                await _lost.CancelAsync();
                return;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is RequestFailedException or OperationCanceledException or AggregateException)
            {
                // Storage is away: as long as the lease lasts it may come back.
                pause = TimeSpan.FromSeconds(1);
            }
        }
    }
}
