using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Tribunal.Formats.Lines;

namespace Tribunal.Runs.Storage;

/// <summary>A file of a run is not whole, and the run can't make it again. The message names the file and says what to do.</summary>
public sealed class RunDamagedException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>A file of a run is not whole; going on with the run makes it again. The message names the file.</summary>
internal sealed class RunFileLostException(string message) : IOException(message);

/// <summary>Reads documents of a run as a power cut or a full disk may have left them.</summary>
public static class StoredDocument
{
    /// <summary>Reads a document; null where it is not there, or empty, or cut: whoever can make it again does.</summary>
    public static async Task<T?> TryReadAsync<T>(IRunStore store, string name, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (await store.ReadDocumentAsync(name, cancellationToken) is not { } bytes)
        {
            return null;
        }

        try
        {
            return ContractJson.Read(bytes, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Reads a document of lines; null where it is not there, or a line of it can't be read, or its last line is cut.</summary>
    internal static async Task<List<T>?> TryReadLinesAsync<T>(IRunStore store, string name, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (await store.ReadDocumentAsync(name, cancellationToken) is not { Length: > 0 } bytes || bytes[^1] != '\n')
        {
            return null;
        }

        var lines = new List<T>();
        try
        {
            foreach (Range range in bytes.AsSpan(0, bytes.Length - 1).Split((byte)'\n'))
            {
                lines.Add(JsonSerializer.Deserialize(bytes.AsSpan(range), type) ?? throw new JsonException("a line is null"));
            }
        }
        catch (JsonException)
        {
            return null;
        }

        return lines;
    }

    /// <summary>Writes a document of lines, unless one stands that can be read: of two writers the first decides.</summary>
    /// <returns>The lines that stand.</returns>
    internal static async Task<IReadOnlyList<T>> StandAsync<T>(IRunStore store, string name, IReadOnlyList<T> lines, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        var bytes = new ArrayBufferWriter<byte>();
        foreach (T line in lines)
        {
            JsonLine.Append(bytes, line, type);
        }

        if (await store.TryCreateDocumentAsync(name, bytes.WrittenMemory, cancellationToken))
        {
            return lines;
        }

        if (await TryReadLinesAsync(store, name, type, cancellationToken) is { } standing)
        {
            return standing;
        }

        await store.WriteDocumentAsync(name, bytes.WrittenMemory, cancellationToken);
        return lines;
    }

    /// <summary>SHA-256 of a document, in hexadecimal digits.</summary>
    internal static string Sha256(ReadOnlySpan<byte> document) => Convert.ToHexStringLower(SHA256.HashData(document));

    /// <summary>SHA-256 of a file and its lines; null where there is none.</summary>
    internal static async Task<(string Sha256, long Lines)?> FingerprintAsync(IRunStore store, string name, CancellationToken cancellationToken)
    {
        if (await store.OpenReadAsync(name, cancellationToken) is not { } stream)
        {
            return null;
        }

        await using (stream)
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            byte[] buffer = new byte[128 * 1024];
            long lines = 0;
            while (await stream.ReadAsync(buffer, cancellationToken) is > 0 and int read)
            {
                hash.AppendData(buffer, 0, read);
                lines += buffer.AsSpan(0, read).Count((byte)'\n');
            }

            return (Convert.ToHexStringLower(hash.GetCurrentHash()), lines);
        }
    }
}
