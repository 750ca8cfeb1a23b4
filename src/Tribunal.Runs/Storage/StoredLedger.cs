using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>Streams judgements out of a run's store.</summary>
public static class StoredLedger
{
    /// <summary>Reads one part or document of a run but hinted judgements; nothing when there is none.</summary>
    public static IAsyncEnumerable<Judgement> ReadAsync(IRunStore store, string name, bool withText, CancellationToken cancellationToken = default) =>
        ReadWithHintedAsync(store, name, withText, cancellationToken).Where(static judgement => !judgement.Hinted);

    /// <summary>
    /// Reads one part or document of a run, hinted judgements included; nothing when there is none. A line that is no judgement is as one
    /// that is not there: going on with the run draws it again.
    /// </summary>
    public static async IAsyncEnumerable<Judgement> ReadWithHintedAsync(
        IRunStore store, string name, bool withText, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            yield break;
        }

        await using (stream)
        {
            using var lines = new LineReader(stream);
            var read = new List<Judgement>();
            while (await lines.FillAsync(cancellationToken))
            {
                read.Clear();
                while (lines.TryNext(out ReadOnlySpan<byte> line))
                {
                    if (TryRead(line, withText) is { } judgement)
                    {
                        read.Add(judgement);
                    }
                }

                foreach (Judgement judgement in read)
                {
                    yield return judgement;
                }
            }
        }
    }

    /// <summary>Reads a line; null where it is no judgement, as a power cut may leave it.</summary>
    internal static Judgement? TryRead(ReadOnlySpan<byte> line, bool withText)
    {
        try
        {
            return JudgementLine.Read(line, withText);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
