using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Tribunal.Pipeline.Storage.Local;

/// <summary>The runs in the folders below one folder: a file per run, changed under an exclusive lock.</summary>
public sealed class LocalRunCatalog(string folder, TimeProvider? time = null) : IRunCatalog
{
    private const string StateName = ".run.json";
    private const string LockName = ".run.lock";
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(5);
    private readonly string _root = Path.GetFullPath(folder);
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken)
    {
        string home = FolderOf(run.RunId);
        Directory.CreateDirectory(home);
        await using FileStream gate = await LockAsync(home, cancellationToken);
        if (File.Exists(Path.Combine(home, StateName)))
        {
            return false;
        }

        await WriteAsync(home, run, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            byte[] json = await File.ReadAllBytesAsync(Path.Combine(FolderOf(runId), StateName), cancellationToken);
            return JsonSerializer.Deserialize(json, RunRecordJson.Default.RunRecord);
        }
        catch (IOException exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<RunRecord> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_root))
        {
            yield break;
        }

        foreach (string runId in Directory.EnumerateDirectories(_root).Select(static path => Path.GetFileName(path)).Where(StoreNames.IsValidRunId).Order(StringComparer.Ordinal))
        {
            if (await GetAsync(runId, cancellationToken) is { } run)
            {
                yield return run;
            }
        }
    }

    /// <inheritdoc/>
    public async Task<RunRecord?> UpdateAsync(string runId, Func<RunRecord, RunRecord?> change, CancellationToken cancellationToken)
    {
        string home = FolderOf(runId);
        if (!Directory.Exists(home))
        {
            return null;
        }

        await using FileStream gate = await LockAsync(home, cancellationToken);
        RunRecord? before = await GetAsync(runId, cancellationToken);
        if (before is null || change(before) is not { } after)
        {
            return before;
        }

        await WriteAsync(home, after, cancellationToken);
        return after;
    }

    private static async Task WriteAsync(string home, RunRecord run, CancellationToken cancellationToken)
    {
        string path = Path.Combine(home, StateName);
        await File.WriteAllBytesAsync(path + ".tmp~", JsonSerializer.SerializeToUtf8Bytes(run, RunRecordJson.Default.RunRecord), cancellationToken);
        File.Move(path + ".tmp~", path, overwrite: true);
    }

    private string FolderOf(string runId) =>
        StoreNames.IsValidRunId(runId) ? Path.Combine(_root, runId) : throw new ArgumentException("no run has this id", nameof(runId));

    // The operating system gives the lock up when its holder dies.
    private async Task<FileStream> LockAsync(string home, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(home, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException))
            {
                await Task.Delay(LockPause, _time, cancellationToken);
            }
        }
    }
}
