using System.Text.Json;
using Microsoft.Extensions.Logging;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Steps;

/// <summary>
/// Stitches a run's outputs, and counts them against what its shards were voted on. The report comes before the summary, so that a
/// complete run has it; work in progress goes only after the summary says that the run is complete.
/// </summary>
internal sealed partial class Publish(OpenRuns runs, IReportWriter? reports, ILogger logger)
{
    /// <summary>Publishes it.</summary>
    /// <exception cref="RunFileLostException">What was drawn is no longer there: nothing is published.</exception>
    public async Task<RunOutcome> RunAsync(PublishRequest request, CancellationToken cancellationToken)
    {
        RunContext context = await runs.OpenAsync(request.RunId, request.Attempt);
        int shards = context.Manifest.Shards;
        var parts = new SummaryPart?[shards];
        var sums = new SummaryPart();
        for (int shard = 0; shard < shards; shard++)
        {
            parts[shard] = await StoredDocument.TryReadAsync(context.Store, RunFiles.ShardSummary(shard), RunsJson.Default.SummaryPart, cancellationToken);
            if (parts[shard] is { } part)
            {
                sums.Merge(part);
            }
            else if (request.Halt is null)
            {
                throw Lost(context, $"{RunFiles.ShardSummary(shard)} is gone or damaged");
            }
        }

        RunSummary summary = SummaryWriter.Write(context.Manifest, sums, request.Halt, context.Branches.Routes.Prices, await WeighPanel.OfAsync(context, cancellationToken) ?? context.Options.Panel, await FitJudge.OfAsync(context, cancellationToken));
        if (request.Halt is null)
        {
            await CompleteAsync(context, parts, sums, summary, cancellationToken);
        }
        else
        {
            // A limit leaves verdicts over what was paid for; any other stop leaves none that could be mistaken for final.
            if (request.Halt.Kind == HaltKind.Limit)
            {
                await context.Store.StitchAsync(RunFiles.Verdicts, Enumerable.Range(0, shards).Select(RunFiles.ShardVerdicts), cancellationToken);
            }

            await context.Store.WriteDocumentAsync(RunFiles.Summary, Bytes(summary), cancellationToken);
        }

        runs.Close(request.RunId, long.MaxValue);
        LogPublished(request.RunId, summary.Status, summary.Scored, summary.Unscorable);
        return OutcomeOf(summary);
    }

    /// <summary>What a summary says of how a run ended.</summary>
    internal static RunOutcome OutcomeOf(RunSummary summary) =>
        new(summary.RunId, summary.Status, summary.Rollouts, summary.Scored, summary.Unscorable, summary.Invalid, summary.Judgements.Drawn, summary.Halt, summary.Judgements.Failed);

    /// <summary>Renders the report of a complete run and notes it in the manifest.</summary>
    internal async Task<RunManifest> ReportAsync(IRunStore store, IBatchFile batch, RunManifest manifest, RunSummary summary, CancellationToken cancellationToken)
    {
        if (reports is null)
        {
            return manifest;
        }

        // What keeps a report from being made doesn't undo a run: storage that is away does, and is tried again.
        try
        {
            byte[] page = await reports.RenderAsync(new RunContents(store, manifest.RunId, manifest, summary, batch), cancellationToken);
            await store.WriteDocumentAsync(RunFiles.Report, page, cancellationToken);
            return manifest with { Files = With(manifest.Files, RunFiles.Report, StoredDocument.Sha256(page)) };
        }
        catch (IOException exception)
        {
            LogNoReport(manifest.RunId, exception);
            return manifest;
        }
    }

    private async Task CompleteAsync(RunContext context, SummaryPart?[] parts, SummaryPart sums, RunSummary summary, CancellationToken cancellationToken)
    {
        IRunStore store = context.Store;
        RunManifest manifest = context.Manifest;
        await store.StitchAsync(RunFiles.Verdicts, Enumerable.Range(0, parts.Length).Select(RunFiles.ShardVerdicts), cancellationToken);
        await store.StitchAsync(
            RunFiles.Judgements,
            parts.SelectMany(static (part, shard) => part!.Rewritten ? [RunFiles.ShardJudgements(shard)] : part.Parts.Keys.AsEnumerable()),
            cancellationToken);
        (string verdicts, long verdictLines) = await StoredDocument.FingerprintAsync(store, RunFiles.Verdicts, cancellationToken) ?? throw Lost(context, $"{RunFiles.Verdicts} is gone");
        (string judgements, long judgementLines) = await StoredDocument.FingerprintAsync(store, RunFiles.Judgements, cancellationToken) ?? throw Lost(context, $"{RunFiles.Judgements} is gone");
        if (verdictLines != manifest.Rollouts || judgementLines != sums.Outcomes.Drawn + sums.Hinted.Outcomes.Drawn)
        {
            await store.DeleteAsync(RunFiles.Verdicts, cancellationToken);
            await store.DeleteAsync(RunFiles.Judgements, cancellationToken);
            throw Lost(context, await MissingAsync(context, parts, cancellationToken));
        }

        manifest = manifest with { Files = With(With(manifest.Files, RunFiles.Verdicts, verdicts), RunFiles.Judgements, judgements) };
        if (await StoredDocument.FingerprintAsync(store, RunFiles.PanelWeights, cancellationToken) is { } weights)
        {
            manifest = manifest with { Files = With(manifest.Files, RunFiles.PanelWeights, weights.Sha256) };
        }

        manifest = await ReportAsync(store, context.Batch, manifest, summary, cancellationToken);
        byte[] bytes = Bytes(summary);
        await StoredManifest.WriteAsync(store, manifest with { Files = With(manifest.Files, RunFiles.Summary, StoredDocument.Sha256(bytes)) }, cancellationToken);
        await store.WriteDocumentAsync(RunFiles.Summary, bytes, cancellationToken);
        await RunFolder.DropPartsAsync(store, cancellationToken);
    }

    // Which file lost what a shard was voted on.
    private static async Task<string> MissingAsync(RunContext context, SummaryPart?[] parts, CancellationToken cancellationToken)
    {
        for (int shard = 0; shard < parts.Length; shard++)
        {
            SummaryPart part = parts[shard]!;
            IEnumerable<(string Name, long Lines)> files = part.Rewritten
                ? [(RunFiles.ShardJudgements(shard), part.Parts.Values.Sum(static count => (long)count))]
                : part.Parts.Select(static file => (file.Key, (long)file.Value));
            foreach ((string name, long lines) in files.Append((RunFiles.ShardVerdicts(shard), context.Shards[shard].Rollouts)))
            {
                (string, long Lines)? there = await StoredDocument.FingerprintAsync(context.Store, name, cancellationToken);
                if ((there?.Lines ?? 0) != lines)
                {
                    return there is null ? $"{name} is gone" : $"{name} had {lines:N0} lines when its shard was voted on and has {there.Value.Lines:N0} now";
                }
            }
        }

        return "a file has changed since its shard was voted on";
    }

    private static RunFileLostException Lost(RunContext context, string what) => new($"{what} in run {context.Manifest.RunId}; going on with the run makes it again, and draws what is missing");

    private static byte[] Bytes(RunSummary summary) => JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary);

    private static SortedDictionary<string, string> With(IReadOnlyDictionary<string, string> files, string name, string sha256) =>
        new(files.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal) { [name] = sha256 };

    [LoggerMessage(3, LogLevel.Warning, "Run {RunId} has no report")]
    private partial void LogNoReport(string runId, Exception exception);

    [LoggerMessage(2, LogLevel.Information, "Run {RunId} published: {Status}, {Scored} scored, {Unscorable} unscorable")]
    private partial void LogPublished(string runId, RunStatus status, long scored, long unscorable);
}
