using System.Text.Json;
using Tribunal.Runs;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Storage.Local;
using Tribunal.Runs.Summary;

namespace Tribunal.Viewer.Index;

/// <summary>A run as it lies in its store, at one moment.</summary>
/// <param name="Store">Where it lives.</param>
/// <param name="Place">Where that is, for people.</param>
/// <param name="Manifest">Null in the folder of a vote.</param>
/// <param name="Summary">Null where the run has not ended yet.</param>
/// <param name="Original">The batch that its request names.</param>
internal sealed record RunSource(IRunStore Store, string Place, RunManifest? Manifest, RunSummary? Summary, IBatchFile? Original)
{
    /// <summary>The folder, of a run on this machine.</summary>
    public string? Folder => (Store as LocalRunStore)?.Folder;

    public RunBatch Batch => new(Store, Manifest, Original);

    /// <summary>Reads what a run says of itself; null where there is none, or it can't be read.</summary>
    public static async Task<RunSource?> OpenAsync(IRunStore store, string place, Func<string, IBatchFile> openBatch, CancellationToken cancellationToken)
    {
        byte[]? manifest = await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken);
        byte[]? summary = await store.ReadDocumentAsync(RunFiles.Summary, cancellationToken);
        if (manifest is null && summary is null)
        {
            return null;
        }

        try
        {
            RunManifest? run = manifest is null ? null : ContractJson.Read(manifest, RunsJson.Default.RunManifest);
            RunSummary? sums = summary is null ? null : ContractJson.Read(summary, RunsJson.Default.RunSummary);
            return new RunSource(store, place, run, sums, run is null ? null : Open(openBatch, run.Request.Batch));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a range whole; shorter where the file ends before.</summary>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(string name, long offset, int length, CancellationToken cancellationToken)
    {
        if (await Store.OpenReadAsync(name, offset, cancellationToken) is not { } stream)
        {
            return default;
        }

        await using (stream)
        {
            byte[] bytes = new byte[length];
            return bytes.AsMemory(0, await stream.ReadAtLeastAsync(bytes, length, throwOnEndOfStream: false, cancellationToken));
        }
    }

    /// <summary>
    /// What an index of the run was made of: lengths and times of its files, or where those can't be told its manifest's digest, which
    /// changes with what is published. Null for a run that has not ended.
    /// </summary>
    public string? Stamp()
    {
        if (Folder is not { } folder)
        {
            return Summary is null ? null : $"{Manifest?.Digest}";
        }

        string?[] files = [Path.Combine(folder, RunFiles.Judgements), Path.Combine(folder, RunFiles.Verdicts), BatchPath(folder)];
        return Summary is null || (Manifest is not null && !File.Exists(files[0])) ? null : string.Join('|', files.Select(static path =>
            path is not null && new FileInfo(path) is { Exists: true } file ? $"{file.Length}:{file.LastWriteTimeUtc.Ticks}" : "none"));
    }

    private string? BatchPath(string folder) => Path.Combine(folder, RunFiles.Batch) is var copy && File.Exists(copy) ? copy : Manifest?.Request.Batch;

    // A request of another machine may name a path that can't be one here.
    private static IBatchFile? Open(Func<string, IBatchFile> openBatch, string path)
    {
        try
        {
            return openBatch(path);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}
