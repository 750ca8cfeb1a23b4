using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Streams a batch of any size in flat memory: JSON Lines, a JSON array (bare, or as <c>data</c> of an object), or Parquet;
/// plain, gzip or zstd; told apart by content, never by name. A record that can't be used is reported with its number and
/// reason and the rest goes on; only a file that can't be read as a whole throws.
/// </summary>
public static class RolloutReader
{
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };

    /// <summary>Reads a whole batch from its first byte; the stream stays the caller's to dispose.</summary>
    /// <param name="stream">The file. Parquet that can't seek, or is compressed as a whole, is spooled to a temporary file.</param>
    /// <param name="limits">Size limits; null takes the defaults.</param>
    /// <param name="fields">Which fields hold what, and how records are grouped; null goes by the names known. With it no record
    /// is addressable: who reads the batch again must be given the rollouts, not the batch.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every record that is not blank, in order, its checks of form passed or its error set; ids may still repeat
    /// (see <see cref="RolloutValidator"/>).</returns>
    /// <exception cref="BatchFormatException">The file can't be read, or not on from here; thrown while enumerating.</exception>
    public static IAsyncEnumerable<BatchLine> ReadAsync(Stream stream, BatchLimits? limits = null, BatchFields? fields = null, CancellationToken cancellationToken = default)
    {
        limits ??= BatchLimits.Default;
        IAsyncEnumerable<BatchLine> lines = LinesAsync(stream, limits, fields, cancellationToken);
        return fields?.GroupBy is null ? lines : RolloutGroups.GroupAsync(lines, limits, fields.Label is not null, cancellationToken);
    }

    /// <summary>The rollouts of a batch that can be judged: bad records and repeated ids are left out.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public static async IAsyncEnumerable<Rollout> RolloutsAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var validator = new RolloutValidator();
        await foreach (BatchLine line in ReadAsync(stream, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout && validator.Check(rollout) is null)
            {
                yield return rollout;
            }
        }
    }

    private static async IAsyncEnumerable<BatchLine> LinesAsync(
        Stream stream, BatchLimits limits, BatchFields? fields, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using OpenedBatch batch = await OpenedBatch.OpenAsync(stream, limits, cancellationToken);
        bool addressable = batch.IsAddressable && fields is null;
        await foreach (RawRecord record in batch.RecordsAsync(limits, name => FieldNames.IsRead(name, fields), cancellationToken))
        {
            yield return Line(record, addressable, limits, fields);
        }
    }

    /// <summary>Reads part of an uncompressed JSON Lines batch: the same records that <see cref="ReadAsync"/> gives there.</summary>
    /// <param name="range">The bytes, from a line's start; the stream's end ends the last line.</param>
    /// <param name="firstLine">The number of the first line, from 1.</param>
    /// <param name="firstOffset">Where the range starts in the file.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static IAsyncEnumerable<BatchLine> ReadRangeAsync(Stream range, long firstLine, long firstOffset, CancellationToken cancellationToken = default) =>
        RawRecords.LinesAsync(range, firstLine, firstOffset, BatchLimits.Default.RecordBytes, cancellationToken).Select(static record => Line(record, addressable: true, BatchLimits.Default, fields: null));

    private static BatchLine Line(RawRecord record, bool addressable, BatchLimits limits, BatchFields? fields)
    {
        var line = new BatchLine
        {
            Line = record.Number,
            Offset = addressable ? record.Offset : -1,
            Length = addressable ? record.Length : 0,
        };
        return record.IsTooLarge
            ? line with { Error = $"the record has {record.Length} bytes, more than {limits.RecordBytes}" }
            : Parse(line, record.Bytes, limits, fields);
    }

    private static BatchLine Parse(BatchLine line, ReadOnlyMemory<byte> json, BatchLimits limits, BatchFields? fields)
    {
        if (JsonText.Fault(json.Span) is { } fault)
        {
            return line with { Error = fault };
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(JsonText.WithWholeCharacters(json), Json);
            Rollout rollout = RolloutShapes.Read(document.RootElement, json.Span, line.Line, fields);
            return RolloutValidator.Fault(rollout, limits) is { } reason
                ? line with { Error = reason }
                : line with { Rollout = rollout, Group = fields?.GroupBy is { } by ? RolloutGroups.KeyOf(document.RootElement, rollout, by) : null };
        }
        catch (JsonException exception)
        {
            return line with { Error = exception.BytePositionInLine is null ? exception.Message : JsonText.Fault(json.Span, exception) };
        }
        catch (Exception exception) when (exception is InvalidOperationException or FormatException or OverflowException)
        {
            return line with { Error = "the record can't be read: a field has a form that is not known" };
        }
    }
}
