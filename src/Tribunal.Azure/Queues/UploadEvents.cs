using System.Net;
using System.Text.Json;
using Tribunal.Azure.Names;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Queues;

/// <summary>A finished upload of a batch.</summary>
/// <param name="Path">Its path inside the rollouts container.</param>
/// <param name="Url">Its address, the key of its event together with <paramref name="ETag"/>; never opened.</param>
/// <param name="ETag">The content's identity.</param>
public sealed record UploadEvent(string Path, string Url, string ETag);

/// <summary>Blob-created events, in the CloudEvents and in the Event Grid schema, one object or an array.</summary>
internal static class UploadEvents
{
    private const string Created = "Microsoft.Storage.BlobCreated";
    private const int MaxText = 4096;

    // The calls after which a blob is whole; a file system's creation and appends come before.
    private static readonly string[] Completing = ["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"];

    /// <summary>Reads a message. Events of other kinds, calls, accounts and containers are passed over.</summary>
    /// <exception cref="MessageRefusedException">The message is no such event, or names a blob that may not be a batch.</exception>
    public static IReadOnlyList<UploadEvent> Parse(string text, string account)
    {
        using JsonDocument document = MessageBody.Parse(text);
        JsonElement root = document.RootElement;
        IEnumerable<JsonElement> events = root.ValueKind switch
        {
            JsonValueKind.Object => [root],
            JsonValueKind.Array => root.EnumerateArray(),
            _ => throw new MessageRefusedException("the message is neither an event nor an array of events"),
        };
        return [.. events.Select(item => Read(item, account)).OfType<UploadEvent>().Distinct()];
    }

    private static UploadEvent? Read(JsonElement item, string account)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            throw new MessageRefusedException("an event is not a JSON object");
        }

        string type = Text(item, "type") ?? Text(item, "eventType") ?? throw new MessageRefusedException("an event has neither 'type' nor 'eventType'");
        if (type != Created)
        {
            return null;
        }

        if (!item.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Object)
        {
            throw new MessageRefusedException("a blob-created event has no 'data'");
        }

        string api = Text(data, "api") ?? throw new MessageRefusedException("a blob-created event has no 'data.api'");
        if (!Completing.Contains(api, StringComparer.Ordinal))
        {
            return null;
        }

        string url = Text(data, "url") ?? throw new MessageRefusedException("a blob-created event has no 'data.url'");
        string eTag = Text(data, "eTag") ?? throw new MessageRefusedException("a blob-created event has no 'data.eTag'");
        if (PathOf(url, account) is not { } path || path.StartsWith(ResourceNames.SubmittedPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        return BatchPath.Fault(path) is { } fault ? throw new MessageRefusedException($"the uploaded blob can't be a batch: {fault}") : new UploadEvent(path, url, eTag);
    }

    // Null for blobs of other accounts and containers: none of our business.
    private static string? PathOf(string url, string account)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("https" or "http"))
        {
            throw new MessageRefusedException("'data.url' of a blob-created event is no address");
        }

        string path = uri.AbsolutePath;
        bool emulator = uri.Host == "localhost" || (IPAddress.TryParse(uri.Host, out IPAddress? address) && IPAddress.IsLoopback(address));
        string root = emulator ? $"/{account}/{ResourceNames.RolloutsContainer}/" : $"/{ResourceNames.RolloutsContainer}/";
        bool ours = emulator || uri.Host.StartsWith(account + ".", StringComparison.Ordinal);
        return ours && path.StartsWith(root, StringComparison.Ordinal) ? Uri.UnescapeDataString(path[root.Length..]) : null;
    }

    private static string? Text(JsonElement item, string name)
    {
        if (!item.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 and <= MaxText } text
            ? text
            : throw new MessageRefusedException($"'{name}' of an event is no text of at most {MaxText} characters");
    }
}
