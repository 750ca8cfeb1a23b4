using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.Inference.Chat;

/// <summary>Writes chat completion requests, as OpenAI's API and vLLM read them.</summary>
internal static class ChatBody
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Nothing here is embedded in HTML; broken surrogates are replaced by the encoder.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    private const int LargestKept = 1 << 20;

    private static ReadOnlySpan<byte> NoMessages => "[]"u8;

    // Samples of one prompt hold the same messages: they are written out once, and are a piece of each request.
    private static readonly ConditionalWeakTable<IReadOnlyList<Message>, byte[]> Written = [];

    // The writer asks for three bytes a character and more; a request keeps only what it used, a thread the rest.
    [ThreadStatic]
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer)? _scratch;

    /// <summary>A judge's request.</summary>
    /// <param name="model">The model.</param>
    /// <param name="question">What is asked, and how.</param>
    /// <param name="stream">Whether the answer is streamed.</param>
    /// <param name="maxCompletionTokens">Whether the budget goes by its newer name.</param>
    /// <param name="omit">Fields that the server doesn't take, of <see cref="Endpoints.JudgeEndpointOptions.Omittable"/>.</param>
    /// <param name="structured">Whether the schema of the answer goes with it.</param>
    public static ReadOnlySequence<byte> Write(string model, JudgeQuestion question, bool stream, bool maxCompletionTokens, IReadOnlyList<string> omit, bool structured = true)
    {
        if (question.Fields is { LeaveOut.Count: > 0 } fields)
        {
            omit = [.. omit, .. fields.LeaveOut];
        }

        (ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer, int place) = Begin(model);
        if (!omit.Contains("temperature"))
        {
            writer.WriteNumber("temperature"u8, question.Temperature);
        }

        if (!omit.Contains("top_p"))
        {
            writer.WriteNumber("top_p"u8, question.TopP);
        }

        if (!omit.Contains("max_tokens"))
        {
            writer.WriteNumber(maxCompletionTokens ? "max_completion_tokens"u8 : "max_tokens"u8, question.MaxTokens);
        }

        if (!omit.Contains("seed"))
        {
            writer.WriteNumber("seed"u8, question.Seed);
        }

        if (question.ThinkingTokens is { } thinking)
        {
            writer.WriteNumber("thinking_token_budget"u8, thinking);
        }

        question.Fields?.Write(writer, structured);
        if (stream)
        {
            writer.WriteBoolean("stream"u8, true);
            if (!omit.Contains("stream_options"))
            {
                writer.WriteStartObject("stream_options"u8);
                writer.WriteBoolean("include_usage"u8, true);
                writer.WriteEndObject();
            }
        }

        writer.WriteEndObject();
        return Between(Taken(buffer, writer), place, Written.GetValue(question.Messages, WriteMessages));
    }

    /// <summary>A request for a token, or a few, and the log-probabilities of their rivals, at temperature 0.</summary>
    public static ReadOnlyMemory<byte> WriteOpinion(string model, IReadOnlyList<Message> messages, int maxTokens = 1)
    {
        (ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer, int place) = Begin(model);
        writer.WriteNumber("temperature"u8, 0);
        writer.WriteNumber("max_tokens"u8, maxTokens);
        new RequestFields { TokenProbabilities = true }.Write(writer);
        writer.WriteEndObject();
        return Between(Taken(buffer, writer), place, WriteMessages(messages)).ToArray();
    }

    // The messages' place is where an empty list stands.
    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer, int Place) Begin(string model)
    {
        (ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer) = Scratch();
        writer.WriteStartObject();
        writer.WriteString("model"u8, model);
        writer.WritePropertyName("messages"u8);
        int place = (int)(writer.BytesCommitted + writer.BytesPending);
        writer.WriteRawValue(NoMessages, skipInputValidation: true);
        return (buffer, writer, place);
    }

    private static ReadOnlySequence<byte> Between(byte[] frame, int place, byte[] messages)
    {
        var first = new Piece(frame.AsMemory(..place), before: null);
        var last = new Piece(frame.AsMemory((place + NoMessages.Length)..), new Piece(messages, first));
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private static (ArrayBufferWriter<byte> Buffer, Utf8JsonWriter Writer) Scratch()
    {
        if (_scratch is not { } scratch || scratch.Buffer.Capacity > LargestKept)
        {
            var buffer = new ArrayBufferWriter<byte>(4096);
            scratch = (buffer, new Utf8JsonWriter(buffer, Options));
            _scratch = scratch;
        }

        scratch.Buffer.ResetWrittenCount();
        scratch.Writer.Reset();
        return scratch;
    }

    private static byte[] Taken(ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer)
    {
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] WriteMessages(IReadOnlyList<Message> messages)
    {
        (ArrayBufferWriter<byte> buffer, Utf8JsonWriter writer) = Scratch();
        writer.WriteStartArray();
        foreach (Message message in messages)
        {
            writer.WriteStartObject();
            writer.WriteString("role"u8, message.Role);
            writer.WritePropertyName("content"u8);
            WriteText(writer, message.Content);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        return Taken(buffer, writer);
    }

    // Line by line: after the first character that needs an escape, the encoder looks at the rest of what it is given one by one.
    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<char> text)
    {
        int line;
        while ((line = text.IndexOf('\n')) >= 0)
        {
            writer.WriteStringValueSegment(text[..(line + 1)], isFinalSegment: false);
            text = text[(line + 1)..];
        }

        writer.WriteStringValueSegment(text, isFinalSegment: true);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> bytes, Piece? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                RunningIndex = before.RunningIndex + before.Memory.Length;
                before.Next = this;
            }
        }
    }
}
