using System.Buffers;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>Takes a run's published ledger back into the parts of its shards, so that the run goes on like any that was interrupted.</summary>
internal static class PublishedLedger
{
    private const int FlushBytes = 1024 * 1024;

    /// <summary>
    /// Takes it back, each judgement once, and nothing that is there already. The ledger and the summary go last: killed on the way, the
    /// same is done again.
    /// </summary>
    /// <param name="keep">Whether a judgement is kept; what is not is drawn again.</param>
    /// <exception cref="BatchChangedException">The batch is no longer what was scored.</exception>
    public static async Task TakeBackAsync(IRunStore store, IBatchFile batch, RunManifest manifest, Func<Judgement, bool> keep, CancellationToken cancellationToken)
    {
        if (await store.OpenReadAsync(RunFiles.Judgements, cancellationToken) is { } there)
        {
            await there.DisposeAsync();
        }
        else
        {
            await store.DeleteAsync(RunFiles.Summary, cancellationToken);
            return;
        }

        Dictionary<string, int> shardOf = [];
        HashSet<(string, int)> standing = [];
        foreach (Shard shard in await StoredDocument.TryReadLinesAsync(store, RunFiles.Shards, RunsJson.Default.Shard, cancellationToken) ?? [])
        {
            IReadOnlyList<Rollout> rollouts = await ShardReader.ReadAsync(batch, manifest, shard, cancellationToken);
            LedgerContents ledger = await new ShardLedger(store, shard.Index, traits: false, static _ => { }).ReadAsync(rollouts, static _ => false, cancellationToken);
            foreach (Rollout rollout in rollouts)
            {
                shardOf.Add(rollout.Id, shard.Index);
                standing.UnionWith(ledger.Of(rollout.Id).Select(static judgement => (judgement.RolloutId, judgement.Sample)));
            }
        }

        await SplitAsync(store, judgement => keep(judgement) && standing.Add((judgement.RolloutId, judgement.Sample)) ? shardOf.GetValueOrDefault(judgement.RolloutId, -1) : -1, cancellationToken);
        await store.DeleteAsync(RunFiles.Judgements, cancellationToken);
        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
    }

    // The ledger was stitched shard by shard, so one part is open at a time.
    private static async Task SplitAsync(IRunStore store, Func<Judgement, int> shardOf, CancellationToken cancellationToken)
    {
        var kept = new ArrayBufferWriter<byte>();
        int open = -1;
        await foreach (LedgerLine? line in LineReader.ReadAsync(await store.OpenReadAsync(RunFiles.Judgements, cancellationToken), StoredLedger.TryReadLine, cancellationToken))
        {
            if (line is null || shardOf(line) is not (>= 0 and int shard))
            {
                continue;
            }

            if (shard != open || kept.WrittenCount > FlushBytes)
            {
                await AppendAsync(store, open, kept, cancellationToken);
                open = shard;
            }

            JudgementLine.Copy(kept, line.Bytes);
        }

        await AppendAsync(store, open, kept, cancellationToken);
    }

    private static async Task AppendAsync(IRunStore store, int shard, ArrayBufferWriter<byte> lines, CancellationToken cancellationToken)
    {
        if (lines.WrittenCount == 0)
        {
            return;
        }

        await using ILedgerPart part = await store.OpenPartAsync(RunFiles.Kept(shard), cancellationToken);
        await part.AppendAsync(lines.WrittenMemory, cancellationToken);
        lines.ResetWrittenCount();
    }
}
