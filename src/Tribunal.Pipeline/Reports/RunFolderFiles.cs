using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Judging;
using Tribunal.Pipeline.Exchange;
using Tribunal.Pipeline.Ledger;
using Tribunal.Pipeline.Runs;
using Tribunal.Verdicts;

namespace Tribunal.Pipeline.Reports;

/// <summary>A run folder on disk, opened for reading.</summary>
internal sealed class RunFolderFiles
{
    private RunFolderFiles(string folder, RunManifest manifest, RunSummary summary)
    {
        Folder = folder;
        Manifest = manifest;
        Summary = summary;
    }

    public string Folder { get; }

    public RunManifest Manifest { get; }

    public RunSummary Summary { get; }

    /// <exception cref="ReportException">It is no run, or has no summary yet.</exception>
    public static RunFolderFiles Open(string folder)
    {
        string manifest = Path.Combine(folder, RunFiles.Manifest);
        string summary = Path.Combine(folder, RunFiles.Summary);
        if (!File.Exists(manifest))
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
                JsonSerializer.Deserialize(File.ReadAllBytes(manifest), PipelineJson.Default.RunManifest) ?? throw new JsonException("it is null"),
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
    public IReadOnlyList<InvalidLine> InvalidLines(int most)
    {
        string path = Path.Combine(Folder, RunFiles.Invalid);
        return !File.Exists(path) ? [] : [.. File.ReadLines(path).Take(most).Select(static line => JsonSerializer.Deserialize(line, PipelineJson.Default.InvalidLine)!)];
    }
}
