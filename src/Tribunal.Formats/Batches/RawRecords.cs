using System.Buffers;
using System.Runtime.CompilerServices;
using Tribunal.Formats.Lines;

namespace Tribunal.Formats.Batches;

/// <summary>The bytes of one record; <see cref="Bytes"/> is valid until the next record is asked for.</summary>
/// <param name="Number">Line or record number, from 1.</param>
/// <param name="Offset">Position of the first byte in the stream.</param>
/// <param name="Length">Bytes, without the line ending.</param>
/// <param name="Bytes">The bytes; empty when there are more than the limit.</param>
internal readonly record struct RawRecord(long Number, long Offset, long Length, ReadOnlyMemory<byte> Bytes)
{
    public bool IsTooLarge => Length > Bytes.Length;
}

/// <summary>Splits streams into records without parsing them, in memory bounded by the largest record allowed.</summary>
internal static class RawRecords
{
    private static readonly SearchValues<byte> Structural = SearchValues.Create("{}[]\""u8);
    private static readonly SearchValues<byte> BareEnds = SearchValues.Create(" \t\r\n,]}"u8);

    /// <summary>Lines that are not blank, ended by LF or CRLF; a last line needs no ending.</summary>
    /// <param name="stream">What to split, from a line's start.</param>
    /// <param name="firstOffset">The position of the stream's first byte; a byte order mark is skipped when it is 0.</param>
    /// <param name="maxBytes">Longer lines are reported without their bytes.</param>
    public static async IAsyncEnumerable<RawRecord> LinesAsync(
        Stream stream, long firstNumber, long firstOffset, int maxBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var window = new ByteWindow(stream, firstOffset);
        if (firstOffset == 0)
        {
            await SkipByteOrderMarkAsync(window, cancellationToken);
        }

        int scanned = 0;
        long discarded = 0;
        for (long number = firstNumber; ;)
        {
            int end = window.Span[scanned..].IndexOf((byte)'\n');
            if (end < 0 && !window.Ended)
            {
                scanned = window.Count;
                if (scanned > maxBytes)
                {
                    // The ending may be CR LF, cut between the two.
                    int drop = scanned - 1;
                    window.Advance(drop);
                    discarded += drop;
                    scanned = 1;
                }

                await window.FillAsync(cancellationToken);
                continue;
            }

            int length = end < 0 ? window.Count : scanned + end;
            if (length == 0 && discarded == 0 && end < 0)
            {
                yield break;
            }

            ReadOnlyMemory<byte> line = window.Memory[..length];
            if (line.Length > 0 && line.Span[^1] == (byte)'\r')
            {
                line = line[..^1];
            }

            long whole = discarded + line.Length;
            if (whole > maxBytes)
            {
                yield return new RawRecord(number, window.Offset - discarded, whole, default);
            }
            else if (line.Span.IndexOfAnyExcept(" \t\r"u8) >= 0)
            {
                yield return new RawRecord(number, window.Offset, line.Length, line);
            }

            window.Advance(end < 0 ? length : length + 1);
            number++;
            scanned = 0;
            discarded = 0;
        }
    }

    /// <summary>
    /// The elements of a JSON array, or JSON values one after another. Only nesting and strings are followed, so that a
    /// broken element costs itself and not the rest.
    /// </summary>
    /// <param name="arrayStart">Where the array's bracket stands; null for bare values.</param>
    /// <param name="maxBytes">Larger elements are reported without their bytes.</param>
    /// <exception cref="BatchFormatException">The array is cut off or is not one.</exception>
    public static async IAsyncEnumerable<RawRecord> ElementsAsync(
        Stream stream, int? arrayStart, int maxBytes, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var window = new ByteWindow(stream, 0);
        bool inArray = arrayStart is not null;
        if (arrayStart is { } start)
        {
            while (window.Count <= start && await window.FillAsync(cancellationToken))
            {
            }

            window.Advance(start + 1);
        }
        else
        {
            await SkipByteOrderMarkAsync(window, cancellationToken);
        }

        for (long number = 1; ; number++)
        {
            int next = await NextAsync(window, inArray, number, cancellationToken);
            if (next == -1)
            {
                yield break;
            }

            if (inArray && next == ']')
            {
                yield break;
            }

            var scan = default(ElementScan);
            long discarded = 0;
            int scanned = 0;
            while (true)
            {
                scanned += scan.Advance(window.Span[scanned..]);
                if (scan.Done || (window.Ended && scan.IsBare))
                {
                    break;
                }

                if (window.Ended)
                {
                    throw new BatchFormatException($"the file ends inside record {number}, at byte {window.Offset + window.Count}, on line {window.LastLine}");
                }

                if (window.Count > maxBytes)
                {
                    discarded += scanned;
                    window.Advance(scanned);
                    scanned = 0;
                }

                await window.FillAsync(cancellationToken);
            }

            if (scanned == 0 && discarded == 0)
            {
                throw new BatchFormatException($"record {number} does not start at byte {window.Offset}, on line {window.Line}, where it should");
            }

            long whole = discarded + scanned;
            yield return new RawRecord(number, window.Offset - discarded, whole, whole > maxBytes ? default : window.Memory[..scanned]);
            window.Advance(scanned);
        }
    }

    // The first byte of a record, behind the comma of the one before; −1 where there is none.
    private static async ValueTask<int> NextAsync(ByteWindow window, bool inArray, long number, CancellationToken cancellationToken)
    {
        int next = await SkipSpaceAsync(window, cancellationToken);
        if (inArray && number > 1 && next == ',')
        {
            window.Advance(1);
            next = await SkipSpaceAsync(window, cancellationToken);
        }
        else if (inArray && number > 1 && next is not (-1 or ']'))
        {
            throw new BatchFormatException($"the JSON array is broken after record {number - 1}: byte {window.Offset}, on line {window.Line}, is neither ',' nor ']'");
        }

        return next == -1 && inArray
            ? throw new BatchFormatException($"the JSON array is cut off after record {number - 1}, at byte {window.Offset}, on line {window.Line}")
            : next;
    }

    private static async ValueTask SkipByteOrderMarkAsync(ByteWindow window, CancellationToken cancellationToken)
    {
        while (window.Count < 3 && await window.FillAsync(cancellationToken))
        {
        }

        if (window.Span.StartsWith("\uFEFF"u8))
        {
            window.Advance(3);
        }
    }

    private static async ValueTask<int> SkipSpaceAsync(ByteWindow window, CancellationToken cancellationToken)
    {
        while (true)
        {
            int first = window.Span.IndexOfAnyExcept(" \t\r\n"u8);
            if (first >= 0)
            {
                window.Advance(first);
                return window.Span[0];
            }

            window.Advance(window.Count);
            if (!await window.FillAsync(cancellationToken))
            {
                return -1;
            }
        }
    }

    /// <summary>Where a JSON value ends, by its nesting alone; keeps its place between blocks.</summary>
    private struct ElementScan
    {
        private int _depth;
        private bool _inString;
        private bool _escaped;

        public bool Done { get; private set; }

        /// <summary>A number or a word, which ends where the next thing starts.</summary>
        public bool IsBare { get; private set; }

        /// <summary>Looks at a block.</summary>
        /// <returns>How many of its bytes belong to the value.</returns>
        public int Advance(ReadOnlySpan<byte> block)
        {
            int at = 0;
            while (at < block.Length && !Done)
            {
                if (_escaped)
                {
                    _escaped = false;
                    at++;
                    continue;
                }

                if (_inString)
                {
                    int stop = block[at..].IndexOfAny((byte)'"', (byte)'\\');
                    if (stop < 0)
                    {
                        return block.Length;
                    }

                    at += stop + 1;
                    _escaped = block[at - 1] == (byte)'\\';
                    _inString = _escaped;
                    Done = !_inString && _depth == 0;
                    continue;
                }

                if (_depth == 0 && (IsBare || !Structural.Contains(block[at])))
                {
                    IsBare = true;
                    int end = block[at..].IndexOfAny(BareEnds);
                    Done = end >= 0;
                    return end < 0 ? block.Length : at + end;
                }

                int found = block[at..].IndexOfAny(Structural);
                if (found < 0)
                {
                    return block.Length;
                }

                at += found + 1;
                switch (block[at - 1])
                {
                    case (byte)'"':
                        _inString = true;
                        break;
                    case (byte)'{' or (byte)'[':
                        _depth++;
                        break;
                    default:
                        _depth--;
                        Done = _depth <= 0;
                        break;
                }
            }

            return at;
        }
    }
}
