using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Runs and batches in a storage account; requests to cancel come through the run table.</summary>
public sealed class AzureRunStores(StorageClients clients, IRunCatalog catalog, AzureRunStoreOptions options, TimeProvider time) : IRunStores
{
    public IRunStore OpenRun(string runId) => clients.OpenRun(runId, options, time);

    public IBatchFile OpenBatch(string path) => clients.OpenBatch(path);

    /// <inheritdoc/>
    /// <remarks>A run that has ended without results is as one that was cancelled, for what of it is still worked on somewhere.</remarks>
    public async Task<bool> IsCancelRequestedAsync(string runId, CancellationToken cancellationToken) =>
        await catalog.GetAsync(runId, cancellationToken) is { CancelRequested: true } or { State: RunState.Failed or RunState.Cancelled };
}
