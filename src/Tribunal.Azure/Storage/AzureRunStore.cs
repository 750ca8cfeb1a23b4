using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Sizes of a run in blobs.</summary>
public sealed record AzureRunStoreOptions
{
    /// <summary>Appends to one append blob before the part goes on in another; default 49,000 of the service's 50,000.</summary>
    public int AppendsPerBlob { get; init; } = 49_000;

    /// <summary>Bytes of one staged block of a stitched file, and of memory while stitching; default 8 MiB: 390 GiB in all.</summary>
    public int StitchBlockBytes { get; init; } = 8 * 1024 * 1024;
}

/// <summary>
/// A run below a prefix of a container. Documents are block blobs written in one request. A part is an append blob under
/// a lease, each append conditional on its position, so that neither a second writer nor a retried request can write
/// twice; a full one goes on in a next blob. Stitched files appear when their block list is committed. Nothing is
/// created before something is written.
/// </summary>
/// <exception cref="ArgumentException">The id breaks the rule of run ids.</exception>
public sealed class AzureRunStore(BlobContainerClient container, string runId, AzureRunStoreOptions? options = null, TimeProvider? time = null) : IRunStore
{
    private const string MakerKey = "maker";
    private const int SmallDocument = 64 * 1024;

    // A dead writer keeps its part for no longer than it takes until its process's step is another's. The service takes 15 to 60 s.
    private static readonly TimeSpan PartLease = TimeSpan.FromSeconds(15);
    private readonly AzureRunStoreOptions _options = options ?? new AzureRunStoreOptions();
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly string _prefix = StoreNames.IsValidRunId(runId)
        ? runId + "/"
        : throw new ArgumentException("a run's id has 1 to 128 letters, digits, '.', '_' and '-', and does not start with '.'", nameof(runId));

    public string RunId => runId;

    public async Task<byte[]?> ReadDocumentAsync(string name, CancellationToken cancellationToken)
    {
        await using Stream? stream = await OpenReadAsync(name, 0, cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using MemoryStream content = new(SmallDocument);
        await stream.CopyToAsync(content, cancellationToken);
        return content.ToArray();
    }

    public async Task<bool> TryCreateDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        // Who finds it there may have made it: by a first try whose answer got lost.
        string maker = RandomNumberGenerator.GetHexString(16, lowercase: true);
        try
        {
            await UploadAsync(name, content, new BlobRequestConditions { IfNoneMatch = ETag.All }, new Dictionary<string, string>(StringComparer.Ordinal) { [MakerKey] = maker }, cancellationToken);
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            return await IsMadeByAsync(name, maker, cancellationToken);
        }
    }

    public Task WriteDocumentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken) =>
        UploadAsync(name, content, null, null, cancellationToken);

    public async Task<ILedgerPart> OpenPartAsync(string name, CancellationToken cancellationToken)
    {
        StoreNames.Require(name);
        AppendBlobClient first = Segment(name, 0);

        // Most parts are new: created first, they need no second try and hold nothing to look at.
        bool created;
        try
        {
            created = await first.CreateIfNotExistsAsync(cancellationToken: cancellationToken) is not null;
        }
        catch (RequestFailedException exception) when (exception.Status is 409 or 412)
        {
            created = false;
        }

        BlobLease lease = await BlobLease.TryAcquireAsync(first, PartLease, _time, cancellationToken) ?? throw new PartBusyException(name);
        try
        {
            return await AppendPart.OpenAsync(this, name, lease, _options.AppendsPerBlob, created, cancellationToken);
        }
        catch
        {
            await lease.DisposeAsync();
            throw;
        }
    }

    public async Task<Stream?> OpenReadAsync(string name, long offset, CancellationToken cancellationToken)
    {
        StoreNames.Require(name);
        SegmentedStream stream = new(this, name, offset);
        if (await stream.OpenNextAsync(cancellationToken))
        {
            return stream;
        }

        await stream.DisposeAsync();
        return null;
    }

    public async IAsyncEnumerable<string> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (prefix.Length > 0)
        {
            StoreNames.Require(prefix.TrimEnd('/'));
        }

        // The service lists in ordinal order. Names that the rule forbids are this class's own further segments.
        await foreach (BlobItem item in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, _prefix + prefix, cancellationToken))
        {
            string name = item.Name[_prefix.Length..];
            if (StoreNames.IsValid(name))
            {
                yield return name;
            }
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The bytes pass through this process: many small parts become few blocks, which copying on the server's side, a
    /// request per part, would not. Block ids are of the content, so that two stitchers never mix theirs.
    /// </remarks>
    public async Task StitchAsync(string name, IEnumerable<string> parts, CancellationToken cancellationToken)
    {
        StoreNames.Require(name);
        BlockBlobClient target = container.GetBlockBlobClient(_prefix + name);
        string[] sources = [.. parts];
        for (int tries = 1; ; tries++)
        {
            try
            {
                StagedBlocks blocks = new(target, _options.StitchBlockBytes);
                foreach (string part in sources)
                {
                    await using Stream? source = await OpenReadAsync(part, 0, cancellationToken);
                    if (source is not null)
                    {
                        await blocks.AppendLinesAsync(source, cancellationToken);
                    }
                }

                await blocks.CommitAsync(conditions: null, cancellationToken);
                return;
            }
            catch (RequestFailedException exception) when (tries < 3 && exception.ErrorCode == BlobErrorCode.InvalidBlockList)
            {
                // Another stitcher's commit swept our staged blocks away.
            }
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        StoreNames.Require(name);
        int last = 0;
        while (await Segment(name, last + 1).ExistsAsync(cancellationToken))
        {
            last++;
        }

        // From the last to the first: a kill in between leaves no blob that a later part of this name would go on in.
        for (; last >= 0; last--)
        {
            await Segment(name, last).DeleteIfExistsAsync(cancellationToken: cancellationToken);
        }
    }

    /// <summary>The append blob that holds the part from its <paramref name="index"/>-th piece on; 0 bears the part's own name.</summary>
    internal AppendBlobClient Segment(string name, int index) =>
        container.GetAppendBlobClient(index == 0 ? _prefix + name : $"{_prefix}{name}~{index:D4}");

    private async Task<bool> IsMadeByAsync(string name, string maker, CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await container.GetBlockBlobClient(_prefix + name).GetPropertiesAsync(cancellationToken: cancellationToken);
            return properties.Metadata.TryGetValue(MakerKey, out string? found) && found == maker;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            return false;
        }
    }

    private async Task UploadAsync(
        string name, ReadOnlyMemory<byte> content, BlobRequestConditions? conditions, Dictionary<string, string>? metadata, CancellationToken cancellationToken)
    {
        StoreNames.Require(name);
        using Stream body = BinaryData.FromBytes(content).ToStream();
        await container.GetBlockBlobClient(_prefix + name).UploadAsync(body, new BlobUploadOptions { Conditions = conditions, Metadata = metadata, TransferOptions = new() { InitialTransferSize = int.MaxValue } }, cancellationToken);
    }
}
