using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>Streams judgements out of ledger files.</summary>
public static class LedgerReader
{
    /// <summary>Reads every line of a stream but hinted judgements, which are no votes.</summary>
    /// <inheritdoc cref="ReadWithHintedAsync"/>
    public static IAsyncEnumerable<T> ReadAsync<T>(
        Stream stream, ReadJudgement<T> read, string? name = null, Action? onUnreadable = null, CancellationToken cancellationToken = default)
        where T : Judgement =>
        ReadWithHintedAsync(stream, read, name, onUnreadable, cancellationToken).Where(static judgement => !judgement.Hinted);

    /// <summary>Reads every line of a stream, hinted judgements included.</summary>
    /// <param name="stream">The ledger.</param>
    /// <param name="read">How much of a line is read.</param>
    /// <param name="name">What messages call it.</param>
    /// <param name="onUnreadable">Told of each line that is no judgement, as a power cut leaves them in a ledger that is still written; null throws.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LedgerException">A line is not a judgement, or is cut off; the message gives its number and why.</exception>
    public static async IAsyncEnumerable<T> ReadWithHintedAsync<T>(
        Stream stream, ReadJudgement<T> read, string? name = null, Action? onUnreadable = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class
    {
        using var lines = new LineReader(stream);
        var batch = new List<T>();
        long number = 0;
        bool more = true;
        while (more)
        {
            more = await lines.FillAsync(cancellationToken);
            batch.Clear();
            while (lines.TryNext(out ReadOnlySpan<byte> line))
            {
                Add(batch, line, ++number, cut: false);
            }

            if (!more)
            {
                Add(batch, lines.Rest, ++number, cut: true);
            }

            foreach (T judgement in batch)
            {
                yield return judgement;
            }
        }

        void Add(List<T> into, ReadOnlySpan<byte> line, long number, bool cut)
        {
            if (TryRead(line, read, number, name, cut, onUnreadable) is { } judgement)
            {
                into.Add(judgement);
            }
        }
    }

    /// <summary>Reads a line; null where it is blank, or no judgement and somebody is told so.</summary>
    /// <param name="line">The line.</param>
    /// <param name="read">How much of a line is read.</param>
    /// <param name="number">Its number, from 1.</param>
    /// <param name="name">What the message calls the file.</param>
    /// <param name="cut">Whether the file ends without the line's line feed.</param>
    /// <param name="onUnreadable">Told where it is no judgement; null throws.</param>
    /// <exception cref="LedgerException">It is no judgement.</exception>
    internal static T? TryRead<T>(ReadOnlySpan<byte> line, ReadJudgement<T> read, long number, string? name, bool cut, Action? onUnreadable)
        where T : class
    {
        if (line.Trim(" \t\r"u8).Length == 0)
        {
            return null;
        }

        try
        {
            return read(line);
        }
        catch (JsonException exception)
        {
            if (onUnreadable is not null)
            {
                onUnreadable();
                return null;
            }

            string which = name is null ? $"line {number}" : $"line {number} of {name}";
            throw new LedgerException(
                cut
                    ? $"{which}, the last, is cut off: the file was not copied or written to its end; going on with its run makes it whole"
                    : $"{which} is not a judgement: {exception.Message}",
                exception);
        }
    }
}

/// <summary>A ledger can't be read.</summary>
public sealed class LedgerException(string message, Exception? inner = null) : IOException(message, inner);
