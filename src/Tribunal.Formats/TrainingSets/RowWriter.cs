using System.Buffers;
using System.IO.Compression;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Parquet;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Writes rows of one kind. Completing writes what is left; the stream stays open.</summary>
internal interface IRowWriter<in TRow>
{
    Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken);

    Task CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>JSON Lines.</summary>
internal sealed class JsonLinesWriter<TRow>(Stream output, JsonTypeInfo<TRow> type) : IRowWriter<TRow>
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };
    private readonly ArrayBufferWriter<byte> _buffer = new(64 * 1024);

    public async Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken)
    {
        using (Utf8JsonWriter json = new(_buffer, Plain))
        {
            JsonSerializer.Serialize(json, row, type);
        }

        _buffer.Write("\n"u8);
        if (_buffer.WrittenCount > 256 * 1024)
        {
            await CompleteAsync(cancellationToken);
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        await output.WriteAsync(_buffer.WrittenMemory, cancellationToken);
        _buffer.ResetWrittenCount();
    }
}

/// <summary>Parquet, in row groups of 5,000 rows or 16 Mi characters.</summary>
/// <param name="output">A stream that can seek and read, such as a new file.</param>
internal sealed class ParquetWriter<TRow>(Stream output, JsonTypeInfo<TRow> type) : IRowWriter<TRow>
    where TRow : class
{
    private const int GroupRows = 5_000;
    private const int GroupBytes = 16 * 1024 * 1024;
    private readonly ParquetColumns<TRow> _columns = new(type);
    private readonly List<TRow> _group = [];
    private long _bytes;
    private bool _any;

    public async Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken)
    {
        _group.Add(row);
        _bytes += bytes;
        if (_group.Count >= GroupRows || _bytes >= GroupBytes)
        {
            await FlushAsync(cancellationToken);
        }
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => _group.Count > 0 || !_any ? FlushAsync(cancellationToken) : Task.CompletedTask;

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        output.Position = 0;
        // The default level takes several times as long, and the pools would keep every buffer for ever.
        var options = new ParquetOptions
        {
            Append = _any,
            CompressionMethod = CompressionMethod.Zstd,
            CompressionLevel = CompressionLevel.Optimal,
            MaximumLargePoolFreeBytes = GroupBytes,
            MaximumSmallPoolFreeBytes = GroupBytes,
        };
        await _columns.WriteAsync(_group, output, options, cancellationToken);
        _group.Clear();
        (_bytes, _any) = (0, true);
    }
}
