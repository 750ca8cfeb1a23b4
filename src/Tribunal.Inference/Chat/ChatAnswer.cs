using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Inference.Chat;

/// <summary>
/// Collects a chat completion from its body or from the chunks of its stream, straight from the bytes. Only the first
/// choice is read. What a server leaves out (usage, finish reason, content) stays empty; what it adds is passed over.
/// </summary>
internal sealed class ChatAnswer : IDisposable
{
    private JsonTextBuffer _content;
    private JsonTextBuffer _reasoning;
    private JsonTextBuffer _reasoningContent;
    private JsonTextBuffer _refusal;

    /// <summary>Whether a choice came at all: without one it is no chat completion.</summary>
    public bool HasChoice { get; private set; }

    /// <summary>The finish reason.</summary>
    public string? Finish { get; private set; }

    /// <summary>Tokens; zero where the server gave none.</summary>
    public Usage Usage { get; private set; }

    /// <summary>The error object that came instead, as JSON.</summary>
    public byte[]? Error { get; private set; }

    /// <summary>Adds a body or a chunk.</summary>
    /// <exception cref="JsonException">It is no JSON, or no object.</exception>
    public void Add(ReadOnlySpan<byte> json)
    {
        try
        {
            Read(json);
        }
        catch (InvalidOperationException exception)
        {
            // A name with half a surrogate pair, which is well-formed JSON and no text.
            throw new JsonException("broken text in a name", exception);
        }
    }

    /// <summary>The reply, without what only the sender knows: tries and latency.</summary>
    public JudgeReply ToReply() => new()
    {
        Text = _content.ToString(),
        // Servers in transition send the same thinking under both names.
        Reasoning = !_reasoning.IsEmpty ? _reasoning.ToString() : _reasoningContent.IsEmpty ? null : _reasoningContent.ToString(),
        Refusal = _refusal.IsEmpty ? null : _refusal.ToString(),
        Finish = Finish,
        Usage = Usage,
    };

    /// <inheritdoc/>
    public void Dispose()
    {
        _content.Dispose();
        _reasoning.Dispose();
        _reasoningContent.Dispose();
        _refusal.Dispose();
    }

    private void Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("no JSON object");
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("choices"u8))
            {
                reader.Read();
                ReadChoices(ref reader);
            }
            else if (reader.ValueTextEquals("usage"u8))
            {
                reader.Read();
                ReadUsage(ref reader);
            }
            else if (reader.ValueTextEquals("error"u8))
            {
                reader.Read();
                int start = (int)reader.TokenStartIndex;
                bool said = reader.TokenType != JsonTokenType.Null;
                reader.Skip();
                if (said)
                {
                    Error = json[start..(int)reader.BytesConsumed].ToArray();
                }
            }
            else
            {
                Pass(ref reader);
            }
        }

        // What follows the object would be an error of the sender's; the reader throws for it.
        while (reader.Read())
        {
        }
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return;
        }

        bool first = true;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (first && reader.TokenType == JsonTokenType.StartObject)
            {
                ReadChoice(ref reader);
            }
            else
            {
                reader.Skip();
            }

            first = false;
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("message"u8) || reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                HasChoice = true;
                ReadMessage(ref reader);
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                Finish = Text(ref reader) ?? Finish;
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    private void ReadMessage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                ReadContent(ref reader);
            }
            else if (reader.ValueTextEquals("reasoning"u8))
            {
                reader.Read();
                Append(ref reader, ref _reasoning);
            }
            else if (reader.ValueTextEquals("reasoning_content"u8))
            {
                reader.Read();
                Append(ref reader, ref _reasoningContent);
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                Append(ref reader, ref _refusal);
            }
            else
            {
                Pass(ref reader);
            }
        }
    }

    // A string, or a list of parts {"type":"text","text":…}.
    private void ReadContent(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            Append(ref reader, ref _content);
            return;
        }

        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                reader.Skip();
                continue;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool text = reader.ValueTextEquals("text"u8);
                reader.Read();
                if (text)
                {
                    Append(ref reader, ref _content);
                }
                else
                {
                    reader.Skip();
                }
            }
        }
    }

    private void ReadUsage(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return;
        }

        long input = Usage.Input;
        long output = Usage.Output;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool prompt = reader.ValueTextEquals("prompt_tokens"u8);
            bool completion = reader.ValueTextEquals("completion_tokens"u8);
            reader.Read();
            if ((prompt || completion) && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long tokens) && tokens >= 0)
            {
                (input, output) = prompt ? (tokens, output) : (input, tokens);
            }
            else
            {
                reader.Skip();
            }
        }

        Usage = new Usage(input, output);
    }

    private static void Append(ref Utf8JsonReader reader, ref JsonTextBuffer to)
    {
        if (reader.TokenType == JsonTokenType.String)
        {
            to.Append(ref reader);
        }
        else
        {
            reader.Skip();
        }
    }

    private static string? Text(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            reader.Skip();
            return null;
        }

        if (reader.ValueTextEquals("stop"u8))
        {
            return "stop";
        }

        JsonTextBuffer buffer = default;
        try
        {
            buffer.Append(ref reader);
            string text = buffer.ToString();
            return text.Length <= 256 ? text : text[..256];
        }
        finally
        {
            buffer.Dispose();
        }
    }

    private static void Pass(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }
}
