using System.Globalization;
using Tribunal.Formats.Batches;

namespace Tribunal.Runs.Storage.Local;

/// <summary>A batch in a local file; its identity is its length and modification time.</summary>
public sealed class LocalBatchFile(string path) : IBatchFile
{
    private readonly FileInfo _file = new(path);

    public string Name => _file.FullName;

    public Task<BatchFingerprint> FingerprintAsync(CancellationToken cancellationToken)
    {
        _file.Refresh();
        return _file.Exists
            ? Task.FromResult(new BatchFingerprint(_file.Length, _file.LastWriteTimeUtc.Ticks.ToString(CultureInfo.InvariantCulture)))
            : throw new FileNotFoundException($"there is no batch at {_file.FullName}", _file.FullName);
    }

    public async Task<Stream> OpenAsync(BatchFingerprint fingerprint, long offset, long? length, CancellationToken cancellationToken)
    {
        BatchFingerprint now;
        try
        {
            now = await FingerprintAsync(cancellationToken);
        }
        catch (FileNotFoundException exception)
        {
            throw new BatchChangedException($"{Name} was deleted while its run was under way", exception);
        }

        if (now != fingerprint)
        {
            throw new BatchChangedException($"{Name} was changed while its run was under way");
        }

        FileStream stream = new(Name, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        if (!stream.CanSeek)
        {
            await stream.DisposeAsync();
            throw new BatchFormatException($"{Name} is a pipe, and a run reads its batch more than once: give it on standard input, which a run keeps (tribunal score - -o DIR)");
        }

        stream.Position = offset;
        return length is null ? stream : new RangeStream(stream, length.Value);
    }
}
