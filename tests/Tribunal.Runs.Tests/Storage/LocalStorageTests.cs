using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Testing.Storage;

namespace Tribunal.Runs.Tests.Storage;

public sealed class LocalRunStoreTests : RunStoreConformance, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tribunal-");

    public void Dispose() => _folder.Delete(recursive: true);

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
