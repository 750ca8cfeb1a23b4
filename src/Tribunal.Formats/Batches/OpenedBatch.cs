using System.IO.Compression;
using System.Text.Json;
using ZstdSharp;
using ZstdSharp.Unsafe;

namespace Tribunal.Formats.Batches;

/// <summary>How a batch's records are laid out, compression aside.</summary>
public enum BatchLayout
{
    /// <summary>One JSON value per line.</summary>
    JsonLines,

    /// <summary>One JSON array, bare or as the <c>data</c> of an object.</summary>
    JsonArray,

    /// <summary>JSON values that span lines, one after another.</summary>
    JsonValues,

    /// <summary>Parquet.</summary>
    Parquet,
}

/// <summary>An opened batch: its content from the first byte, decompressed, and what it is.</summary>
internal sealed class OpenedBatch(Stream content, BatchLayout layout, bool compressed, int? arrayStart, IReadOnlyList<IAsyncDisposable> owned) : IAsyncDisposable
{
    private const int PeekBytes = 64 * 1024;

    public BatchLayout Layout => layout;

    /// <summary>Whether lines can be read again by byte ranges: uncompressed JSON Lines.</summary>
    public bool IsAddressable => layout == BatchLayout.JsonLines && !compressed;

    /// <summary>The batch's records, in order.</summary>
    /// <param name="reads">Which columns of Parquet are read.</param>
    public IAsyncEnumerable<RawRecord> RecordsAsync(BatchLimits limits, Func<string, bool> reads, CancellationToken cancellationToken) => layout switch
    {
        BatchLayout.Parquet => ParquetRows.ReadAsync(content, limits, reads, cancellationToken),
        BatchLayout.JsonArray or BatchLayout.JsonValues => RawRecords.ElementsAsync(content, arrayStart, limits.RecordBytes, cancellationToken),
        _ => RawRecords.LinesAsync(content, 1, 0, limits.RecordBytes, cancellationToken),
    };

    /// <summary>Recognises and unfolds; the given stream is not disposed.</summary>
    /// <exception cref="BatchFormatException">The content is in no format known, or its compression is broken.</exception>
    public static async Task<OpenedBatch> OpenAsync(Stream stream, BatchLimits limits, CancellationToken cancellationToken)
    {
        var owned = new List<IAsyncDisposable>();
        (byte[] head, Stream content) = await PeekAsync(stream, cancellationToken);
        GuardedStream? unfolded = Unfold(head, content, limits);
        if (unfolded is not null)
        {
            owned.Add(unfolded);
            (head, content) = await PeekAsync(unfolded, cancellationToken);
            if (IsGzip(head) || IsZstd(head))
            {
                throw new BatchFormatException("the file is compressed twice");
            }
        }

        if (head.AsSpan().StartsWith("PAR1"u8))
        {
            if (!content.CanSeek)
            {
                // The index of a Parquet file stands at its end.
                content = await SpoolAsync(content, cancellationToken);
                owned.Add(content);
            }

            return new OpenedBatch(content, BatchLayout.Parquet, unfolded is not null, null, owned);
        }

        ForeignFiles.Refuse(head, whole: head.Length < PeekBytes);
        (BatchLayout layout, int? arrayStart) = Recognise(head);
        return new OpenedBatch(content, layout, unfolded is not null, arrayStart, owned);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (IAsyncDisposable one in owned)
        {
            await one.DisposeAsync();
        }
    }

    private static bool IsGzip(ReadOnlySpan<byte> head) => head is [0x1F, 0x8B, ..];

    private static bool IsZstd(ReadOnlySpan<byte> head) => head is [0x28, 0xB5, 0x2F, 0xFD, ..] or [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..];

    private static GuardedStream? Unfold(byte[] head, Stream content, BatchLimits limits)
    {
        if (!IsGzip(head) && !IsZstd(head))
        {
            return null;
        }

        var counted = new CountingStream(content);
        Stream decoder = IsGzip(head)
            ? new GZipStream(counted, CompressionMode.Decompress, leaveOpen: true)
            : Zstandard(counted);
        return new GuardedStream(decoder, counted, limits);
    }

    // Windows of any size that the format has: memory is taken as it is filled, so that a small file takes little whatever it asks for.
    private static DecompressionStream Zstandard(Stream content)
    {
        var decoder = new DecompressionStream(content, leaveOpen: true);
        decoder.SetParameter(ZSTD_dParameter.ZSTD_d_windowLogMax, Environment.Is64BitProcess ? 31 : 30);
        return decoder;
    }

    private static async Task<(byte[] Head, Stream Content)> PeekAsync(Stream stream, CancellationToken cancellationToken)
    {
        byte[] head = new byte[PeekBytes];
        int count = await stream.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, cancellationToken);
        Array.Resize(ref head, count);
        if (stream.CanSeek)
        {
            stream.Seek(-count, SeekOrigin.Current);
            return (head, stream);
        }

        return (head, new ReplayStream(head, stream));
    }

    private static async Task<Stream> SpoolAsync(Stream content, CancellationToken cancellationToken)
    {
        var file = new FileStream(
            Path.GetTempFileName(), FileMode.Create, FileAccess.ReadWrite, FileShare.None, 128 * 1024, FileOptions.Asynchronous | FileOptions.DeleteOnClose);
        try
        {
            await content.CopyToAsync(file, cancellationToken);
            file.Position = 0;
            return file;
        }
        catch
        {
            await file.DisposeAsync();
            throw;
        }
    }

    private static (BatchLayout Layout, int? ArrayStart) Recognise(ReadOnlySpan<byte> head)
    {
        int mark = head.StartsWith("\uFEFF"u8) ? 3 : 0;
        int space = head[mark..].IndexOfAnyExcept(" \t\r\n"u8);
        if (space < 0)
        {
            return (BatchLayout.JsonLines, null);
        }

        int first = mark + space;
        return head[first] switch
        {
            (byte)'[' => (BatchLayout.JsonArray, first),
            (byte)'{' => RecogniseObject(head, first),
            _ => (BatchLayout.JsonLines, null),
        };
    }

    // JSON Lines unless the first object holds the records as "data", or goes on, validly, beyond its line.
    private static (BatchLayout Layout, int? ArrayStart) RecogniseObject(ReadOnlySpan<byte> head, int first)
    {
        int lineEnd = head[first..].IndexOf((byte)'\n') is int found and >= 0 ? found : int.MaxValue;
        var reader = new Utf8JsonReader(head[first..], isFinalBlock: false, default);
        bool spansLines = false;
        try
        {
            while (reader.Read())
            {
                spansLines |= reader.TokenStartIndex > lineEnd;
                if (reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == 0)
                {
                    break;
                }

                if (reader.CurrentDepth != 1 || reader.TokenType != JsonTokenType.PropertyName)
                {
                    continue;
                }

                bool data = reader.ValueTextEquals("data"u8);
                if (!reader.Read())
                {
                    break;
                }

                spansLines |= reader.TokenStartIndex > lineEnd;
                if (data && reader.TokenType == JsonTokenType.StartArray)
                {
                    int start = first + (int)reader.TokenStartIndex;
                    int content = head[(start + 1)..].IndexOfAnyExcept(" \t\r\n"u8);
                    if (content >= 0 && head[start + 1 + content] is (byte)'{' or (byte)']')
                    {
                        return (BatchLayout.JsonArray, start);
                    }
                }

                if (!reader.TrySkip())
                {
                    break;
                }
            }
        }
        catch (JsonException)
        {
            return (BatchLayout.JsonLines, null);
        }

        return (spansLines || IsFollowed(head[(first + (int)reader.BytesConsumed)..]) ? BatchLayout.JsonValues : BatchLayout.JsonLines, null);
    }

    // Values one after another on a line, or lines that end with CR alone.
    private static bool IsFollowed(ReadOnlySpan<byte> rest)
    {
        int next = rest.IndexOfAnyExcept(" \t\r"u8);
        return next >= 0 && rest[next] == (byte)'{';
    }
}
