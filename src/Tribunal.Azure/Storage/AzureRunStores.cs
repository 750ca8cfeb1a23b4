using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Runs and batches in a storage account; requests to cancel come through the run table.</summary>
public sealed class AzureRunStores(StorageClients clients, IRunCatalog catalog, AzureRunStoreOptions options, TimeProvider time) : IRunStores
{
    /// <inheritdoc/>
    public IRunStore OpenRun(string runId) => clients.OpenRun(runId, options, time);

    /// <inheritdoc/>
    public IBatchFile OpenBatch(string path) => clients.OpenBatch(path);

    /// <inheritdoc/>
    public async Task<bool> IsCancelRequestedAsync(string runId, CancellationToken cancellationToken) =>
        await catalog.GetAsync(runId, cancellationToken) is { CancelRequested: true };
}
