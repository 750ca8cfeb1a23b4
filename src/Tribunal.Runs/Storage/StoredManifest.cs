using System.Security.Cryptography;
using System.Text.Json;

namespace Tribunal.Runs.Storage;

/// <summary>Reads and writes a run's manifest. Its last field is a digest of what stands before it: a manifest that was cut is never taken for another run's.</summary>
public static class StoredManifest
{
    private static ReadOnlySpan<byte> DigestName => "\"digest\""u8;

    /// <summary>Reads it to look at the run, which may have been written by hand or by another version; null where there is none.</summary>
    /// <exception cref="RunDamagedException">It is not whole; the message names it and says what to do.</exception>
    public static async Task<RunManifest?> ShownAsync(IRunStore store, CancellationToken cancellationToken) =>
        await ReadAsync(store, static manifest => manifest.Digest is null, cancellationToken);

    /// <summary>Reads it to go on with the run; null where there is none.</summary>
    /// <exception cref="RunDamagedException">It is not whole.</exception>
    internal static Task<RunManifest?> ReadAsync(IRunStore store, CancellationToken cancellationToken) =>

        // One of the first version has no digest, and is refused for that reason later.
        ReadAsync(store, static manifest => manifest is { Version: 1, Digest: null }, cancellationToken);

    private static async Task<RunManifest?> ReadAsync(IRunStore store, Func<RunManifest, bool> needsNone, CancellationToken cancellationToken)
    {
        if (await store.ReadDocumentAsync(RunFiles.Manifest, cancellationToken) is not { } bytes)
        {
            return null;
        }

        RunManifest? manifest;
        try
        {
            manifest = ContractJson.Read(bytes, RunsJson.Default.RunManifest);
        }
        catch (JsonException exception)
        {
            throw Damaged(store.RunId, exception);
        }

        return manifest is null || (manifest.Digest != DigestOf(bytes) && !needsNone(manifest)) ? throw Damaged(store.RunId) : manifest;
    }

    internal static Task WriteAsync(IRunStore store, RunManifest manifest, CancellationToken cancellationToken)
    {
        byte[] blank = JsonSerializer.SerializeToUtf8Bytes(manifest with { Digest = new string('0', SHA256.HashSizeInBytes * 2) }, RunsJson.Readable.RunManifest);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest with { Digest = DigestOf(blank) }, RunsJson.Readable.RunManifest);
        return store.WriteDocumentAsync(RunFiles.Manifest, bytes, cancellationToken);
    }

    private static string? DigestOf(ReadOnlySpan<byte> manifest) =>
        manifest.LastIndexOf(DigestName) is >= 0 and int end ? Convert.ToHexStringLower(SHA256.HashData(manifest[..end])) : null;

    /// <summary>What a run without a whole manifest is refused with.</summary>
    internal static RunDamagedException Damaged(string runId, Exception? inner = null) => new(
        $"{RunFiles.Manifest} of {runId} is gone or damaged, so that nobody can tell what the run was begun for: put it back from a copy, or begin anew in another folder (what this one holds stays)", inner);
}
