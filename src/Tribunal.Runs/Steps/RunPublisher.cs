using System.Text.Json;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Steps;

/// <summary>Stitches a run's outputs. The report comes before the summary, so that a complete run has it; work in progress goes only after the summary says that the run is complete.</summary>
internal sealed class RunPublisher(RunContext context, Func<RunContents, CancellationToken, Task>? writeReport)
{
    public async Task<RunSummary> PublishAsync(Halt? halt, CancellationToken cancellationToken)
    {
        int shards = context.Manifest.Shards;
        var sums = new SummaryPart();
        int finished = 0;
        for (int shard = 0; shard < shards; shard++)
        {
            if (await context.Store.ReadDocumentAsync(RunFiles.ShardSummary(shard), cancellationToken) is { } part)
            {
                sums.Merge(ContractJson.Read(part, RunsJson.Default.SummaryPart)!);
                finished++;
            }
        }

        if (halt is null && finished < shards)
        {
            throw new InvalidOperationException($"{shards - finished} of {shards} shards have no verdicts");
        }

        // A limit leaves verdicts over what was paid for; any other stop leaves none that could be mistaken for final.
        if (halt is null or { Kind: HaltKind.Limit })
        {
            await context.Store.StitchAsync(RunFiles.Verdicts, Enumerable.Range(0, shards).Select(RunFiles.ShardVerdicts), cancellationToken);
        }

        List<string> work = [];
        if (halt is null)
        {
            await foreach (string name in context.Store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
            {
                work.Add(name);
            }

            await context.Store.StitchAsync(RunFiles.Judgements, work.Where(RunFiles.IsLedgerPart), cancellationToken);
        }

        RunSummary summary = SummaryWriter.Write(context.Manifest, sums, halt, context.Branches.Routes.Price);
        if (halt is null && writeReport is not null)
        {
            await writeReport(new RunContents(context.Store, context.Manifest.RunId, context.Manifest, summary, context.Batch), cancellationToken);
        }

        await context.Store.WriteDocumentAsync(RunFiles.Summary, JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary), cancellationToken);
        foreach (string name in work)
        {
            await context.Store.DeleteAsync(name, cancellationToken);
        }

        return summary;
    }
}
