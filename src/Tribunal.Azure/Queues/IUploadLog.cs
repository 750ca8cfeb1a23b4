namespace Tribunal.Azure.Queues;

/// <summary>The uploads that have started their run: one upload can raise several events, and queues repeat messages.</summary>
public interface IUploadLog
{
    /// <summary>Whether the upload was recorded.</summary>
    Task<bool> ContainsAsync(UploadEvent upload, CancellationToken cancellationToken);

    /// <summary>Records it, once its run is asked for; again does nothing.</summary>
    Task AddAsync(UploadEvent upload, string runId, CancellationToken cancellationToken);
}
