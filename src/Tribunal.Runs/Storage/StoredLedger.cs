using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>
/// Streams judgements out of the parts of a run that is under way. A line that is no judgement, as a power cut leaves it, is as one that
/// is not there: going on with the run draws it again.
/// </summary>
internal static class StoredLedger
{
    /// <summary>Reads one part, hinted judgements included; nothing when there is none.</summary>
    public static async IAsyncEnumerable<Judgement> ReadAsync(
        IRunStore store, string name, bool withText, Action? onUnreadable = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            yield break;
        }

        await using (stream)
        {
            await foreach (Judgement judgement in LedgerReader.ReadWithHintedAsync(stream, withText, name, onUnreadable ?? (static () => { }), cancellationToken))
            {
                yield return judgement;
            }
        }
    }

    /// <summary>Reads all parts, each judgement once, with the meta rewards that came later.</summary>
    public static async IAsyncEnumerable<Judgement> ReadAllAsync(
        IRunStore store, bool withText, Action onUnreadable, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<string> names = await store.ListAsync(RunFiles.PartsPrefix, cancellationToken).ToListAsync(cancellationToken);
        LateMetaRewards late = await LateMetaRewards.ReadAsync(store, names, cancellationToken);
        var standing = new HashSet<(string, int)>();
        foreach (string name in names.Where(RunFiles.IsLedgerPart))
        {
            await foreach (Judgement judgement in ReadAsync(store, name, withText, onUnreadable, cancellationToken))
            {
                if (standing.Add((judgement.RolloutId, judgement.Sample)))
                {
                    yield return late.Fill(judgement);
                }
            }
        }
    }

    /// <summary>Reads a line; null where it is no judgement.</summary>
    public static Judgement? TryRead(ReadOnlySpan<byte> line, bool withText)
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
