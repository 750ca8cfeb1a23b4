namespace Tribunal.Runs.Storage.Local;

/// <summary>Runs in folders below one folder, batches anywhere on this machine.</summary>
/// <param name="root">The folder that holds run folders.</param>
public sealed class LocalRunStores(string root) : IRunStores
{
    public IRunStore OpenRun(string runId) => new LocalRunStore(FolderOf(runId));

    public IBatchFile OpenBatch(string path) => new LocalBatchFile(path);

    public Task<bool> IsCancelRequestedAsync(string runId, CancellationToken cancellationToken) =>
        Task.FromResult(File.Exists(Path.Combine(FolderOf(runId), RunFiles.Cancel)));

    private string FolderOf(string runId) =>
        StoreNames.IsValidRunId(runId) ? Path.Combine(root, runId) : throw new ArgumentException($"'{runId}' is not a run's name", nameof(runId));
}
