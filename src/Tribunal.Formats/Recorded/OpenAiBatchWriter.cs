using System.Buffers;
using System.Text.Json;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// Writes request files of the OpenAI batch API, one <c>{custom_id, method, url, body}</c> per line, and starts a new file
/// before a limit is passed. Not safe for concurrent use.
/// </summary>
/// <param name="open">Opens file number n, from 1; the writer disposes it.</param>
/// <param name="maxLines">Most lines of a file.</param>
/// <param name="maxBytes">Most bytes of a file.</param>
public sealed class OpenAiBatchWriter(Func<int, Stream> open, int maxLines = OpenAiBatchWriter.MaxFileLines, long maxBytes = OpenAiBatchWriter.MaxFileBytes) : IAsyncDisposable
{
    /// <summary>The service's limit of lines.</summary>
    public const int MaxFileLines = 50_000;

    /// <summary>The service's limit of bytes (200 MB).</summary>
    public const int MaxFileBytes = 200_000_000;

    private readonly ArrayBufferWriter<byte> _line = new(16 * 1024);
    private Stream? _file;
    private int _lines;
    private long _bytes;

    /// <summary>Files started.</summary>
    public int Files { get; private set; }

    /// <summary>Requests written.</summary>
    public long Requests { get; private set; }

    /// <summary>Writes one request.</summary>
    /// <returns>Why it can't be asked for in a batch file; null when it was written.</returns>
    public async Task<string?> WriteAsync(OpenAiBatchRequest request, CancellationToken cancellationToken = default)
    {
        string name = BatchRequestName.Of(request.RolloutId, request.Sample, request.Tag, request.Order);
        if (name.Length > BatchRequestName.Limit)
        {
            return $"its name in the batch would have {name.Length} characters, more than {BatchRequestName.Limit}";
        }

        _line.ResetWrittenCount();
        await using (var json = new Utf8JsonWriter(_line))
        {
            Write(json, name, request);
        }

        _line.Write("\n"u8);
        if (_line.WrittenCount > maxBytes)
        {
            return $"its request has {_line.WrittenCount} bytes, more than a file may";
        }

        if (_file is null || _lines == maxLines || _bytes + _line.WrittenCount > maxBytes)
        {
            await DisposeAsync();
            _file = open(++Files);
            (_lines, _bytes) = (0, 0);
        }

        await _file.WriteAsync(_line.WrittenMemory, cancellationToken);
        _lines++;
        _bytes += _line.WrittenCount;
        Requests++;
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_file is not null)
        {
            await _file.DisposeAsync();
            _file = null;
        }
    }

    private static void Write(Utf8JsonWriter json, string name, OpenAiBatchRequest request)
    {
        json.WriteStartObject();
        json.WriteString("custom_id"u8, name);
        json.WriteString("method"u8, "POST"u8);
        json.WriteString("url"u8, "/v1/chat/completions"u8);
        json.WriteStartObject("body"u8);
        json.WriteString("model"u8, request.Model);
        json.WriteStartArray("messages"u8);
        foreach (Rollouts.Message message in request.Messages)
        {
            json.WriteStartObject();
            json.WriteString("role"u8, message.Role);
            json.WriteString("content"u8, message.Content);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (request.Temperature is { } temperature)
        {
            json.WriteNumber("temperature"u8, temperature);
        }

        if (request.TopP is { } topP)
        {
            json.WriteNumber("top_p"u8, topP);
        }

        if (request.MaxTokens is { } maxTokens)
        {
            json.WriteNumber("max_completion_tokens"u8, maxTokens);
        }

        if (request.Seed is { } seed)
        {
            json.WriteNumber("seed"u8, seed);
        }

        request.Fields?.Write(json);

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
