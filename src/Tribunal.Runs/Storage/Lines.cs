using System.Buffers;

namespace Tribunal.Runs.Storage;

/// <summary>Files of lines that a killed writer may have left with half a line at the end.</summary>
internal static class Lines
{
    private const int BlockSize = 64 * 1024;

    /// <summary>Bytes up to and with the last line feed of a seekable stream; its position is not kept.</summary>
    public static async Task<long> CompleteLengthAsync(Stream stream, CancellationToken cancellationToken)
    {
        long end = stream.Length;
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (end > 0)
            {
                int size = (int)Math.Min(BlockSize, end);
                stream.Position = end - size;
                await stream.ReadExactlyAsync(buffer.AsMemory(0, size), cancellationToken);
                int last = buffer.AsSpan(0, size).LastIndexOf((byte)'\n');
                if (last >= 0)
                {
                    return end - size + last + 1;
                }

                end -= size;
            }

            return 0;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Copies the next <paramref name="count"/> bytes.</summary>
    public static async Task CopyAsync(Stream source, Stream target, long count, CancellationToken cancellationToken)
    {
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            while (count > 0)
            {
                int read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(BlockSize, count)), cancellationToken);
                if (read == 0)
                {
                    throw new EndOfStreamException();
                }

                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                count -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
