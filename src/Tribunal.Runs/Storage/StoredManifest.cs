using System.Security.Cryptography;
using System.Text.Json;

namespace Tribunal.Runs.Storage;

/// <summary>Reads and writes a run's manifest. Its last field is a digest of what stands before it: a manifest that was cut is never taken for another run's.</summary>
internal static class StoredManifest
{
    private static ReadOnlySpan<byte> DigestName => "\"digest\""u8;

    /// <summary>Reads it; null where there is none.</summary>
    /// <exception cref="RunDamagedException">It is not whole.</exception>
    public static async Task<RunManifest?> ReadAsync(IRunStore store, CancellationToken cancellationToken)
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

        // One of the first version has no digest, and is refused for that reason later.
        return manifest is null || (manifest.Digest != DigestOf(bytes) && manifest is not { Version: 1, Digest: null }) ? throw Damaged(store.RunId) : manifest;
    }

    /// <summary>Writes it.</summary>
    public static Task WriteAsync(IRunStore store, RunManifest manifest, CancellationToken cancellationToken)
    {
        byte[] blank = JsonSerializer.SerializeToUtf8Bytes(manifest with { Digest = new string('0', SHA256.HashSizeInBytes * 2) }, RunsJson.Readable.RunManifest);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest with { Digest = DigestOf(blank) }, RunsJson.Readable.RunManifest);
        return store.WriteDocumentAsync(RunFiles.Manifest, bytes, cancellationToken);
    }

    private static string? DigestOf(ReadOnlySpan<byte> manifest) =>
        manifest.LastIndexOf(DigestName) is >= 0 and int end ? Convert.ToHexStringLower(SHA256.HashData(manifest[..end])) : null;

    /// <summary>What a run without a whole manifest is refused with.</summary>
    public static RunDamagedException Damaged(string runId, Exception? inner = null) => new(
        $"{RunFiles.Manifest} of {runId} is gone or damaged, so that nobody can tell what the run was begun for: put it back from a copy, or begin anew in another folder (what this one holds stays)", inner);
}
