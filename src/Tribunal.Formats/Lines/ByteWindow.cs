using System.Buffers;

namespace Tribunal.Formats.Lines;

/// <summary>A growing pooled window over a stream, for scanners that must see a whole record at once.</summary>
internal sealed class ByteWindow(Stream stream, long offset) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
    private int _start;
    private int _end;

    /// <summary>Position of the window's first byte in the stream.</summary>
    public long Offset { get; private set; } = offset;

    /// <summary>Line in which the window starts, from 1.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>Line in which the window ends.</summary>
    public long LastLine => Line + Span.Count((byte)'\n');

    /// <summary>Whether the stream has ended: the window holds all that is left.</summary>
    public bool Ended { get; private set; }

    public int Count => _end - _start;

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(_start, Count);

    public ReadOnlySpan<byte> Span => _buffer.AsSpan(_start, Count);

    /// <summary>Drops bytes from the front.</summary>
    public void Advance(int count)
    {
        Line += Span[..count].Count((byte)'\n');
        _start += count;
        Offset += count;
    }

    /// <summary>Reads more; invalidates <see cref="Memory"/> and <see cref="Span"/>.</summary>
    /// <returns>False at the stream's end.</returns>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (Ended)
        {
            return false;
        }

        if (_end == _buffer.Length)
        {
            MakeRoom();
        }

        int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        Ended = read == 0;
        return !Ended;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _start = _end = 0;
    }

    private void MakeRoom()
    {
        int count = Count;
        // Growing only when the window is more than half full keeps copying linear in what is read.
        byte[] target = count > _buffer.Length / 2 ? ArrayPool<byte>.Shared.Rent(checked(_buffer.Length * 2)) : _buffer;
        _buffer.AsSpan(_start, count).CopyTo(target);
        if (target != _buffer)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = target;
        }

        _start = 0;
        _end = count;
    }
}
