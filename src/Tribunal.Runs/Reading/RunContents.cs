using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Ledger;
using Tribunal.Formats.TrainingSets;
using Tribunal.Judgements;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;
using Tribunal.Runs.Labels;

namespace Tribunal.Runs.Reading;

/// <summary>What a run has come to, opened for reading wherever the run lives.</summary>
public sealed class RunContents
{
    private readonly IRunStore _store;
    private readonly IBatchFile? _original;
    private readonly RunManifest? _manifest;

    /// <param name="store">The run.</param>
    /// <param name="place">Where it is, for people.</param>
    /// <param name="manifest">Null in the folder of a vote.</param>
    /// <param name="summary">What came of it.</param>
    /// <param name="original">The batch that it judged, if that can still be there.</param>
    public RunContents(IRunStore store, string place, RunManifest? manifest, RunSummary summary, IBatchFile? original) =>
        (_store, Place, _manifest, Summary, _original) = (store, place, manifest, summary, original);

    /// <summary>Where it is, for people.</summary>
    public string Place { get; }

    /// <summary>Not there in the folder of a vote.</summary>
    public RunManifest Manifest => _manifest ?? throw new ReportException($"{Place} is no run: it has no {RunFiles.Manifest}");

    /// <summary>What the run's batch was; null in the folder of a vote.</summary>
    public BatchFingerprint? Batch => _manifest?.Batch;

    public RunSummary Summary { get; }

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
        byte[]? manifest = await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken);
        byte[]? summary = await store.ReadDocumentAsync(RunFiles.Summary, cancellationToken);
        if (summary is null)
        {
            throw manifest is null ? NoRun(place) : new ReportException($"{place} has no {RunFiles.Summary} yet: finish the run first");
        }

        try
        {
            RunManifest? run = manifest is null ? null : ContractJson.Read(manifest, RunsJson.Default.RunManifest) ?? throw new JsonException("it is null");
            return new RunContents(
                store,
                place,
                run,
                ContractJson.Read(summary, RunsJson.Default.RunSummary) ?? throw new JsonException("it is null"),
                run is null ? null : openBatch(run.Request.Batch));
        }
        catch (JsonException exception)
        {
            throw new ReportException($"{place} can't be read: {exception.Message}", exception);
        }
    }

    /// <summary>What people say of the run's rollouts.</summary>
    public Task<RunLabels> LabelsAsync(CancellationToken cancellationToken) => RunLabels.ReadAsync(_store, cancellationToken);

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
            if (await _store.OpenReadAsync(RunFiles.Verdicts, cancellationToken) is not { } verdicts)
            {
                return this;
            }

            await using (verdicts)
            {
                await foreach (ScoredRollout one in ScoredRollouts.ReadAsync(batch, verdicts, cancellationToken))
                {
                    sums.Add(labels.Apply(one.Rollout), one.Verdict, []);
                }
            }
        }

        return new RunContents(_store, Place, _manifest, SummaryWriter.Relabel(Summary, sums), _original) { Labelled = labels.Count };
    }

    /// <summary>How many rollouts people labelled, where their labels are in the figures.</summary>
    public int Labelled { get; private init; }

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

        return await new RunBatch(_store, _manifest, _original).OpenAsync(0, cancellationToken);
    }

    /// <summary>The verdicts; none where the run stopped before it had any.</summary>
    public async IAsyncEnumerable<Verdict> VerdictsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _store.OpenReadAsync(RunFiles.Verdicts, cancellationToken) is not { } stream)
        {
            yield break;
        }

        await using (stream)
        {
            await foreach (Verdict verdict in ScoredRollouts.ReadVerdictsAsync(stream, cancellationToken))
            {
                yield return verdict;
            }
        }
    }

    /// <summary>The ledger, or the parts of it that an unfinished run has.</summary>
    public async IAsyncEnumerable<Judgement> JudgementsAsync(bool withText, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (await _store.OpenReadAsync(RunFiles.Judgements, cancellationToken) is { } whole)
        {
            await using (whole)
            {
                await foreach (Judgement judgement in LedgerReader.ReadAsync(whole, withText, cancellationToken))
                {
                    yield return judgement;
                }
            }

            yield break;
        }

        var standing = new HashSet<(string, int)>();
        await foreach (string part in _store.ListAsync(RunFiles.PartsPrefix, cancellationToken))
        {
            if (!RunFiles.IsLedgerPart(part))
            {
                continue;
            }

            await foreach (Judgement judgement in StoredLedger.ReadAsync(_store, part, withText, cancellationToken))
            {
                if (standing.Add((judgement.RolloutId, judgement.Sample)))
                {
                    yield return judgement;
                }
            }
        }
    }

    /// <summary>The first refused lines.</summary>
    /// <exception cref="ReportException">One can't be read.</exception>
    public async Task<IReadOnlyList<InvalidLine>> InvalidLinesAsync(int most, CancellationToken cancellationToken)
    {
        List<InvalidLine> lines = [];
        if (await _store.OpenReadAsync(RunFiles.Invalid, cancellationToken) is not { } stream)
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
