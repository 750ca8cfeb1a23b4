using System.Buffers;
using System.Text.Json.Serialization.Metadata;

namespace Tribunal.Formats.Lines;

/// <summary>Writes lines, a block at a time.</summary>
/// <param name="write">Where the blocks go.</param>
public sealed class LineWriter(Func<ReadOnlyMemory<byte>, CancellationToken, ValueTask> write) : IAsyncDisposable
{
    private const int Block = 256 * 1024;
    private readonly ArrayBufferWriter<byte> _buffer = new(1024);

    /// <summary>Lines that go into a stream, which stays open.</summary>
    public LineWriter(Stream output)
        : this(output.WriteAsync)
    {
    }

    /// <summary>Lines written.</summary>
    public long Lines { get; private set; }

    /// <summary>Bytes written, line feeds included.</summary>
    public long Bytes { get; private set; }

    /// <summary>Writes a value as one line of JSON.</summary>
    public ValueTask WriteAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken = default) =>
        WriteAsync((value, type), static (buffer, line) => JsonLine.Append(buffer, line.value, line.type), cancellationToken);

    /// <summary>Writes a line in a form of its own.</summary>
    /// <param name="value">What it holds.</param>
    /// <param name="append">Appends the line, its line feed included.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public ValueTask WriteAsync<T>(T value, Action<IBufferWriter<byte>, T> append, CancellationToken cancellationToken = default)
    {
        int before = _buffer.WrittenCount;
        append(_buffer, value);
        Bytes += _buffer.WrittenCount - before;
        Lines++;
        return _buffer.WrittenCount >= Block ? FlushAsync(cancellationToken) : ValueTask.CompletedTask;
    }

    /// <summary>Writes what is left.</summary>
    public async ValueTask FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_buffer.WrittenCount > 0)
        {
            await write(_buffer.WrittenMemory, cancellationToken);
            _buffer.ResetWrittenCount();
        }
    }

    public ValueTask DisposeAsync() => FlushAsync();
}
