using System.Security.Cryptography;
using System.Text;
using Azure.Data.Tables;
using Tribunal.Azure.Names;

namespace Tribunal.Azure.Queues;

/// <summary>
/// The uploads that have started their run, in a table by url and eTag: one upload can raise several events, and queues repeat messages.
/// </summary>
public sealed class UploadLog(TableServiceClient tables)
{
    private readonly TableClient _table = tables.GetTableClient(ResourceNames.UploadsTable);

    /// <summary>Whether the upload was recorded.</summary>
    public async Task<bool> ContainsAsync(UploadEvent upload, CancellationToken cancellationToken) =>
        (await _table.GetEntityIfExistsAsync<TableEntity>(Key(upload.Url), Key(upload.ETag), [], cancellationToken)).HasValue;

    /// <summary>Records it, once its run is asked for; again does nothing.</summary>
    public Task AddAsync(UploadEvent upload, string runId, CancellationToken cancellationToken) =>
        _table.UpsertEntityAsync(new TableEntity(Key(upload.Url), Key(upload.ETag)) { ["Path"] = upload.Path, ["Run"] = runId }, TableUpdateMode.Replace, cancellationToken);

    // Keys may not hold '/', '#', '?' and more; addresses and eTags do.
    private static string Key(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 16));
}
