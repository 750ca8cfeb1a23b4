using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>One record of a batch: a rollout, or why it is none.</summary>
public sealed record BatchLine
{
    /// <summary>
    /// Line number in JSON Lines, record number in every other format; from 1. Blank lines are not reported but counted.
    /// </summary>
    public required long Line { get; init; }

    /// <summary>First byte of the record in an uncompressed JSON Lines file; −1 in every other format.</summary>
    public long Offset { get; init; } = -1;

    /// <summary>Bytes of the record without its line ending, where <see cref="Offset"/> is given.</summary>
    public long Length { get; init; }

    /// <summary>The rollout; null when the record can't be used.</summary>
    public Rollout? Rollout { get; init; }

    /// <summary>Why the record can't be used; null when it can.</summary>
    public string? Error { get; init; }

    /// <summary>What the record is grouped by, where records are.</summary>
    internal string? Group { get; init; }

    /// <summary>Whether the record can be read again by its byte range.</summary>
    public bool IsAddressable => Offset >= 0;
}

/// <summary>What a reader accepts. Inputs are hostile: sizes are limited, decompression too.</summary>
public sealed record BatchLimits
{
    /// <summary>The defaults.</summary>
    public static BatchLimits Default { get; } = new();

    /// <summary>Largest record in bytes; a larger one is refused and the rest goes on. Default 16 MiB.</summary>
    public int RecordBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Most bytes that a compressed file may unfold to. Default 64 GiB.</summary>
    public long DecompressedBytes { get; init; } = 64L * 1024 * 1024 * 1024;

    /// <summary>
    /// Most bytes that one compressed byte may unfold to on average, once <see cref="RatioFreeBytes"/> were unfolded.
    /// Default 500: text of real batches stays below 50, a bomb is above 1,000.
    /// </summary>
    public int DecompressionRatio { get; init; } = 500;

    /// <summary>Bytes that may unfold before the ratio is looked at. Default 64 MiB.</summary>
    public long RatioFreeBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Largest row group of a Parquet file, uncompressed: it is what is held in memory. Default 2 GiB.</summary>
    public long RowGroupBytes { get; init; } = 2L * 1024 * 1024 * 1024;

    /// <summary>
    /// Longest time for the index or for one row group of a Parquet file. Default 10 minutes. A forged file can send its
    /// decoder round in circles, which no other limit ends.
    /// </summary>
    public TimeSpan ParquetTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Most responses of one rollout. Default 1,024.</summary>
    public int Responses { get; init; } = 1024;

    /// <summary>Most turns of one prompt. Default 4,096.</summary>
    public int Turns { get; init; } = 4096;
}

/// <summary>
/// The file as a whole can't be read on: broken compression, a broken or truncated container, an encoding that is not
/// UTF-8, a size limit, a format that is none of a batch's. The message says what and where, for people.
/// </summary>
public sealed class BatchFormatException(string message, Exception? inner = null) : IOException(message, inner)
{
    /// <summary>A batch that was read to its end without one record that can be judged.</summary>
    /// <param name="records">How many records it has.</param>
    /// <param name="first">The first of them, and why it is refused.</param>
    public static BatchFormatException NothingFits(long records, InvalidLine first) => new(
        $"{(records == 1 ? "its only record can't" : $"none of its {records:N0} records can")} be judged; record {first.Line:N0}: {first.Reason}. Expected are records such as "
        + """{"prompt": …, "responses": [ … ]} or {"prompt": …, "chosen": …, "rejected": …}; see docs/formats.md""");
}
