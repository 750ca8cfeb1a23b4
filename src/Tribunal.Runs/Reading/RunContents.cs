using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;
using Tribunal.Runs.Labels;

namespace Tribunal.Runs.Reading;

/// <summary>What a run has come to, opened for reading wherever the run lives.</summary>
/// <param name="store">The run.</param>
/// <param name="place">Where it is, for people.</param>
/// <param name="manifest">Null in the folder of a vote.</param>
/// <param name="summary">What came of it.</param>
/// <param name="original">The batch that it judged, if that can still be there.</param>
public sealed class RunContents(IRunStore store, string place, RunManifest? manifest, RunSummary summary, IBatchFile? original)
{
    /// <summary>Where it is, for people.</summary>
    public string Place => place;

    /// <summary>Not there in the folder of a vote.</summary>
    public RunManifest Manifest => manifest ?? throw new ReportException($"{Place} is no run: it has no {RunFiles.Manifest}");

    /// <summary>What the run's batch was; null in the folder of a vote.</summary>
    public BatchFingerprint? Batch => manifest?.Batch;

    public RunSummary Summary => summary;

    /// <summary>Of a run that has not ended, the verdicts over what it has so far; null where it has written its own.</summary>
    public IReadOnlyList<Verdict>? SoFar { get; init; }

    /// <param name="folder">The folder.</param>
    /// <param name="voteToo">Whether the folder of a vote will do, which has no manifest.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">It is no run, or has no summary yet.</exception>
    public static async Task<RunContents> OpenFolderAsync(string folder, bool voteToo = false, CancellationToken cancellationToken = default)
    {
        // Opening a store makes its folder: look first.
        if (!File.Exists(Path.Combine(folder, RunFiles.Manifest)) && !(voteToo && File.Exists(Path.Combine(folder, RunFiles.Summary))))
        {
            throw NoRun(folder);
        }

        return await OpenAsync(new LocalRunStore(folder), folder, static batch => new LocalBatchFile(batch), cancellationToken);
    }

    /// <summary>Opens a run.</summary>
    /// <param name="store">Where it lives.</param>
    /// <param name="place">Where that is, for people.</param>
    /// <param name="openBatch">Opens a batch by the path in the run's request.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">It is no run, or has no summary yet.</exception>
    public static async Task<RunContents> OpenAsync(IRunStore store, string place, Func<string, IBatchFile> openBatch, CancellationToken cancellationToken)
    {
        RunManifest? run = await StoredManifest.ShownAsync(store, cancellationToken);
        if (await store.ReadDocumentAsync(RunFiles.Summary, cancellationToken) is null)
        {
            throw run is null ? NoRun(place) : new ReportException($"{place} has no {RunFiles.Summary} yet: finish the run first");
        }

        RunSummary summary = await StoredDocument.TryReadAsync(store, RunFiles.Summary, RunsJson.Default.RunSummary, cancellationToken)
            ?? throw new ReportException($"{RunFiles.Summary} of {place} is damaged: going on with the run makes it again");
        return new RunContents(store, place, run, summary, run is null ? null : openBatch(run.Request.Batch));
    }

    /// <summary>What people say of the run's rollouts.</summary>
    public Task<RunLabels> LabelsAsync(CancellationToken cancellationToken) => RunLabels.ReadAsync(store, cancellationToken);

    /// <summary>
    /// The run with people's labels in its figures: accuracy and calibration, over all and by domain, are reckoned anew where there are
    /// labels and the batch is there.
    /// </summary>
    /// <param name="given">A batch to read instead of the run's.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<RunContents> WithLabelsAsync(string? given, CancellationToken cancellationToken)
    {
        RunLabels labels = await LabelsAsync(cancellationToken);
        if (labels.Count == 0 || await OpenBatchAsync(given, cancellationToken) is not { } batch)
        {
            return this;
        }

        var sums = new SummaryPart();
        await using (batch)
        {
            await foreach (ScoredRollout one in ScoredRollouts.ReadAsync(batch, VerdictsAsync(cancellationToken), cancellationToken))
            {
                sums.Add(labels.Apply(one.Rollout), one.Verdict, []);
            }
        }

        return new RunContents(store, Place, manifest, SummaryWriter.Relabel(Summary, sums), original) { SoFar = SoFar };
    }

    /// <summary>The batch with its texts and labels; null when it is gone or no longer the one that was judged.</summary>
    /// <param name="given">A file to read instead.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">A file was given, and nothing is there.</exception>
    public async Task<Stream?> OpenBatchAsync(string? given, CancellationToken cancellationToken)
    {
        if (given is not null)
        {
            return File.Exists(given) ? File.OpenRead(given) : throw new ReportException($"there is no batch at {given}");
        }

        return await new RunBatch(store, manifest, original).OpenAsync(0, cancellationToken);
    }

    /// <summary>The same, needed.</summary>
    /// <exception cref="ReportException">There is no batch, or another one.</exception>
    public async Task<Stream> RequireBatchAsync(string? given, CancellationToken cancellationToken) =>
        await OpenBatchAsync(given, cancellationToken) ?? throw new ReportException(manifest is null
            ? $"{Place} has no {RunFiles.Manifest}, which says where its batch is: put it back from a copy, or name the batch with --batch FILE"
            : $"the batch of {Place} is not where the run read it, or has changed since: --batch FILE says where it is");

    /// <summary>Lines of a run under way that the last reading of its ledger could not read: they are drawn again.</summary>
    public long Unreadable { get; private set; }

    /// <summary>The verdicts; none where the run stopped before it had any.</summary>
    /// <exception cref="BatchFormatException">A line is not a verdict; the message names the file.</exception>
    /// <exception cref="ReportException">A finished run has others than its summary counts.</exception>
    public async IAsyncEnumerable<Verdict> VerdictsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (Verdict verdict in SoFar ?? [])
        {
            yield return verdict;
        }

        if (SoFar is not null)
        {
            yield break;
        }

        bool all = manifest is { Origin: not RunOrigin.Served } && Summary.Status == RunStatus.Complete;
        if (await store.OpenReadAsync(RunFiles.Verdicts, cancellationToken) is not { } stream)
        {
            if (all && Summary.Rollouts > 0)
            {
                throw new ReportException(RunLedger.Gone(RunFiles.Verdicts, Place, Summary.Rollouts));
            }

            yield break;
        }

        await using (stream)
        {
            long count = 0;
            await foreach (Verdict verdict in ScoredRollouts.ReadVerdictsAsync(stream, $"{RunFiles.Verdicts} of {Place}", cancellationToken))
            {
                count++;
                yield return verdict;
            }

            if (all && count != Summary.Rollouts)
            {
                throw new ReportException(RunLedger.NotWhole(RunFiles.Verdicts, Place, count, Summary.Rollouts));
            }
        }
    }

    /// <summary>The ledger, or the parts of it that an unfinished run has.</summary>
    /// <exception cref="LedgerException">The ledger of a finished run is not whole; the message names the file.</exception>
    public IAsyncEnumerable<T> JudgementsAsync<T>(ReadJudgement<T> read, CancellationToken cancellationToken)
        where T : Judgement
    {
        Unreadable = 0;
        return RunLedger.ReadAsync(store, Place, Summary, read, () => Unreadable++, cancellationToken);
    }

    /// <summary>The first refused lines.</summary>
    /// <exception cref="ReportException">One can't be read.</exception>
    public async Task<IReadOnlyList<InvalidLine>> InvalidLinesAsync(int most, CancellationToken cancellationToken)
    {
        List<InvalidLine> lines = [];
        if (await store.OpenReadAsync(RunFiles.Invalid, cancellationToken) is not { } stream)
        {
            return lines;
        }

        using StreamReader reader = new(stream);
        try
        {
            while (lines.Count < most && await reader.ReadLineAsync(cancellationToken) is { } line)
            {
                lines.Add(JsonSerializer.Deserialize(line, FormatsJson.Default.InvalidLine)!);
            }

            return lines;
        }
        catch (JsonException exception)
        {
            throw new ReportException($"{RunFiles.Invalid} of {Place} can't be read: {exception.Message}", exception);
        }
    }

    private static ReportException NoRun(string place) => new($"{place} is no run: it has no {RunFiles.Manifest}");
}
