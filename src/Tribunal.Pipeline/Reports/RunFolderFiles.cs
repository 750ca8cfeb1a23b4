using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Judging;
using Tribunal.Pipeline.Exchange;
using Tribunal.Pipeline.Ledger;
using Tribunal.Pipeline.Runs;
using Tribunal.Pipeline.Storage;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Reports;

/// <summary>A run folder on disk, opened for reading.</summary>
internal sealed class RunFolderFiles
{
    private readonly RunManifest? _manifest;

    private RunFolderFiles(string folder, RunManifest? manifest, RunSummary summary)
    {
        Folder = folder;
        _manifest = manifest;
        Summary = summary;
    }

    public string Folder { get; }

    /// <summary>Not there in the folder of a vote.</summary>
    public RunManifest Manifest => _manifest ?? throw new ReportException($"{Folder} is no run: it has no {RunFiles.Manifest}");

    /// <summary>What the run's batch was; null in the folder of a vote.</summary>
    public BatchFingerprint? Batch => _manifest?.Batch;

    public RunSummary Summary { get; }

    /// <param name="folder">The folder.</param>
    /// <param name="voteToo">Whether the folder of a vote will do, which has no manifest.</param>
    /// <exception cref="ReportException">It is no run, or has no summary yet.</exception>
    public static RunFolderFiles Open(string folder, bool voteToo = false)
    {
        string manifest = Path.Combine(folder, RunFiles.Manifest);
        string summary = Path.Combine(folder, RunFiles.Summary);
        if (!File.Exists(manifest) && !(voteToo && File.Exists(summary)))
        {
            throw new ReportException($"{folder} is no run: it has no {RunFiles.Manifest}");
        }

        if (!File.Exists(summary))
        {
            throw new ReportException($"{folder} has no {RunFiles.Summary} yet: finish the run first");
        }

        try
        {
            return new RunFolderFiles(
                folder,
                File.Exists(manifest) ? JsonSerializer.Deserialize(File.ReadAllBytes(manifest), PipelineJson.Default.RunManifest) ?? throw new JsonException("it is null") : null,
                JsonSerializer.Deserialize(File.ReadAllBytes(summary), PipelineJson.Default.RunSummary) ?? throw new JsonException("it is null"));
        }
        catch (JsonException exception)
        {
            throw new ReportException($"{folder} can't be read: {exception.Message}", exception);
        }
    }

    /// <summary>The batch with its texts and labels; null when it is gone or no longer the one that was judged.</summary>
    /// <param name="given">Another place to look first.</param>
    /// <exception cref="ReportException">A place was given, and nothing is there.</exception>
    public string? FindBatch(string? given)
    {
        if (given is not null)
        {
            return File.Exists(given) ? given : throw new ReportException($"there is no batch at {given}");
        }

        string copy = Path.Combine(Folder, RunFiles.Batch);
        if (File.Exists(copy))
        {
            return copy;
        }

        if (_manifest is null)
        {
            return null;
        }

        var original = new FileInfo(Manifest.Request.Batch);
        return original.Exists && original.Length == Manifest.Batch.Length ? original.FullName : null;
    }

    /// <summary>The verdicts; none where the run stopped before it had any.</summary>
    public async IAsyncEnumerable<Verdict> VerdictsAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string path = Path.Combine(Folder, RunFiles.Verdicts);
        if (!File.Exists(path))
        {
            yield break;
        }

        await using FileStream stream = File.OpenRead(path);
        await foreach (Verdict verdict in ScoredRollouts.ReadVerdictsAsync(stream, cancellationToken))
        {
            yield return verdict;
        }
    }

    /// <summary>The ledger, or the parts of it that an unfinished run has.</summary>
    public async IAsyncEnumerable<Judgement> JudgementsAsync(bool withText, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string whole = Path.Combine(Folder, RunFiles.Judgements);
        string parts = Path.Combine(Folder, RunFiles.PartsPrefix);
        IEnumerable<string> files = File.Exists(whole) ? [whole]
            : Directory.Exists(parts) ? Directory.EnumerateFiles(parts, "ledger-*.jsonl", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            : [];
        foreach (string file in files)
        {
            await using FileStream stream = File.OpenRead(file);
            await foreach (Judgement judgement in LedgerReader.ReadAsync(stream, withText, cancellationToken))
            {
                yield return judgement;
            }
        }
    }

    /// <summary>The first refused lines.</summary>
    /// <exception cref="ReportException">One can't be read.</exception>
    public IReadOnlyList<InvalidLine> InvalidLines(int most)
    {
        string path = Path.Combine(Folder, RunFiles.Invalid);
        try
        {
            return !File.Exists(path) ? [] : [.. File.ReadLines(path).Take(most).Select(static line => JsonSerializer.Deserialize(line, PipelineJson.Default.InvalidLine)!)];
        }
        catch (JsonException exception)
        {
            throw new ReportException($"{path} can't be read: {exception.Message}", exception);
        }
    }
}
