using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;

namespace Tribunal.Runs.Reading;

/// <summary>The batch that a run judged, where it still is: the run's own copy, or the file that its request names.</summary>
/// <param name="store">The run.</param>
/// <param name="manifest">Null in the folder of a vote, which knows no batch.</param>
/// <param name="original">The file that the request names, if that can be opened.</param>
public sealed class RunBatch(IRunStore store, RunManifest? manifest, IBatchFile? original)
{
    /// <summary>Opens it from a byte on; null when it is gone or no longer the one that was judged.</summary>
    /// <param name="offset">The first byte.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<Stream?> OpenAsync(long offset, CancellationToken cancellationToken)
    {
        if (await store.OpenReadAsync(RunFiles.Batch, offset, cancellationToken) is { } copy)
        {
            return copy;
        }

        // A server goes on adding to it.
        if (manifest?.Origin == RunOrigin.Served)
        {
            return await store.OpenReadAsync(RunFiles.Served, offset, cancellationToken);
        }

        if (original is null || manifest is null)
        {
            return null;
        }

        try
        {
            // A local file may have been copied since, which changes its time and nothing else.
            BatchFingerprint now = await original.FingerprintAsync(cancellationToken);
            bool same = original is LocalBatchFile ? now.Length == manifest.Batch.Length : now == manifest.Batch;
            return same ? await original.OpenAsync(now, offset, null, cancellationToken) : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or BatchChangedException)
        {
            return null;
        }
    }

    /// <summary>Reads a record by its range; null when the batch is gone, or no rollout is there.</summary>
    /// <param name="offset">Its first byte.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="line">Its line.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<Rollout?> ReadAsync(long offset, int length, long line, CancellationToken cancellationToken)
    {
        if (await OpenAsync(offset, cancellationToken) is not { } stream)
        {
            return null;
        }

        await using RangeStream range = new(stream, length);
        await foreach (BatchLine record in RolloutReader.ReadRangeAsync(range, line, offset, cancellationToken))
        {
            return record.Rollout;
        }

        return null;
    }
}
