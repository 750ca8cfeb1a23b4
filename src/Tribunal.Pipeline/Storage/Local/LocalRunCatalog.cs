using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Tribunal.Pipeline.Storage.Local;

/// <summary>The runs of a folder: a file per run beside the runs' own folders, changed under an exclusive lock.</summary>
public sealed class LocalRunCatalog(string folder, TimeProvider? time = null) : IRunCatalog
{
    private const string CatalogName = ".catalog";
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(5);
    private readonly string _root = Path.Combine(Path.GetFullPath(folder), CatalogName);
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <inheritdoc/>
    public async Task<bool> TryAddAsync(RunRecord run, CancellationToken cancellationToken)
    {
        string path = PathOf(run.RunId);
        Directory.CreateDirectory(_root);
        await using FileStream gate = await LockAsync(path, cancellationToken);
        if (File.Exists(path))
        {
            return false;
        }

        await WriteAsync(path, run, cancellationToken);
        return true;
    }

    /// <inheritdoc/>
    public async Task<RunRecord?> GetAsync(string runId, CancellationToken cancellationToken)
    {
        try
        {
            return JsonSerializer.Deserialize(await File.ReadAllBytesAsync(PathOf(runId), cancellationToken), RunRecordJson.Default.RunRecord);
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

        foreach (string runId in Directory.EnumerateFiles(_root, "*.json").Select(static path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal))
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
        string path = PathOf(runId);
        if (!File.Exists(path))
        {
            return null;
        }

        await using FileStream gate = await LockAsync(path, cancellationToken);
        RunRecord? before = await GetAsync(runId, cancellationToken);
        if (before is null || change(before) is not { } after)
        {
            return before;
        }

        await WriteAsync(path, after, cancellationToken);
        return after;
    }

    private static async Task WriteAsync(string path, RunRecord run, CancellationToken cancellationToken)
    {
        await File.WriteAllBytesAsync(path + ".tmp~", JsonSerializer.SerializeToUtf8Bytes(run, RunRecordJson.Default.RunRecord), cancellationToken);
        File.Move(path + ".tmp~", path, overwrite: true);
    }

    private string PathOf(string runId) =>
        StoreNames.IsValidRunId(runId) ? Path.Combine(_root, runId + ".json") : throw new ArgumentException("no run has this id", nameof(runId));

    // The operating system gives the lock up when its holder dies.
    private async Task<FileStream> LockAsync(string path, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return new FileStream(path + ".lock~", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 0);
            }
            catch (IOException exception) when (exception is not (DirectoryNotFoundException or FileNotFoundException))
            {
                await Task.Delay(LockPause, _time, cancellationToken);
            }
        }
    }
}
