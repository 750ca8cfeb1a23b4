using Tribunal.Formats.Lines;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Tribunal.Formats.Batches;

/// <summary>Gives what was peeked at once more, then the rest; the rest's stream is the caller's to dispose.</summary>
internal sealed class ReplayStream(ReadOnlyMemory<byte> head, Stream rest) : ReadOnlyStream
{
    private ReadOnlyMemory<byte> _head = head;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _head.IsEmpty ? rest.ReadAsync(buffer, cancellationToken) : ValueTask.FromResult(Replay(buffer.Span));

    private int Replay(Span<byte> buffer)
    {
        int count = Math.Min(buffer.Length, _head.Length);
        _head.Span[..count].CopyTo(buffer);
        _head = _head[count..];
        return count;
    }
}

/// <summary>Counts what a decoder takes in; the inner stream is the caller's to dispose.</summary>
internal sealed class CountingStream(Stream inner) : ReadOnlyStream
{
    public long Count { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await inner.ReadAsync(buffer, cancellationToken);
        Count += read;
        return read;
    }
}

/// <summary>A decoder that stops at the limits and says in one exception what is wrong with the compression.</summary>
internal sealed class GuardedStream(Stream decoder, CountingStream source, BatchLimits limits) : ReadOnlyStream
{
    private long _unfolded;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            return Guard(await decoder.ReadAsync(buffer, cancellationToken));
        }
        catch (Exception exception) when (IsBroken(exception))
        {
            throw Broken(exception);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            decoder.Dispose();
        }

        base.Dispose(disposing);
    }

    private static bool IsBroken(Exception exception) => exception is InvalidDataException or EndOfStreamException or ZstdException or OutOfMemoryException or OverflowException;

    // What is whole but beyond this decoder is called so; what its library says otherwise is in the words of its own code.
    private BatchFormatException Broken(Exception exception) => exception switch
    {
        ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_frameParameter_windowTooLarge } or ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_memory_allocation } or OutOfMemoryException or OverflowException =>
            new("the file is whole, but its zstd window is larger than memory: compress it again without --long", exception),
        ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_dictionary_wrong } or ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_dictionary_corrupted } =>
            new("the file is compressed with a zstd dictionary, which is not read: compress it again without one", exception),
        ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_version_unsupported } or ZstdException { Code: ZSTD_ErrorCode.ZSTD_error_frameParameter_unsupported } =>
            new("the file is in a form of zstd that is not read: compress it again with a current zstd", exception),
        _ => new($"the compressed file is broken or cut off near byte {source.Count}", exception),
    };

    private int Guard(int read)
    {
        _unfolded += read;
        if (_unfolded > limits.DecompressedBytes)
        {
            throw new BatchFormatException($"the compressed file unfolds to more than {limits.DecompressedBytes} bytes");
        }

        if (_unfolded > limits.RatioFreeBytes && _unfolded / limits.DecompressionRatio > source.Count)
        {
            throw new BatchFormatException($"the compressed file unfolds more than {limits.DecompressionRatio}-fold, like a decompression bomb");
        }

        return read;
    }
}
