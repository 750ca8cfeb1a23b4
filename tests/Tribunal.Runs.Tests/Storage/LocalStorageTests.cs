using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Storage;

namespace Tribunal.Runs.Tests.Storage;

public sealed class LocalRunStoreTests : RunStoreConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_run_has_one_owner_at_a_time_who_is_in_no_listing_and_none_of_another_run()
    {
        LocalRunStore store = Local("one");
        IAsyncDisposable? first = store.TryOwn();
        Assert.NotNull(first);
        Assert.Null(Local("one").TryOwn());
        await using IAsyncDisposable? other = Local("other").TryOwn();
        Assert.NotNull(other);
        Assert.Empty(await store.ListAsync("", Cancel).ToListAsync(Cancel));
        await first.DisposeAsync();
        await using IAsyncDisposable? second = Local("one").TryOwn();
        Assert.NotNull(second);
    }

    [Fact]
    public async Task Of_many_that_ask_one_becomes_the_owner()
    {
        IAsyncDisposable?[] owners = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Local("many").TryOwn())));
        await Assert.Single(owners, static owner => owner is not null)!.DisposeAsync();
    }

    [Fact]
    public async Task A_folder_that_can_not_be_owned_is_not_said_to_be_another_s()
    {
        // No file opens where a folder is, whoever asks: of a folder without permission only some users are kept away.
        LocalRunStore store = Local("blocked");
        string owner = Path.Combine(store.Folder, ".owner");
        Directory.CreateDirectory(owner);
        Assert.Throws<UnauthorizedAccessException>(store.TryOwn);
        Directory.Delete(owner);
        await using IAsyncDisposable? later = store.TryOwn();
        Assert.NotNull(later);
    }

    [Fact]
    public async Task What_could_not_be_stitched_leaves_nothing_of_it()
    {
        LocalRunStore store = Local("stitched");
        Directory.CreateDirectory(Path.Combine(store.Folder, "parts", "one"));
        await Assert.ThrowsAnyAsync<Exception>(() => store.StitchAsync("whole.jsonl", ["parts/one"], Cancel));
        Assert.Empty(Directory.EnumerateFiles(store.Folder));
    }

    private LocalRunStore Local(string runId) => new(Path.Combine(_folder.FullName, runId));

    protected override IRunStore Open(string runId) => new LocalRunStore(Path.Combine(_folder.FullName, runId));

    protected override async Task TearAsync(string runId, string name, string content)
    {
        string path = Path.Combine(_folder.FullName, runId, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        await File.WriteAllTextAsync(path, content, Cancel);
    }
}

public sealed class LocalBatchFileTests : BatchFileConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-");

    public void Dispose() => _folder.Delete(recursive: true);

    protected override async Task<IBatchFile> WriteAsync(string name, byte[] content)
    {
        string path = Path.Combine(_folder.FullName, name);
        await File.WriteAllBytesAsync(path, content, Cancel);
        return new LocalBatchFile(path);
    }

    protected override Task DeleteAsync(string name)
    {
        File.Delete(Path.Combine(_folder.FullName, name));
        return Task.CompletedTask;
    }

    protected override IBatchFile Missing() => new LocalBatchFile(Path.Combine(_folder.FullName, "missing"));
}
