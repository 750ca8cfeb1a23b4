using System.Net.ServerSentEvents;
using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Protocols.Chat;

namespace Tribunal.Inference.Chat;

/// <summary>
/// Reads the body of an answer, whole or streamed, whatever its type says: servers stream without saying so. Events with a name of their own
/// that are no JSON keep the connection alive, except <c>error</c>.
/// </summary>
internal sealed class AnswerBody(ChatAnswer answer)
{
    private const int MostKept = 16 * 1024;

    /// <summary>Whether it was a stream.</summary>
    public bool Streamed { get; private set; }

    /// <summary>Whether the stream said that it is over.</summary>
    public bool Done { get; private set; }

    /// <summary>The start of what was no completion; empty where it was one.</summary>
    public byte[] Other { get; private set; } = [];

    /// <summary>Reads a stream to its end.</summary>
    /// <exception cref="JsonException">An event is neither JSON nor one that may be passed over.</exception>
    /// <exception cref="ResponseTooLargeException">There is more than an answer may have.</exception>
    public async Task ReadEventsAsync(Stream stream, int limit, CancellationToken cancellationToken)
    {
        Streamed = true;
        await using var bounded = new BoundedStream(stream, limit);
        await foreach (SseItem<bool> item in SseParser.Create(bounded, Take).EnumerateAsync(cancellationToken))
        {
            if (item.Data)
            {
                Done = true;
                return;
            }
        }
    }

    /// <summary>Reads a body that has come in whole.</summary>
    /// <exception cref="JsonException">It is no JSON, and no stream.</exception>
    /// <exception cref="ResponseTooLargeException">There is more than an answer may have.</exception>
    public void Read(ReadOnlyMemory<byte> bytes)
    {
        if (IsStream(bytes.Span))
        {
            Streamed = true;
            Done = SseParser.Create(new MemoryStream(bytes.ToArray()), Take).Enumerate().Any(static item => item.Data);
            return;
        }

        try
        {
            answer.Add(bytes.Span);
            CheckLength();
        }
        catch (JsonException)
        {
            Keep(bytes);
            throw;
        }

        if (!answer.HasChoice && answer.Error is null)
        {
            Keep(bytes);
        }
    }

    private void Keep(ReadOnlyMemory<byte> bytes) => Other = bytes[..Math.Min(bytes.Length, MostKept)].ToArray();

    private bool Take(string type, ReadOnlySpan<byte> data)
    {
        data = data.Trim(" \t\r\n\""u8);
        if (data.SequenceEqual("[DONE]"u8))
        {
            return true;
        }

        bool named = type != SseParser.EventTypeDefault;
        if (named && !data.IsEmpty && data[0] is not ((byte)'{' or (byte)'['))
        {
            if (type == "error")
            {
                answer.AddError(data);
            }
        }
        else if (!data.IsEmpty)
        {
            answer.Add(data);
            CheckLength();
        }

        return false;
    }

    private static bool IsStream(ReadOnlySpan<byte> body)
    {
        body = body.StartsWith("\uFEFF"u8) ? body[3..] : body;
        body = body.TrimStart(" \t\r\n"u8);
        return body.StartsWith("data:"u8) || body.StartsWith("event:"u8) || body.StartsWith("id:"u8) || body.StartsWith(":"u8);
    }

    private void CheckLength()
    {
        if (answer.TooLong)
        {
            throw new ResponseTooLargeException("the answer has far more text than its budget of tokens can hold: the server doesn't keep to max_tokens");
        }
    }
}
