using System.Text;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Steps;

/// <summary>
/// The protocol files that a request names, as text. A run keeps them in its folder and judges by those, so that whoever goes on with it
/// or reads it needs nothing beside it; the manifest holds their hashes, and another text is another run.
/// </summary>
public static class ProtocolTexts
{
    private const int MaxBytes = 64 * 1024 * 1024;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the files where batches are. One that is gone is taken from the run, where the run has it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="JudgeConfigurationException">A file is too large, or no text.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> GivenAsync(IRunStores stores, string runId, EvaluationRequest request, CancellationToken cancellationToken)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (string path in request.ProtocolFiles())
        {
            IBatchFile file = stores.OpenBatch(path);
            try
            {
                BatchFingerprint fingerprint = await file.FingerprintAsync(cancellationToken);
                await using Stream stream = await file.OpenAsync(fingerprint, 0, null, cancellationToken);
                texts[path] = await TextAsync(stream, path, cancellationToken);
            }
            catch (FileNotFoundException exception)
            {
                IReadOnlyDictionary<string, string> kept = await KeptAsync(stores.OpenRun(runId), cancellationToken);
                texts[path] = kept.GetValueOrDefault(path) ?? throw new FileNotFoundException($"there is no protocol file at {path}", exception);
            }
        }

        return texts;
    }

    /// <summary>The files that a run keeps, by the paths that its request names; empty where it has none.</summary>
    /// <exception cref="RunDamagedException">One of them is gone or is no longer what the manifest says.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> KeptAsync(IRunStore store, CancellationToken cancellationToken) =>
        await StoredManifest.ReadAsync(store, cancellationToken) is { } manifest ? await OfAsync(store, manifest, cancellationToken) : new Dictionary<string, string>();

    /// <summary>The same for a manifest that has been read.</summary>
    internal static async Task<IReadOnlyDictionary<string, string>> OfAsync(IRunStore store, RunManifest manifest, CancellationToken cancellationToken)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path, string sha256) in manifest.ProtocolFiles ?? new Dictionary<string, string>())
        {
            byte[]? bytes = await store.ReadDocumentAsync(RunFiles.Protocol(sha256), cancellationToken);
            texts[path] = bytes is not null && StoredDocument.Sha256(bytes) == sha256 ? Strict.GetString(bytes)
                : throw new RunDamagedException($"{RunFiles.Protocol(sha256)} of {store.RunId} is gone or damaged: put it back from a copy, or begin anew in another folder (what this one holds stays)");
        }

        return texts;
    }

    /// <summary>What the manifest says of files; null where there are none.</summary>
    internal static IReadOnlyDictionary<string, string>? HashesOf(IReadOnlyDictionary<string, string> texts) => texts.Count == 0 ? null
        : new SortedDictionary<string, string>(texts.ToDictionary(static text => text.Key, static text => StoredDocument.Sha256(Strict.GetBytes(text.Value))), StringComparer.Ordinal);

    internal static string Sha256(string text) => StoredDocument.Sha256(Strict.GetBytes(text));

    internal static async Task KeepAsync(IRunStore store, IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        foreach (string text in texts)
        {
            byte[] bytes = Strict.GetBytes(text);
            await store.WriteDocumentAsync(RunFiles.Protocol(StoredDocument.Sha256(bytes)), bytes, cancellationToken);
        }
    }

    private static async Task<string> TextAsync(Stream stream, string path, CancellationToken cancellationToken)
    {
        using var bytes = new MemoryStream();
        byte[] buffer = new byte[64 * 1024];
        while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and int read)
        {
            bytes.Write(buffer, 0, read);
            if (bytes.Length > MaxBytes)
            {
                throw new JudgeConfigurationException([new Problem("protocolFile", $"{path} is larger than {MaxBytes} bytes")]);
            }
        }

        try
        {
            string text = Strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
            return text.StartsWith('\uFEFF') ? text[1..] : text;
        }
        catch (ArgumentException exception)
        {
            throw new JudgeConfigurationException([new Problem("protocolFile", $"{path} is no UTF-8 text")], exception);
        }
    }
}
