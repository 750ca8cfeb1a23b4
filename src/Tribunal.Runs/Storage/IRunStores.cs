namespace Tribunal.Runs.Storage;

/// <summary>Where runs and batches live: local folders, or a storage account.</summary>
public interface IRunStores
{
    /// <summary>Opens a run, there or not yet.</summary>
    /// <exception cref="ArgumentException">The id is not a valid name.</exception>
    IRunStore OpenRun(string runId);

    /// <summary>Opens a batch by the request's path.</summary>
    /// <exception cref="ArgumentException">The path is not one that may be opened.</exception>
    IBatchFile OpenBatch(string path);

    /// <summary>Whether someone asked for the run to be cancelled.</summary>
    Task<bool> IsCancelRequestedAsync(string runId, CancellationToken cancellationToken);
}
