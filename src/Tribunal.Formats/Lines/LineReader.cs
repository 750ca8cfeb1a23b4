using System.Runtime.CompilerServices;

namespace Tribunal.Formats.Lines;

/// <summary>Reads a stream line by line; a last line without a line feed is left to <see cref="Rest"/>.</summary>
internal sealed class LineReader(Stream stream) : IDisposable
{
    private readonly ByteWindow _window = new(stream, 0);

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
        while (!_window.Span[searched..].Contains((byte)'\n'))
        {
            searched = _window.Count;
            if (!await _window.FillAsync(cancellationToken))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The next buffered line without its line feed; valid until the next <see cref="FillAsync"/>.</summary>
    public bool TryNext(out ReadOnlySpan<byte> line)
    {
        int length = _window.Span.IndexOf((byte)'\n');
        line = length < 0 ? default : _window.Span[..length];
        _window.Advance(length + 1);
        return length >= 0;
    }

    /// <summary>At the stream's end, the bytes behind the last line feed: a line that was cut off, or one whose writer leaves the last line feed out.</summary>
    public ReadOnlySpan<byte> Rest => _window.Span;

    public void Dispose() => _window.Dispose();
}
