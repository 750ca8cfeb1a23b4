using System.Globalization;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Tribunal.Formats.Lines;

namespace Tribunal.Azure.Storage;

/// <summary>Reads a document, or a part through all its blobs, forward only. A blob that was left marks how much of it counts.</summary>
internal sealed class SegmentedStream(AzureRunStore store, string name, long offset) : ReadOnlyStream
{
    /// <summary>Metadata of a blob that the part has gone on from: how many of its bytes count.</summary>
    public const string CompleteKey = "complete";
    private long _skip = offset;
    private Stream? _current;
    private long _left;
    private bool _more = true;
    private int _next;

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
            AppendBlobClient blob = store.Segment(name, _next);
            while (_skip > 0)
            {
                // What lies wholly before the offset is passed by, unread.
                BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
                (_more, long length) = CompleteOf(properties.Metadata, properties.ContentLength);
                if (_skip < length)
                {
                    break;
                }

                if (!_more)
                {
                    _current = Null;
                    return true;
                }

                _skip -= length;
                blob = store.Segment(name, ++_next);
            }

            BlobDownloadOptions options = new() { Range = new HttpRange(_skip) };
            BlobDownloadStreamingResult result = await blob.DownloadStreamingAsync(options, cancellationToken);
            (_more, long end) = CompleteOf(result.Details.Metadata, long.MaxValue);
            _left = end - _skip;
            _skip = 0;
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

    private static (bool More, long Length) CompleteOf(IDictionary<string, string> metadata, long otherwise) =>
        metadata.TryGetValue(CompleteKey, out string? complete) ? (true, long.Parse(complete, CultureInfo.InvariantCulture)) : (false, otherwise);

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
