using System.Buffers;
using System.Runtime.CompilerServices;

namespace Tribunal.Formats.Lines;

/// <summary>Reads a stream line by line over one growing buffer; a last line without a line feed is left to <see cref="Rest"/>.</summary>
internal sealed class LineReader(Stream stream) : IDisposable
{
    // Each filling is a hop between threads.
    private const int Block = 256 * 1024;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(Block);
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <summary>What the whole lines of a stream hold, which is disposed of at the end; nothing without a stream.</summary>
    public static async IAsyncEnumerable<T> ReadAsync<T>(Stream? stream, Func<ReadOnlySpan<byte>, T> read, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (stream is null)
        {
            yield break;
        }

        await using (stream)
        {
            using var lines = new LineReader(stream);
            while (await lines.FillAsync(cancellationToken))
            {
                while (lines.TryNext(out ReadOnlySpan<byte> line))
                {
                    yield return read(line);
                }
            }
        }
    }

    /// <summary>Reads until at least one whole line is buffered; false at the end.</summary>
    public async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        int searched = 0;
        while (true)
        {
            if (_buffer.AsSpan(_start + searched, _end - _start - searched).Contains((byte)'\n'))
            {
                return true;
            }

            if (_atEnd)
            {
                return false;
            }

            searched = _end - _start;
            if (_start > 0)
            {
                _buffer.AsSpan(_start, searched).CopyTo(_buffer);
                (_start, _end) = (0, searched);
            }

            if (_end == _buffer.Length)
            {
                byte[] larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
                _buffer.AsSpan(0, _end).CopyTo(larger);
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = larger;
            }

            int read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            _atEnd = read == 0;
            _end += read;
        }
    }

    /// <summary>The next buffered line without its line feed; valid until the next <see cref="FillAsync"/>.</summary>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        int length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
        if (length < 0)
        {
            line = default;
            return false;
        }

        line = _buffer.AsSpan(_start, length);
        _start += length + 1;
        return true;
    }

    /// <summary>At the stream's end, the bytes behind the last line feed: a line that was cut off, or one whose writer leaves the last line feed out.</summary>
    public ReadOnlySpan<byte> Rest => _buffer.AsSpan(_start, _end - _start);

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}
