using System.Buffers;
using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Resuming;

/// <summary>Opens a run again that has ended, so that its failed judgements are drawn once more. The others stay, each once.</summary>
public static class FailedJudgements
{
    /// <summary>
    /// Puts what can be kept of the ledger back into the parts of its shards, and plans the failed draws as their first round; then
    /// the run goes on as any other that was interrupted, and ends with a ledger that holds every judgement once. Killed on the way,
    /// the run is as it was.
    /// </summary>
    /// <param name="stores">Where the run is.</param>
    /// <param name="runId">The run, whose caller owns it.</param>
    /// <param name="monitor">The monitor of the attempt that will follow: what is kept counts against its limits.</param>
    /// <param name="cancellationToken">Ends the work; the run is as it was.</param>
    /// <returns>Judgements to be drawn again; 0 leaves the run as it is.</returns>
    /// <exception cref="BatchChangedException">The batch is no longer what was scored.</exception>
    /// <exception cref="InvalidOperationException">The run has not ended, or shares one budget out, of which its failed judgements were a part.</exception>
    public static async Task<long> ReopenAsync(IRunStores stores, string runId, RunMonitor monitor, CancellationToken cancellationToken)
    {
        IRunStore store = stores.OpenRun(runId);
        RunSummary? summary = await ReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken);
        RunManifest? manifest = await ReadAsync(store, RunFiles.Manifest, RunsJson.Default.RunManifest, cancellationToken);
        if (summary?.Status != RunStatus.Complete || manifest is null || manifest.Request.Policy.Kind == Sampling.PolicyKind.Budget)
        {
            throw new InvalidOperationException($"{runId} has not ended, or shares one budget out");
        }

        if (summary.Judgements.Failed == 0)
        {
            return 0;
        }

        // What a publication that was killed after its summary has left.
        await foreach (string name in store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            await store.DeleteAsync(name, cancellationToken);
        }

        IBatchFile batch = manifest.Normalised ? new StoredBatchFile(store, RunFiles.Batch) : stores.OpenBatch(manifest.Request.Batch);
        Dictionary<string, (int Shard, int Rollout)> places = await PlacesAsync(store, batch, manifest, cancellationToken);
        var plans = new SortedDictionary<int, ArrayBufferWriter<byte>>();
        for (int shard = 0; shard < manifest.Shards; shard++)
        {
            plans.Add(shard, new ArrayBufferWriter<byte>());
        }

        long failed = await SplitAsync(store, places, plans, monitor, cancellationToken);

        // Every shard has a plan, if an empty one: without, its first round would be planned as if nothing had been drawn.
        foreach ((int shard, ArrayBufferWriter<byte> plan) in plans)
        {
            await store.WriteDocumentAsync(RunFiles.Plan(shard, wave: 0, round: 0), plan.WrittenMemory, cancellationToken);
        }

        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
        return failed;
    }

    private static async Task<Dictionary<string, (int Shard, int Rollout)>> PlacesAsync(IRunStore store, IBatchFile batch, RunManifest manifest, CancellationToken cancellationToken)
    {
        var places = new Dictionary<string, (int Shard, int Rollout)>(StringComparer.Ordinal);
        byte[] lines = await store.ReadDocumentAsync(RunFiles.Shards, cancellationToken) ?? [];
        foreach (string line in System.Text.Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            Shard shard = JsonSerializer.Deserialize(line, RunsJson.Default.Shard)!;
            IReadOnlyList<Rollouts.Rollout> rollouts = await ShardReader.ReadAsync(batch, manifest, shard, cancellationToken);
            for (int i = 0; i < rollouts.Count; i++)
            {
                places.Add(rollouts[i].Id, (shard.Index, i));
            }
        }

        return places;
    }

    // The ledger was stitched shard by shard, so one part is open at a time.
    private static async Task<long> SplitAsync(
        IRunStore store, Dictionary<string, (int Shard, int Rollout)> places, SortedDictionary<int, ArrayBufferWriter<byte>> plans, RunMonitor monitor, CancellationToken cancellationToken)
    {
        long failed = 0;
        int open = -1;
        ILedgerPart? part = null;
        var kept = new ArrayBufferWriter<byte>(64 * 1024);
        try
        {
            await using Stream ledger = await store.OpenReadAsync(RunFiles.Judgements, cancellationToken) ?? throw new FileNotFoundException("the run has no ledger");
            using var lines = new LineReader(ledger);
            while (await lines.FillAsync(cancellationToken))
            {
                while (Next(lines) is { } line)
                {
                    (int shard, int rollout) = places[line.Judgement.RolloutId];
                    if (line.Judgement is { Outcome: JudgementOutcome.Failed, Hinted: false })
                    {
                        failed++;
                        JsonLine.Append(plans[shard], DrawOf(line.Judgement, rollout), RunsJson.Default.PlannedDraw);
                        continue;
                    }

                    if (shard != open)
                    {
                        await FlushAsync();
                        part = await store.OpenPartAsync(RunFiles.Kept(shard), cancellationToken);
                        open = shard;
                    }

                    kept.Write(line.Text);
                    kept.Write("\n"u8);
                    monitor.AddEarlier(line.Judgement);
                }

                if (part is not null && kept.WrittenCount > 0)
                {
                    await part.AppendAsync(kept.WrittenMemory, cancellationToken);
                    kept.ResetWrittenCount();
                }
            }
        }
        finally
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        return failed;

        async Task FlushAsync()
        {
            if (part is null)
            {
                return;
            }

            if (kept.WrittenCount > 0)
            {
                await part.AppendAsync(kept.WrittenMemory, cancellationToken);
                kept.ResetWrittenCount();
            }

            await part.DisposeAsync();
            part = null;
        }
    }

    private static (byte[] Text, Judgement Judgement)? Next(LineReader lines)
    {
        while (lines.TryNext(out ReadOnlySpan<byte> line))
        {
            if (line.Length > 0)
            {
                return (line.ToArray(), JudgementLine.Read(line, withText: false));
            }
        }

        return null;
    }

    private static PlannedDraw DrawOf(Judgement judgement, int rollout) =>
        new(rollout, judgement.Sample, judgement.Order, judgement.Pair, Route: judgement.Route);

    private static async Task<T?> ReadAsync<T>(IRunStore store, string name, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class =>
        await store.ReadDocumentAsync(name, cancellationToken) is { } bytes ? ContractJson.Read(bytes, type) : null;
}
