using System.Runtime.CompilerServices;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>The lines of a batch that a request asks for, in the batch's order.</summary>
internal static class SelectedLines
{
    /// <summary>Reads them; with a selection none is addressable.</summary>
    /// <exception cref="ProblemsException">The selection makes no sense, or names an id that the batch does not have.</exception>
    public static async IAsyncEnumerable<BatchLine> ReadAsync(IBatchFile batch, BatchFingerprint fingerprint, EvaluationRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (request.Selection is not { } selection)
        {
            await using Stream whole = await batch.OpenAsync(fingerprint, 0, null, cancellationToken);
            await foreach (BatchLine line in RolloutReader.ReadAsync(whole, fields: request.Fields, cancellationToken: cancellationToken))
            {
                yield return line;
            }

            yield break;
        }

        if (selection.Problems() is { Count: > 0 } problems)
        {
            throw new ProblemsException(problems);
        }

        ulong? below = selection is { Limit: { } most, Shuffle: { } seed } ? await RankAsync(batch, fingerprint, request, most, seed, cancellationToken) : null;
        HashSet<string>? missing = selection.Ids is { } ids ? [.. ids] : null;
        HashSet<string>? wanted = missing is null ? null : [.. missing];
        long left = selection.Limit ?? long.MaxValue;
        var validator = new RolloutValidator();
        await using Stream stream = await batch.OpenAsync(fingerprint, 0, null, cancellationToken);
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, fields: request.Fields, cancellationToken: cancellationToken))
        {
            if (line.Rollout is not { } rollout)
            {
                // Which rollout it was to be is not known: a selection by id can't mean it.
                if (wanted is null)
                {
                    yield return line with { Offset = -1 };
                }

                continue;
            }

            if (wanted?.Contains(rollout.Id) == false || (below is { } rank && RankOf(selection.Shuffle!.Value, rollout.Id) > rank))
            {
                continue;
            }

            missing?.Remove(rollout.Id);
            left -= validator.Check(rollout) is null ? 1 : 0;
            yield return line with { Offset = -1 };
            if (left == 0)
            {
                break;
            }
        }

        if (missing is { Count: > 0 } && left > 0)
        {
            throw new ProblemsException([new Problem("selection.ids", $"no rollout of the batch has the id '{missing.First()}'")]);
        }
    }

    // Eight bytes of a rollout stay: the ones taken are those of the lowest ranks.
    private static async Task<ulong> RankAsync(IBatchFile batch, BatchFingerprint fingerprint, EvaluationRequest request, long most, long seed, CancellationToken cancellationToken)
    {
        var ranks = new List<ulong>();
        var validator = new RolloutValidator();
        HashSet<string>? wanted = request.Selection!.Ids is { } ids ? [.. ids] : null;
        await using Stream stream = await batch.OpenAsync(fingerprint, 0, null, cancellationToken);
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, fields: request.Fields, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout && wanted?.Contains(rollout.Id) != false && validator.Check(rollout) is null)
            {
                ranks.Add(RankOf(seed, rollout.Id));
            }
        }

        ranks.Sort();
        return ranks.Count <= most ? ulong.MaxValue : ranks[(int)most - 1];
    }

    private static ulong RankOf(long seed, string id) => StableHash.Of((ulong)seed, "shuffle", id);
}
