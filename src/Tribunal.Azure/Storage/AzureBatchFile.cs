using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Tribunal.Formats.Lines;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>A batch in a block blob, read by ranges; its identity is its ETag, a condition of every read.</summary>
public sealed class AzureBatchFile(BlobClient blob) : IBatchFile
{
    private const int WholeReadBuffer = 4 * 1024 * 1024;

    public string Name => blob.Name;

    public async Task<BatchFingerprint> FingerprintAsync(CancellationToken cancellationToken)
    {
        try
        {
            BlobProperties properties = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            return new BatchFingerprint(properties.ContentLength, properties.ETag.ToString());
        }
        catch (RequestFailedException exception) when (exception.Status == 404)
        {
            throw new FileNotFoundException($"there is no batch {blob.Name} in the container {blob.BlobContainerName}", blob.Name, exception);
        }
    }

    /// <inheritdoc/>
    /// <remarks>A range with a length is one request and goes forward only; without one the stream seeks, and reads as it goes.</remarks>
    public async Task<Stream> OpenAsync(BatchFingerprint fingerprint, long offset, long? length, CancellationToken cancellationToken)
    {
        BlobRequestConditions unchanged = new() { IfMatch = new ETag(fingerprint.Tag) };
        long left = fingerprint.Length - offset;
        if (Math.Min(left, length ?? left) <= 0)
        {
            return Stream.Null;
        }

        try
        {
            Stream inner = length is null
                ? await blob.OpenReadAsync(new BlobOpenReadOptions(allowModifications: false) { Position = offset, BufferSize = WholeReadBuffer, Conditions = unchanged }, cancellationToken)
                : (await blob.DownloadStreamingAsync(new BlobDownloadOptions { Range = new HttpRange(offset, Math.Min(left, length.Value)), Conditions = unchanged }, cancellationToken)).Value.Content;
            return new UnchangedStream(inner, blob);
        }
        catch (RequestFailedException exception) when (exception.Status is 404 or 412)
        {
            throw await UnchangedStream.ChangedAsync(blob, exception, cancellationToken);
        }
    }

    /// <summary>Tells a batch that changed under the reader from storage that is away.</summary>
    private sealed class UnchangedStream(Stream inner, BlobClient blob) : ReadOnlyStream
    {
        public override bool CanSeek => inner.CanSeek;

        public override long Length => inner.Length;

        public override long Position
        {
            get => inner.Position;
            set => inner.Position = value;
        }

        // A condition on a blob that is gone may be answered as not met.
        public static async Task<BatchChangedException> ChangedAsync(BlobClient blob, RequestFailedException exception, CancellationToken cancellationToken) =>
            new($"{blob.Name} was {(await blob.ExistsAsync(cancellationToken) ? "changed" : "deleted")} while its run was under way", exception);

        public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            try
            {
                return await inner.ReadAsync(buffer, cancellationToken);
            }
            catch (RequestFailedException exception) when (exception.Status is 404 or 412)
            {
                throw await ChangedAsync(blob, exception, cancellationToken);
            }
        }

        public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                inner.Dispose();
            }

            base.Dispose(disposing);
        }

        public override async ValueTask DisposeAsync()
        {
            await inner.DisposeAsync();
            await base.DisposeAsync();
        }
    }
}
