namespace Tribunal.Runs.Storage;

/// <summary>A batch that the plan has written into the run, because the original can't be read by ranges.</summary>
internal sealed class StoredBatchFile(IRunStore store, string name) : IBatchFile
{
    public string Name => name;

    // The run's owner wrote it and nobody else does: it needs no identity of its own.
    public Task<BatchFingerprint> FingerprintAsync(CancellationToken cancellationToken) => Task.FromResult(new BatchFingerprint(0, name));

    public async Task<Stream> OpenAsync(BatchFingerprint fingerprint, long offset, long? length, CancellationToken cancellationToken)
    {
        Stream stream = await store.OpenReadAsync(name, offset, cancellationToken) ?? throw new BatchChangedException($"{name} is gone from run {store.RunId}");
        return length is null ? stream : new RangeStream(stream, length.Value);
    }
}
