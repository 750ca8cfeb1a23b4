using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;

namespace Tribunal.Pipeline.Storage.Azure;

/// <summary>Reads a document, or a part through all its blobs, forward only. A blob that was left marks how much of it counts.</summary>
internal sealed class SegmentedStream(AzureRunStore store, string name) : Stream
{
    /// <summary>Metadata of a blob that the part has gone on from: how many of its bytes count.</summary>
    public const string CompleteKey = "complete";
    private Stream? _current;
    private long _left;
    private bool _more = true;
    private int _next;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <returns>False when there is no further blob.</returns>
    public async Task<bool> OpenNextAsync(CancellationToken cancellationToken)
    {
        if (_current is not null)
        {
            await _current.DisposeAsync();
            _current = null;
        }

        if (!_more)
        {
            return false;
        }

        try
        {
            BlobDownloadStreamingResult result = await store.Segment(name, _next).DownloadStreamingAsync(cancellationToken: cancellationToken);
            _more = result.Details.Metadata.TryGetValue(CompleteKey, out string? complete);
            _left = _more ? long.Parse(complete!, CultureInfo.InvariantCulture) : long.MaxValue;
            _current = result.Content;
            _next++;
            return true;
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            _more = false;
            return false;
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0 && _current is not null)
        {
            int read = _left > 0 ? await _current.ReadAsync(buffer[..(int)Math.Min(buffer.Length, _left)], cancellationToken) : 0;
            if (read > 0)
            {
                _left -= read;
                return read;
            }

            await OpenNextAsync(cancellationToken);
        }

        return 0;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) =>
        throw new NotSupportedException("runs in blobs are read asynchronously");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        if (_current is not null)
        {
            await _current.DisposeAsync();
            _current = null;
        }

        await base.DisposeAsync();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _current?.Dispose();
            _current = null;
        }

        base.Dispose(disposing);
    }
}
