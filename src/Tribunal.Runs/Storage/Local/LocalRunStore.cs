using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Win32.SafeHandles;

namespace Tribunal.Runs.Storage.Local;

/// <summary>
/// A run in a local folder. Documents appear by rename. A part has one writer in this process; other processes are kept
/// away by the run's ownership.
/// </summary>
public sealed class LocalRunStore : IRunStore
{
    private const string TemporarySuffix = ".tmp~";
    private const string OwnerName = ".owner";
    private static readonly ConcurrentDictionary<string, bool> OpenParts = new(StringComparer.Ordinal);

    /// <summary>EAGAIN of Linux and of macOS, and Windows' ERROR_SHARING_VIOLATION and ERROR_LOCK_VIOLATION.</summary>
    private static readonly int[] Locked = [11, 35, unchecked((int)0x80070020), unchecked((int)0x80070021)];

    private static int _temporaries;
    private static readonly Lock Creating = new();
    private readonly string _root;

    /// <summary>Opens (and creates) the folder.</summary>
    /// <param name="folder">The run's folder; its last segment is the run's id.</param>
    public LocalRunStore(string folder)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        Directory.CreateDirectory(_root);
        RunId = Path.GetFileName(_root);
    }

    public string RunId { get; }

    /// <summary>The folder's full path.</summary>
    public string Folder => _root;

    public async Task<byte[]?> ReadDocumentAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        if (!File.Exists(path))
        {
            // Much that is looked for is not there, and an exception takes longer than a look.
            return null;
        }

        try
        {
            return await File.ReadAllBytesAsync(path, cancellationToken);
        }
        catch (IOException exception) when (IsMissing(exception))
        {
            return null;
        }
    }

    public Task<bool> TryCreateDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        string temporary = WriteTemporary(path, content.Span, IsForGood(name));

        // To look first and rename then is what the platform's move does as well: threads must not do so at once. Ownership keeps other
        // processes away.
        lock (Creating)
        {
            if (!File.Exists(path))
            {
                Name(temporary, path, IsForGood(name));
                return Task.FromResult(true);
            }
        }

        File.Delete(temporary);
        return Task.FromResult(false);
    }

    public Task WriteDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        Name(WriteTemporary(path, content.Span, IsForGood(name)), path, IsForGood(name));
        return Task.CompletedTask;
    }

    public async Task<ILedgerPart> OpenPartAsync(string name, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        if (!OpenParts.TryAdd(path, true))
        {
            throw new PartBusyException(name);
        }

        FileStream? stream = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);

            // bufferSize 0: each append is one write to the operating system.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            long complete = await CompleteLengthAsync(stream, cancellationToken);
            stream.SetLength(complete);
            stream.Position = complete;
            return new Part(path, stream);
        }
        catch
        {
            OpenParts.TryRemove(path, out _);
            if (stream is not null)
            {
                await stream.DisposeAsync();
            }

            throw;
        }
    }

    public Task<Stream?> OpenReadAsync(string name, long offset, CancellationToken cancellationToken)
    {
        try
        {
            FileStream stream = OpenShared(PathOf(name));
            stream.Position = offset;
            return Task.FromResult<Stream?>(stream);
        }
        catch (IOException exception) when (IsMissing(exception))
        {
            return Task.FromResult<Stream?>(null);
        }
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string folder = prefix.Length == 0 ? _root : PathOf(prefix.TrimEnd('/'));
        await Task.CompletedTask;
        if (!Directory.Exists(folder))
        {
            yield break;
        }

        string[] names = [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(_root, path).Replace('\\', '/'))
            .Where(static name => StoreNames.IsValid(name) && name != OwnerName)];
        Array.Sort(names, StringComparer.Ordinal);
        foreach (string name in names)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return name;
        }
    }

    public async Task StitchAsync(string name, IEnumerable<string> parts, CancellationToken cancellationToken)
    {
        string path = PathOf(name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        string temporary = path + TemporarySuffix;
        try
        {
            await using (FileStream target = new(temporary, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous))
            {
                await StitchAsync(target, parts, cancellationToken);
            }
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        Name(temporary, path, forGood: true);
    }

    private async Task StitchAsync(FileStream target, IEnumerable<string> parts, CancellationToken cancellationToken)
    {
        foreach (string part in parts)
        {
            await using Stream? source = await OpenReadAsync(part, 0, cancellationToken);
            if (source is not null)
            {
                long complete = await CompleteLengthAsync(source, cancellationToken);
                source.Position = 0;
                await using RangeStream whole = new(source, complete);
                await whole.CopyToAsync(target, cancellationToken);
            }
        }

        target.Flush(flushToDisk: true);
    }

    public Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            string path = PathOf(name);
            File.Delete(path);
            string folder = Path.GetDirectoryName(path)!;
            while (folder != _root && !Directory.EnumerateFileSystemEntries(folder).Any())
            {
                Directory.Delete(folder);
                folder = Path.GetDirectoryName(folder)!;
            }
        }
        catch (IOException exception) when (IsMissing(exception))
        {
            // Already gone.
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Takes the folder, so that one process works on it. Disposing what is given gives it up; of a dead owner the operating system
    /// takes it.
    /// </summary>
    /// <returns>Null when another process has it.</returns>
    /// <exception cref="IOException">The folder can't be written to.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public IAsyncDisposable? TryOwn()
    {
        // The file's lock keeps other processes away, this table other threads.
        string path = Path.Combine(_root, OwnerName);
        if (!OpenParts.TryAdd(path, true))
        {
            return null;
        }

        try
        {
            // The operating system gives the lock up when its holder dies.
            FileStream stream = new(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            DropTemporaries();
            return new Ownership(stream);
        }
        catch (Exception exception)
        {
            OpenParts.TryRemove(path, out _);
            if (exception is IOException && Locked.Contains(exception.HResult))
            {
                return null;
            }

            throw;
        }
    }

    private static FileStream OpenShared(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.Asynchronous | FileOptions.SequentialScan);

    // Bytes up to and with the last line feed: a killed writer may have left half a line behind it. The stream's position is not kept.
    private static async Task<long> CompleteLengthAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] block = new byte[64 * 1024];
        long end = stream.Length;
        while (end > 0)
        {
            int size = (int)Math.Min(block.Length, end);
            stream.Position = end - size;
            await stream.ReadExactlyAsync(block.AsMemory(0, size), cancellationToken);
            int last = block.AsSpan(0, size).LastIndexOf((byte)'\n');
            if (last >= 0)
            {
                return end - size + last + 1;
            }

            end -= size;
        }

        return 0;
    }

    private static bool IsMissing(IOException exception) => exception is FileNotFoundException or DirectoryNotFoundException;

    // A document is small: to hand it to another thread takes longer than to write it.
    private static string WriteTemporary(string path, ReadOnlySpan<byte> content, bool forGood)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);

        // Another name each time: emptying a file has the file system write it out when it closes.
        string temporary = $"{path}.{Environment.ProcessId}-{Interlocked.Increment(ref _temporaries)}{TemporarySuffix}";
        using SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write, FileShare.None);
        try
        {
            RandomAccess.Write(file, content, 0);
            if (forGood)
            {
                RandomAccess.FlushToDisk(file);
            }
        }
        catch
        {
            // On a full disk, half a document takes the room that going on needs.
            File.Delete(temporary);
            throw;
        }

        return temporary;
    }

    // Work in progress is an attempt's own: the next one makes it again, and reads what a power cut left of it as what is not there.
    private static bool IsForGood(string name) => !name.StartsWith(RunFiles.PartsPrefix, StringComparison.Ordinal);

    // What a name stands for is on the disk before the name is.
    private static void Name(string temporary, string path, bool forGood)
    {
        File.Move(temporary, path, overwrite: true);
        if (forGood)
        {
            FolderFlush.Run(Path.GetDirectoryName(path)!);
        }
    }

    // The run is this process's: whoever wrote these was killed.
    private void DropTemporaries()
    {
        foreach (string temporary in Directory.EnumerateFiles(_root, "*" + TemporarySuffix, SearchOption.AllDirectories))
        {
            File.Delete(temporary);
        }
    }

    private string PathOf(string name)
    {
        StoreNames.Require(name);
        return Path.Combine(_root, name.Replace('/', Path.DirectorySeparatorChar));
    }

    private sealed class Part(string path, FileStream stream) : ILedgerPart
    {
        // A write that the kernel has taken survives a kill; the disk is forced once, when the part closes.
        // It takes less than a thread of the pool costs that would do it apart.
        public Task AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
        {
            stream.Write(lines.Span);
            return Task.CompletedTask;
        }

        public async ValueTask DisposeAsync()
        {
            if (!stream.CanWrite)
            {
                return;
            }

            try
            {
                stream.Flush(flushToDisk: true);
            }
            finally
            {
                // What a full disk did not take is drawn again, by this process too.
                await stream.DisposeAsync();
                OpenParts.TryRemove(path, out _);
            }
        }
    }

    private sealed class Ownership(FileStream stream) : IAsyncDisposable
    {
        // The file stays: deleted, it could be locked by one process as it goes and made anew by another.
        public async ValueTask DisposeAsync()
        {
            await stream.DisposeAsync();
            OpenParts.TryRemove(stream.Name, out _);
        }
    }
}
