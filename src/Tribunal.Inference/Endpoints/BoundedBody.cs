using System.Buffers;

namespace Tribunal.Inference.Endpoints;

/// <summary>A response was larger than any answer may be.</summary>
internal sealed class ResponseTooLargeException(string message) : Exception(message)
{
    public ResponseTooLargeException(long limit)
        : this($"more than {limit / 1024} KiB of answer, which is more than one may have: the server doesn't keep to what was asked for")
    {
    }
}

/// <summary>Reads bodies up to a size into pooled memory.</summary>
internal static class BoundedBody
{
    /// <summary>The largest body of any answer, in bytes.</summary>
    public const int Limit = 32 * 1024 * 1024;

    /// <summary>The largest body of a judgement with such a budget: so many bytes a token, and a mebibyte around them.</summary>
    /// <param name="tokens">The output budget.</param>
    /// <param name="events">Whether it is streamed: each token comes in an envelope of its own.</param>
    /// <param name="rivals">The bytes that the rivals of a token take beside it; 0 where none are asked for.</param>
    public static int LimitOf(int tokens, bool events, int rivals = 0) => (int)Math.Min(Limit, (1024 * 1024) + (((events ? 2048L : 128L) + rivals) * tokens));

    /// <summary>The most characters of a judgement with such a budget: the longest tokens have some dozens.</summary>
    public static int CharactersOf(int tokens) => (int)Math.Min(Limit / 2, (64 * 1024) + (32L * tokens));

    /// <summary>Reads to the end and hands the bytes over.</summary>
    /// <param name="stream">The body.</param>
    /// <param name="expected">Its length, where known; a hint.</param>
    /// <param name="limit">The most bytes to read.</param>
    /// <param name="cut">Whether a longer body is cut instead of refused.</param>
    /// <param name="use">What to do with the bytes, which are gone afterwards.</param>
    /// <param name="argument">What it is called with.</param>
    /// <param name="cancellationToken">Cancels the read.</param>
    /// <exception cref="ResponseTooLargeException">There are more bytes, and <paramref name="cut"/> is off.</exception>
    public static async Task<TResult> ReadAsync<TArgument, TResult>(
        Stream stream, long? expected, int limit, bool cut, Func<ReadOnlyMemory<byte>, TArgument, TResult> use, TArgument argument, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent((int)Math.Clamp((expected ?? 8191) + 1, 256, Math.Min(limit + 1, 1024 * 1024)));
        try
        {
            int length = 0;
            while (true)
            {
                int read = await PartAsync(stream, buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    break;
                }

                length += read;
                if (length > limit)
                {
                    if (!cut)
                    {
                        throw new ResponseTooLargeException(limit);
                    }

                    length = limit;
                    break;
                }

                if (length == buffer.Length)
                {
                    byte[] larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }
            }

            return use(buffer.AsMemory(0, length), argument);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Reads some bytes.</summary>
    /// <exception cref="InvalidDataException">They are not compressed as the answer's header says; Brotli's decoder has another exception for that.</exception>
    public static async ValueTask<int> PartAsync(Stream stream, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return await stream.ReadAsync(buffer, cancellationToken);
        }
        catch (InvalidOperationException exception) when (exception is not ObjectDisposedException)
        {
            throw new InvalidDataException(exception.Message, exception);
        }
    }
}

/// <summary>Passes a body on and throws <see cref="ResponseTooLargeException"/> once it exceeds a size. Leaves the body open.</summary>
internal sealed class BoundedStream(Stream inner, long limit) : Stream
{
    private long _read;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => _read;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        Count(await BoundedBody.PartAsync(inner, buffer, cancellationToken));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Count(inner.Read(buffer, offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private int Count(int read)
    {
        _read += read;
        return _read > limit ? throw new ResponseTooLargeException(limit) : read;
    }
}
