using System.Buffers;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.Ledger;

/// <summary>Writes files of lines in the project's own forms, a block at a time. Disposing writes what is left; the stream stays open.</summary>
public sealed class LineWriter(Stream output) : IAsyncDisposable
{
    private const int Block = 256 * 1024;
    private readonly ArrayBufferWriter<byte> _buffer = new(Block);

    /// <summary>Lines written.</summary>
    public long Lines { get; private set; }

    /// <summary>Writes a rollout.</summary>
    public ValueTask WriteAsync(Rollout rollout, CancellationToken cancellationToken = default) => WriteAsync(rollout, TribunalJson.Default.Rollout, cancellationToken);

    /// <summary>Writes a verdict.</summary>
    public ValueTask WriteAsync(Verdict verdict, CancellationToken cancellationToken = default) => WriteAsync(verdict, TribunalJson.Default.Verdict, cancellationToken);

    /// <summary>Writes a judgement.</summary>
    public ValueTask WriteAsync(Judgement judgement, CancellationToken cancellationToken = default)
    {
        JudgementLine.Write(_buffer, judgement);
        return WrittenAsync(cancellationToken);
    }

    /// <summary>Writes a refused line.</summary>
    public ValueTask WriteAsync(InvalidLine invalid, CancellationToken cancellationToken = default) => WriteAsync(invalid, FormatsJson.Default.InvalidLine, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await output.WriteAsync(_buffer.WrittenMemory);
        _buffer.ResetWrittenCount();
        await output.FlushAsync();
    }

    private ValueTask WriteAsync<T>(T value, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        JsonLine.Append(_buffer, value, type);
        return WrittenAsync(cancellationToken);
    }

    private async ValueTask WrittenAsync(CancellationToken cancellationToken)
    {
        Lines++;
        if (_buffer.WrittenCount >= Block)
        {
            await output.WriteAsync(_buffer.WrittenMemory, cancellationToken);
            _buffer.ResetWrittenCount();
        }
    }
}
