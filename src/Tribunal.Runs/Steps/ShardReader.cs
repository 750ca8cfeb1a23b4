using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>Reads a shard's rollouts: its byte range of the batch, and nothing else of it.</summary>
internal static class ShardReader
{
    public static async Task<IReadOnlyList<Rollout>> ReadAsync(IBatchFile batch, RunManifest manifest, Shard shard, CancellationToken cancellationToken)
    {
        BatchFingerprint fingerprint = manifest.Normalised ? await batch.FingerprintAsync(cancellationToken) : manifest.Batch;
        var rollouts = new List<Rollout>(shard.Rollouts);
        await using Stream range = await batch.OpenAsync(fingerprint, shard.Offset, shard.Length, cancellationToken);
        await foreach (BatchLine line in RolloutReader.ReadRangeAsync(range, shard.FirstLine, shard.Offset, cancellationToken))
        {
            if (line.Rollout is not null && shard.Skip?.Contains(line.Line) != true)
            {
                rollouts.Add(line.Rollout);
            }
        }

        return rollouts.Count == shard.Rollouts
            ? rollouts
            : throw new BatchChangedException($"shard {shard.Index} of {batch.Name} held {shard.Rollouts} rollouts when it was planned and holds {rollouts.Count} now");
    }
}
