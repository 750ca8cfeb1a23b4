using System.Runtime.CompilerServices;
using Tribunal.Formats.Ledger;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Reading;

/// <summary>What a run's ledger holds: of a finished run all that its summary counts, or it is an error; of one under way what is there so far.</summary>
public static class RunLedger
{
    /// <summary>Reads it but hinted judgements, which are no votes.</summary>
    /// <param name="store">The run.</param>
    /// <param name="place">Where that is, for people.</param>
    /// <param name="summary">What came of it; null while it is under way.</param>
    /// <param name="read">How much of a line is read.</param>
    /// <param name="onUnreadable">Told of each line of a run under way that is no judgement.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="LedgerException">The ledger of a finished run is not whole; the message names the file and says what to do.</exception>
    public static async IAsyncEnumerable<T> ReadAsync<T>(
        IRunStore store, string place, RunSummary? summary, ReadJudgement<T> read, Action onUnreadable, [EnumeratorCancellation] CancellationToken cancellationToken)
        where T : Judgement
    {
        if (await store.OpenReadAsync(RunFiles.Judgements, cancellationToken) is not { } whole)
        {
            if (CountedBy(summary) is > 0 and var counted)
            {
                throw new LedgerException(Gone(RunFiles.Judgements, place, counted));
            }

            await foreach (T judgement in StoredLedger.ReadAllAsync(store, read, onUnreadable, cancellationToken).Where(static judgement => !judgement.Hinted))
            {
                yield return judgement;
            }

            yield break;
        }

        await using (whole)
        {
            long count = 0;
            await foreach (T judgement in LedgerReader.ReadWithHintedAsync(whole, read, $"{RunFiles.Judgements} of {place}", cancellationToken: cancellationToken))
            {
                count++;
                if (!judgement.Hinted)
                {
                    yield return judgement;
                }
            }

            RequireAll(summary, place, count);
        }
    }

    /// <summary>Its lines as they stand, hinted judgements included; lines that name no judgement are passed over.</summary>
    public static async IAsyncEnumerable<NamedLine> LinesAsync(IRunStore store, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        List<string> names = await store.ListAsync(RunFiles.PartsPrefix, cancellationToken).Where(RunFiles.IsLedgerPart).ToListAsync(cancellationToken);
        foreach (string name in names.Prepend(RunFiles.Judgements))
        {
            await foreach (NamedLine line in StoredLedger.ReadAsync(store, name, NamedLine.Read, cancellationToken: cancellationToken))
            {
                yield return line;
            }
        }
    }

    /// <summary>Requires that the ledger of a run that has a summary is whole.</summary>
    /// <param name="count">The judgements that were read, hinted ones included.</param>
    /// <exception cref="LedgerException">It is not.</exception>
    internal static async Task RequireAllAsync(IRunStore store, string place, long count, CancellationToken cancellationToken) =>
        RequireAll(await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken), place, count);

    private static void RequireAll(RunSummary? summary, string place, long count)
    {
        if (CountedBy(summary) is { } drawn && drawn != count)
        {
            throw new LedgerException(NotWhole(RunFiles.Judgements, place, count, drawn));
        }
    }

    // The lines that a ledger has by its run's summary. A server records what failed too, and tells no verdict of it.
    private static long? CountedBy(RunSummary? summary) =>
        summary is { Status: RunStatus.Complete, Origin: not RunOrigin.Served } ? summary.Judgements.Drawn + (summary.Hinted?.Drawn ?? 0) : null;

    internal static string Gone(string name, string place, long expected) =>
        $"{name} of {place} is gone, of which the run's summary counts {expected:N0} lines: put the file back from a copy, or go on with the run, which makes it again";

    internal static string NotWhole(string name, string place, long lines, long expected) =>
        $"{name} of {place} has {lines:N0} lines, and the run's summary counts {expected:N0}: put the file back from a copy, or go on with the run, which makes it whole";
}
