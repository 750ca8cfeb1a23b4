using System.Runtime.CompilerServices;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;

namespace Tribunal.Runs.Storage;

/// <summary>Streams judgements out of a run's store.</summary>
public static class StoredLedger
{
    /// <summary>Reads one part or document of a run but hinted judgements; nothing when there is none.</summary>
    public static IAsyncEnumerable<Judgement> ReadAsync(IRunStore store, string name, bool withText, CancellationToken cancellationToken = default) =>
        ReadWithHintedAsync(store, name, withText, cancellationToken).Where(static judgement => !judgement.Hinted);

    /// <summary>Reads one part or document of a run, hinted judgements included; nothing when there is none.</summary>
    public static async IAsyncEnumerable<Judgement> ReadWithHintedAsync(
        IRunStore store, string name, bool withText, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Stream? stream = await store.OpenReadAsync(name, cancellationToken);
        if (stream is null)
        {
            yield break;
        }

        await using (stream)
        {
            await foreach (Judgement judgement in LedgerReader.ReadWithHintedAsync(stream, withText, cancellationToken))
            {
                yield return judgement;
            }
        }
    }
}
