using System.Collections.Concurrent;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Viewer.Index;

namespace Tribunal.Viewer.Pages;

/// <summary>Where the viewer looks for runs.</summary>
/// <param name="Folders">Run folders, folders of votes, and folders that hold such.</param>
/// <param name="Stores">The account's, for runs that are not on this machine; null for none.</param>
/// <param name="Names">Names of runs in the account, asked for each time the list is shown.</param>
public sealed record ShelfOptions(IReadOnlyList<string> Folders, IRunStores? Stores = null, Func<CancellationToken, Task<IReadOnlyList<string>>>? Names = null);

/// <summary>The runs that the viewer shows: those it was told of, and those that turn up in the folders it was told of.</summary>
internal sealed class RunShelf(ShelfOptions options, TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<string, ViewedRun> _runs = new(StringComparer.Ordinal);

    /// <summary>A run by its key; null for none.</summary>
    public async Task<ViewedRun?> FindAsync(string key, CancellationToken cancellationToken) =>
        _runs.Values.FirstOrDefault(run => run.Key == key) ?? (await AllAsync(cancellationToken)).FirstOrDefault(run => run.Key == key);

    /// <summary>All there are now, by place.</summary>
    public async Task<IReadOnlyList<ViewedRun>> AllAsync(CancellationToken cancellationToken)
    {
        foreach (string folder in options.Folders.SelectMany(FoldersOf))
        {
            await AddAsync(folder, () => new LocalRunStore(folder), static batch => new LocalBatchFile(batch), cancellationToken);
        }

        if (options is { Stores: { } stores, Names: { } names })
        {
            foreach (string name in await names(cancellationToken))
            {
                await AddAsync(name, () => stores.OpenRun(name), stores.OpenBatch, cancellationToken);
            }
        }

        return [.. _runs.Values.OrderBy(static run => run.Source.Place, StringComparer.Ordinal)];
    }

    public void Dispose()
    {
        foreach (ViewedRun run in _runs.Values)
        {
            run.Dispose();
        }
    }

    private async Task AddAsync(string place, Func<IRunStore> open, Func<string, IBatchFile> openBatch, CancellationToken cancellationToken)
    {
        if (_runs.ContainsKey(place))
        {
            return;
        }

        IRunStore store = open();
        if (await RunSource.OpenAsync(store, place, openBatch, cancellationToken) is { } source)
        {
            var run = new ViewedRun(store, place, source, openBatch, time);
            if (!_runs.TryAdd(place, run))
            {
                run.Dispose();
            }
        }
    }

    // A folder of runs, and below it one level more: benchmarks keep theirs in a folder of their own.
    private static IEnumerable<string> FoldersOf(string folder)
    {
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (IsRun(folder))
        {
            return [folder];
        }

        var options = new EnumerationOptions { IgnoreInaccessible = true, RecurseSubdirectories = true, MaxRecursionDepth = 1, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden };
        return Directory.Exists(folder) ? Directory.EnumerateDirectories(folder, "*", options).Where(IsRun).Order(StringComparer.Ordinal) : [];
    }

    private static bool IsRun(string folder) => File.Exists(Path.Combine(folder, RunFiles.Manifest)) || (File.Exists(Path.Combine(folder, RunFiles.Summary)) && File.Exists(Path.Combine(folder, RunFiles.Verdicts)));
}
