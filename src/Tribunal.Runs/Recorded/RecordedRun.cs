using System.Text.Json;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Recorded;

/// <summary>
/// Makes a run's folder of judgements that are there already: the ledger of those that voted, verdicts, report, manifest and, last, the
/// summary. Every command that reads runs reads it.
/// </summary>
public sealed class RecordedRun
{
    /// <summary>What the run is; counts, files and the batch's fingerprint are filled in.</summary>
    public required RunManifest Manifest { get; init; }

    /// <summary>The judgements, read.</summary>
    public required LedgerVote Ledger { get; init; }

    /// <summary>Their lines once more; null where the folder has its ledger already.</summary>
    public IAsyncEnumerable<NamedLine>? Again { get; init; }

    /// <summary>The vote.</summary>
    public required SchemeOptions Options { get; init; }

    /// <summary>The first so many judgements of each rollout; null takes all.</summary>
    public int? Samples { get; init; }

    /// <summary>Writes it.</summary>
    /// <param name="folder">The folder, which is there.</param>
    /// <param name="reports">Writes the report; null writes none.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<RunSummary> WriteAsync(string folder, IReportWriter? reports, CancellationToken cancellationToken)
    {
        var store = new LocalRunStore(folder);
        var batch = new LocalBatchFile(Manifest.Request.Batch);

        // Until the new one is there, an old summary would speak of files that are gone.
        await store.DeleteAsync(RunFiles.Summary, cancellationToken);
        var voting = new Dictionary<Name, Vote>();
        SummaryPart sums = await WholeFile.WriteAsync(Path.Combine(folder, RunFiles.Verdicts), async verdicts =>
        {
            await using FileStream rollouts = File.OpenRead(Manifest.Request.Batch);
            return await Ledger.CastAsync(rollouts, Options, Samples, Manifest.Simulated, verdicts, (rollout, judgements) => Number(rollout, judgements, voting), cancellationToken);
        });
        if (Again is { } lines)
        {
            await WriteLedgerAsync(Path.Combine(folder, RunFiles.Judgements), lines, voting, cancellationToken);
        }

        await KeepLabelsAsync(store, cancellationToken);
        PolicyOptions policy = Manifest.Request.Policy;
        RunManifest manifest = Manifest with
        {
            Version = RunManifest.CurrentVersion,
            Request = Manifest.Request with { Policy = policy.Kind == PolicyKind.Fixed && Samples is null && Options.Tournament.Kind == Tournaments.TournamentKind.None ? policy with { Samples = Ledger.Most } : policy },
            Batch = await batch.FingerprintAsync(cancellationToken),
            Rollouts = sums.Domains.Values.Sum(static domain => domain.Rollouts),
        };
        RunSummary summary = SummaryWriter.Write(manifest, sums, halt: null, prices: null, weights: Options.Panel, learned: Options.Learned);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(summary, RunsJson.Readable.RunSummary);
        manifest = manifest with { Files = await FilesAsync(store, bytes, cancellationToken) };
        await StoredManifest.WriteAsync(store, manifest, cancellationToken);
        if (reports is not null)
        {
            byte[] page = await reports.RenderAsync(new RunContents(store, folder, manifest, summary, batch), cancellationToken);
            await store.WriteDocumentAsync(RunFiles.Report, page, cancellationToken);
        }

        await store.WriteDocumentAsync(RunFiles.Summary, bytes, cancellationToken);
        return summary;
    }

    // In a run a sample's number is its name: judgements of several runs get new ones where theirs meet. Those of a pair judge say the pair.
    private static void Number(Rollout rollout, IReadOnlyList<Judgement> judgements, Dictionary<Name, Vote> voting)
    {
        bool meet = judgements.Select(static judgement => judgement.Sample).Distinct().Count() < judgements.Count;
        bool pairs = judgements.All(static judgement => judgement.Pair is not null);
        var votes = new Dictionary<int, int>();
        for (int i = 0; i < judgements.Count; i++)
        {
            int number = judgements[i].Sample;
            if (meet && pairs)
            {
                int pair = PairIndex.Of(judgements[i].Pair![0], judgements[i].Pair![1], rollout.Responses.Count);
                int vote = votes.GetValueOrDefault(pair);
                votes[pair] = vote + 1;
                number = (vote * PairIndex.Count(rollout.Responses.Count)) + pair;
            }
            else if (meet)
            {
                number = i;
            }

            Judgement judgement = judgements[i];
            voting[new Name(judgement.RolloutId, judgement.Sample, judgement.Judge, judgement.Protocol, judgement.Seed)] = new Vote(judgement, number);
        }
    }

    private static Task<bool> WriteLedgerAsync(string path, IAsyncEnumerable<NamedLine> again, Dictionary<Name, Vote> voting, CancellationToken cancellationToken) => WholeFile.WriteAsync(path, async file =>
    {
        await using var lines = new LineWriter(file);
        await foreach (NamedLine line in again.WithCancellation(cancellationToken))
        {
            // Of two of one name the first voted.
            if (line.Hinted || !voting.Remove(new Name(line.RolloutId, line.Sample, line.Judge, line.Protocol, line.Seed), out Vote vote))
            {
                continue;
            }

            // In a run under way a meta reward that came late stands beside the ledger.
            if (line.Sample == vote.Sample && line.Meta == vote.Judgement.Meta)
            {
                await lines.WriteAsync(line.Bytes, JudgementLine.Copy, cancellationToken);
            }
            else
            {
                Judgement voted = vote.Judgement;
                await lines.WriteAsync(
                    JudgementLine.ReadTraced(line.Bytes.Span) with { Sample = vote.Sample, Meta = voted.Meta, MetaUsage = voted.MetaUsage, MetaCut = voted.MetaCut }, JudgementLine.Write, cancellationToken);
            }
        }

        return true;
    });

    private async Task KeepLabelsAsync(LocalRunStore store, CancellationToken cancellationToken)
    {
        // What people said in this folder stays.
        RunLabels own = await RunLabels.ReadAsync(store, cancellationToken);
        foreach (RolloutLabel label in Ledger.Labels.All.Where(label => own.Of(label.RolloutId) is null).OrderBy(static label => label.RolloutId, StringComparer.Ordinal))
        {
            await RunLabels.AppendAsync(store, label, cancellationToken);
        }
    }

    private static async Task<SortedDictionary<string, string>> FilesAsync(LocalRunStore store, byte[] summary, CancellationToken cancellationToken)
    {
        var files = new SortedDictionary<string, string>(StringComparer.Ordinal) { [RunFiles.Summary] = StoredDocument.Sha256(summary) };
        foreach (string name in (string[])[RunFiles.Verdicts, RunFiles.Judgements])
        {
            if (await StoredDocument.FingerprintAsync(store, name, cancellationToken) is { } file)
            {
                files[name] = file.Sha256;
            }
        }

        return files;
    }

    // What tells a judgement from every other, in the ledgers of one run or of several.
    private readonly record struct Name(string Rollout, int Sample, string Judge, string Protocol, long Seed);

    // A judgement as it voted, and its number in the new ledger.
    private readonly record struct Vote(Judgement Judgement, int Sample);
}
