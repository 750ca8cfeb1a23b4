using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Formats.TrainingSets;

/// <summary>Joins a batch with its verdicts. Both are in the batch's order, so nothing is held but what is out of step.</summary>
public static class ScoredRollouts
{
    /// <summary>Reads both side by side.</summary>
    /// <param name="batch">The batch, from its first byte.</param>
    /// <param name="verdicts">The verdicts, read to their end: what their reader finds wrong there is not missed.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>Every rollout that has a verdict, in the batch's order.</returns>
    /// <exception cref="BatchFormatException">A verdict line is broken, or a file can't be read on; the message says where.</exception>
    public static async IAsyncEnumerable<ScoredRollout> ReadAsync(Stream batch, IAsyncEnumerable<Verdict> verdicts, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var waiting = new Dictionary<string, Verdict>(StringComparer.Ordinal);
        await using IAsyncEnumerator<Verdict> next = verdicts.GetAsyncEnumerator(cancellationToken);
        bool more = true;
        await foreach (Rollout rollout in RolloutReader.RolloutsAsync(batch, cancellationToken))
        {
            Verdict? verdict;
            // Verdicts keep the batch's order, so this reads ahead only when one is missing.
            while (!waiting.Remove(rollout.Id, out verdict) && more)
            {
                more = await next.MoveNextAsync();
                if (more)
                {
                    waiting[next.Current.Id] = next.Current;
                }
            }

            if (verdict is not null)
            {
                yield return new ScoredRollout(rollout, verdict);
            }
        }

        while (more)
        {
            more = await next.MoveNextAsync();
        }
    }

    /// <summary>Reads verdict lines.</summary>
    /// <param name="verdicts">The lines.</param>
    /// <param name="name">What messages call them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="BatchFormatException">A line is no verdict; the message says which, and why.</exception>
    public static async IAsyncEnumerable<Verdict> ReadVerdictsAsync(Stream verdicts, string name, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (RawRecord record in RawRecords.LinesAsync(verdicts, 1, 0, BatchLimits.Default.RecordBytes, cancellationToken))
        {
            Verdict? verdict;
            try
            {
                verdict = JsonSerializer.Deserialize(record.Bytes.Span, TribunalJson.Default.Verdict);
            }
            catch (JsonException exception)
            {
                throw new BatchFormatException(
                    $"line {record.Number} of {name} is not a verdict: {ContractJson.Words(exception)}; where it is the last, the file was not copied or written to its end, and going on with its run makes it whole",
                    exception);
            }

            yield return verdict ?? throw new BatchFormatException($"line {record.Number} of {name} is not a verdict: it is null");
        }
    }
}
