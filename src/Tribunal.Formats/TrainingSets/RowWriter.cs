using System.IO.Compression;
using System.Text.Json.Serialization.Metadata;
using Parquet;
using Tribunal.Formats.Lines;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Writes rows of one kind. Completing writes what is left; the stream stays open.</summary>
internal interface IRowWriter<in TRow>
{
    Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken);

    Task CompleteAsync(CancellationToken cancellationToken);
}

/// <summary>JSON Lines.</summary>
internal sealed class JsonLinesWriter<TRow>(LineWriter lines, JsonTypeInfo<TRow> type) : IRowWriter<TRow>
{
    public Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken) => lines.WriteAsync(row, type, cancellationToken).AsTask();

    public Task CompleteAsync(CancellationToken cancellationToken) => lines.FlushAsync(cancellationToken).AsTask();
}

/// <summary>Parquet, in row groups of so many rows or 16 Mi characters.</summary>
/// <param name="output">A stream that can seek and read, such as a new file.</param>
/// <param name="level">The highest level, the library's default, takes several times as long.</param>
internal sealed class ParquetWriter<TRow>(Stream output, ParquetColumns<TRow> columns, int groupRows, CompressionLevel level) : IRowWriter<TRow>
    where TRow : class
{
    private const int GroupBytes = 16 * 1024 * 1024;
    private readonly List<TRow> _group = [];
    private long _bytes;
    private bool _any;

    public async Task WriteAsync(TRow row, int bytes, CancellationToken cancellationToken)
    {
        _group.Add(row);
        _bytes += bytes;
        if (_group.Count >= groupRows || _bytes >= GroupBytes)
        {
            await FlushAsync(cancellationToken);
        }
    }

    public Task CompleteAsync(CancellationToken cancellationToken) => _group.Count > 0 || !_any ? FlushAsync(cancellationToken) : Task.CompletedTask;

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        output.Position = 0;

        // The pools would keep every buffer for ever.
        var options = new ParquetOptions
        {
            Append = _any,
            CompressionMethod = CompressionMethod.Zstd,
            CompressionLevel = level,
            MaximumLargePoolFreeBytes = GroupBytes,
            MaximumSmallPoolFreeBytes = GroupBytes,
        };
        await columns.WriteAsync(_group, output, options, cancellationToken);
        _group.Clear();
        (_bytes, _any) = (0, true);
    }
}
