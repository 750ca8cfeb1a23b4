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
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        IRunStore store, string name, ReadJudgement<T> read, Action? onUnreadable = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        where T : class
    {
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            yield break;
        }

        await using (stream)
        {
            await foreach (T judgement in LedgerReader.ReadWithHintedAsync(stream, read, name, onUnreadable ?? (static () => { }), cancellationToken))
            {
                yield return judgement;
            }
        }
    }

    /// <summary>Reads all parts, each judgement once, with the meta rewards that came later.</summary>
    public static async IAsyncEnumerable<T> ReadAllAsync<T>(
        IRunStore store, ReadJudgement<T> read, Action onUnreadable, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : Judgement
    {
        List<string> names = await store.ListAsync(RunFiles.PartsPrefix, cancellationToken).ToListAsync(cancellationToken);
        LateMetaRewards late = await LateMetaRewards.ReadAsync(store, names, cancellationToken);
        var standing = new HashSet<(string, int)>();
        foreach (string name in names.Where(RunFiles.IsLedgerPart))
        {
            await foreach (T judgement in ReadAsync(store, name, read, onUnreadable, cancellationToken))
            {
                if (standing.Add((judgement.RolloutId, judgement.Sample)))
                {
                    yield return late.Fill(judgement);
                }
            }
        }
    }

    /// <summary>Reads a line to copy it; null where it is no judgement.</summary>
    public static LedgerLine? TryReadLine(ReadOnlySpan<byte> line) => TryRead(line, static line => new LedgerLine(line));

    /// <summary>Reads a line; null where it is no judgement.</summary>
    public static T? TryRead<T>(ReadOnlySpan<byte> line, ReadJudgement<T> read)
        where T : Judgement
    {
        try
        {
            return read(line);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
