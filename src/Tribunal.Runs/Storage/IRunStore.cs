namespace Tribunal.Runs.Storage;

/// <summary>
/// Where one run lives: a local folder or a blob prefix. Names are relative, with <c>/</c> between segments, each segment
/// of <c>[A-Za-z0-9._-]</c>, never <c>.</c> or <c>..</c>. One conformance suite runs over every implementation.
/// </summary>
public interface IRunStore
{
    /// <summary>The run's id.</summary>
    string RunId { get; }

    /// <summary>Reads a small document whole; null when there is none.</summary>
    Task<byte[]?> ReadDocumentAsync(string name, CancellationToken cancellationToken);

    /// <summary>Writes a document that must not exist yet; appears whole or not at all.</summary>
    /// <returns>False when it exists: it is left as it was.</returns>
    Task<bool> TryCreateDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>Writes or replaces a document; readers see the old or the new one, never a part.</summary>
    Task WriteDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken);

    /// <summary>
    /// Opens an append-only part for one writer. What an earlier writer left unfinished (a torn last line) is dropped.
    /// </summary>
    /// <exception cref="PartBusyException">Another writer owns it.</exception>
    Task<ILedgerPart> OpenPartAsync(string name, CancellationToken cancellationToken);

    /// <summary>Opens a document or part for reading from its start, forward only; null when there is none.</summary>
    Task<Stream?> OpenReadAsync(string name, CancellationToken cancellationToken) => OpenReadAsync(name, 0, cancellationToken);

    /// <summary>The same from a byte on; what lies before is not read. Beyond the end it reads empty.</summary>
    Task<Stream?> OpenReadAsync(string name, long offset, CancellationToken cancellationToken);

    /// <summary>Names below a prefix (ending in <c>/</c>, or empty for all), in ordinal order.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>
    /// Makes <paramref name="name"/> the concatenation of <paramref name="parts"/> (torn last lines left out), visible
    /// whole or not at all, replacing what was there. Parts that do not exist count as empty.
    /// </summary>
    Task StitchAsync(string name, IEnumerable<string> parts, CancellationToken cancellationToken);

    /// <summary>Deletes a document or part; nothing happens when there is none.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken);
}

/// <summary>An append-only file of lines with one writer.</summary>
public interface ILedgerPart : IAsyncDisposable
{
    /// <summary>
    /// Appends whole lines (each ending in <c>\n</c>). When the task completes, a kill of this process can no longer lose
    /// them. Not safe for concurrent use.
    /// </summary>
    /// <exception cref="PartBusyException">Another writer has taken over: this one must stop.</exception>
    Task AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken);
}

/// <summary>Another writer owns the part.</summary>
public sealed class PartBusyException(string name, Exception? inner = null) : IOException($"{name} is being written by another process", inner);

/// <summary>A batch's file, read by ranges.</summary>
public interface IBatchFile
{
    /// <summary>Name or path, for people and for telling the format by its ending.</summary>
    string Name { get; }

    /// <summary>Length and identity (ETag, or length and modification time).</summary>
    /// <exception cref="FileNotFoundException">It is gone.</exception>
    Task<BatchFingerprint> FingerprintAsync(CancellationToken cancellationToken);

    /// <summary>Opens a range; reading fails when the file no longer has the fingerprint.</summary>
    /// <exception cref="BatchChangedException">It was overwritten or deleted since.</exception>
    Task<Stream> OpenAsync(BatchFingerprint fingerprint, long offset, long? length, CancellationToken cancellationToken);
}

/// <summary>Identity of a batch file's content.</summary>
public sealed record BatchFingerprint(long Length, string Tag);

/// <summary>A batch was overwritten or deleted while its run was under way.</summary>
public sealed class BatchChangedException(string message, Exception? inner = null) : IOException(message, inner);
