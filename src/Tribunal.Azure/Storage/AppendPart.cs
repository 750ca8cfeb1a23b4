using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>
/// A part's writer. The lease on the first blob keeps other writers away; the append position, a condition of every
/// request, makes a retried request harmless.
/// </summary>
internal sealed class AppendPart(AzureRunStore store, string name, BlobLease lease, int appendsPerBlob) : ILedgerPart
{
    // What every service version takes in one append.
    private const int MaxAppendBytes = 4 * 1024 * 1024;
    private AppendBlobClient _blob = store.Segment(name, 0);
    private int _index;
    private int _appends;
    private long _position;

    /// <summary>Opens a part under its lease.</summary>
    /// <param name="lease">The lease on its first blob.</param>
    /// <param name="appendsPerBlob">Appends before it goes on in another blob.</param>
    /// <param name="created">Taken as empty: should another have written in between, the first append's position says so.</param>
    public static async Task<AppendPart> OpenAsync(AzureRunStore store, string name, BlobLease lease, int appendsPerBlob, bool created, CancellationToken cancellationToken)
    {
        AppendPart part = new(store, name, lease, appendsPerBlob);
        if (created)
        {
            return part;
        }

        BlobProperties properties = await part._blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        while (properties.Metadata.ContainsKey(SegmentedStream.CompleteKey))
        {
            part._blob = store.Segment(name, ++part._index);
            await part._blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            properties = await part._blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        }

        part._position = properties.ContentLength;
        part._appends = properties.BlobCommittedBlockCount;
        long complete = await part.CompleteLengthAsync(cancellationToken);
        if (complete < part._position)
        {
            // An append blob can't be cut: the torn line stays where no reader looks.
            await part.GoOnAsync(complete, cancellationToken);
        }

        return part;
    }

    public async Task AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        while (lines.Length > 0)
        {
            ReadOnlyMemory<byte> piece = lines;
            if (lines.Length > MaxAppendBytes)
            {
                // Cut between lines, so that a kill between two requests tears none; a longer line goes as it is.
                int end = lines.Span[..MaxAppendBytes].LastIndexOf((byte)'\n') + 1;
                piece = lines[..(end > 0 ? end : lines.Span.IndexOf((byte)'\n') + 1)];
            }

            await AppendPieceAsync(piece, cancellationToken);
            lines = lines[piece.Length..];
        }
    }

    public ValueTask DisposeAsync() => lease.DisposeAsync();

    private async Task AppendPieceAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        if (lease.Lost.IsCancellationRequested)
        {
            throw new PartBusyException(name);
        }

        if (_appends >= appendsPerBlob)
        {
            await GoOnAsync(_position, cancellationToken);
        }

        try
        {
            using Stream body = BinaryData.FromBytes(piece).ToStream();
            await _blob.AppendBlockAsync(
                body,
                new AppendBlobAppendBlockOptions { Conditions = new AppendBlobRequestConditions { LeaseId = LeaseOf(_index), IfAppendPositionEqual = _position } },
                cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.ErrorCode == BlobErrorCode.AppendPositionConditionNotMet)
        {
            if (!await HoldsAsync(piece, cancellationToken))
            {
                throw new PartBusyException(name, exception);
            }
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            throw new PartBusyException(name, exception);
        }

        _position += piece.Length;
        _appends++;
    }

    // The answer to the first try got lost and the client tried again: what stands there is ours.
    private async Task<bool> HoldsAsync(ReadOnlyMemory<byte> piece, CancellationToken cancellationToken)
    {
        BlobProperties properties = await _blob.GetPropertiesAsync(cancellationToken: cancellationToken);
        if (properties.ContentLength != _position + piece.Length)
        {
            return false;
        }

        BlobDownloadResult there = await _blob.DownloadContentAsync(new BlobDownloadOptions { Range = new HttpRange(_position, piece.Length) }, cancellationToken);
        return there.Content.ToMemory().Span.SequenceEqual(piece.Span);
    }

    private async Task GoOnAsync(long complete, CancellationToken cancellationToken)
    {
        try
        {
            await _blob.SetMetadataAsync(
                new Dictionary<string, string>(StringComparer.Ordinal) { [SegmentedStream.CompleteKey] = complete.ToString(CultureInfo.InvariantCulture) },
                new BlobRequestConditions { LeaseId = LeaseOf(_index) },
                cancellationToken);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 409 or 412)
        {
            throw new PartBusyException(name, exception);
        }

        _blob = store.Segment(name, ++_index);
        await _blob.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        _appends = 0;
        _position = 0;
    }

    private string? LeaseOf(int index) => index == 0 ? lease.Id : null;

    private async Task<long> CompleteLengthAsync(CancellationToken cancellationToken)
    {
        const int window = 64 * 1024;
        long end = _position;
        for (int size = 1; end > 0; size = window)
        {
            size = (int)Math.Min(size, end);
            BlobDownloadResult tail = await _blob.DownloadContentAsync(new BlobDownloadOptions { Range = new HttpRange(end - size, size) }, cancellationToken);
            int last = tail.Content.ToMemory().Span.LastIndexOf((byte)'\n');
            if (last >= 0)
            {
                return end - size + last + 1;
            }

            end -= size;
        }

        return 0;
    }
}
