using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Formats.Ledger;

/// <summary>Streams judgements out of ledger files.</summary>
public static class LedgerReader
{
    /// <summary>Reads every whole line of a stream but hinted judgements, which are no votes; a torn last line is left out.</summary>
    /// <exception cref="LedgerException">A line is not a judgement; the message gives its number and why.</exception>
    public static IAsyncEnumerable<Judgement> ReadAsync(Stream stream, bool withText, CancellationToken cancellationToken = default) =>
        ReadWithHintedAsync(stream, withText, cancellationToken).Where(static judgement => !judgement.Hinted);

    /// <summary>Reads every whole line of a stream, hinted judgements included.</summary>
    /// <exception cref="LedgerException">A line is not a judgement; the message gives its number and why.</exception>
    public static async IAsyncEnumerable<Judgement> ReadWithHintedAsync(
        Stream stream, bool withText, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var lines = new LineReader(stream);
        var batch = new List<Judgement>();
        long number = 0;
        while (await lines.FillAsync(cancellationToken))
        {
            batch.Clear();
            number = Drain(lines, batch, withText, number);
            foreach (Judgement judgement in batch)
            {
                yield return judgement;
            }
        }
    }

    /// <summary>Keeps of the texts what a learned meta reward model asks of them, and lets the texts go.</summary>
    public static IAsyncEnumerable<Judgement> TraitsForTexts(this IAsyncEnumerable<Judgement> judgements) => judgements.Select(static judgement =>
        judgement with { Traits = ReasoningTraits.Of(judgement.Reasoning, judgement.Text), Text = null, Reasoning = null });

    private static long Drain(LineReader lines, List<Judgement> into, bool withText, long number)
    {
        while (lines.TryNext(out ReadOnlySpan<byte> line))
        {
            number++;
            if (line.Trim(" \t\r"u8).Length == 0)
            {
                continue;
            }

            try
            {
                into.Add(JudgementLine.Read(line, withText));
            }
            catch (JsonException exception)
            {
                throw new LedgerException($"line {number} is not a judgement: {exception.Message}", exception);
            }
        }

        return number;
    }
}

/// <summary>A ledger can't be read.</summary>
public sealed class LedgerException(string message, Exception? inner = null) : IOException(message, inner);
