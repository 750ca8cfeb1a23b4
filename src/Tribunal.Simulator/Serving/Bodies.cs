using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>Writes response bodies by hand: the simulator shares its machine with what it measures.</summary>
internal static class Bodies
{
    private const int ChunkCharacters = 96;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>A whole chat completion.</summary>
    public static void Completion(IBufferWriter<byte> to, SimulatedAnswer answer, string model, long created, ThinkingForm thinking)
    {
        using var writer = new Utf8JsonWriter(to, Plain);
        Head(writer, answer, "chat.completion"u8, model, created);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        if (answer.Refusal is null)
        {
            writer.WriteString("content"u8, answer.Text);
        }
        else
        {
            writer.WriteNull("content"u8);
            writer.WriteString("refusal"u8, answer.Refusal);
        }

        if (answer.Reasoning is not null)
        {
            writer.WriteString(ReasoningField(thinking), answer.Reasoning);
        }

        writer.WriteEndObject();
        Logprobs(writer, answer.Tokens);
        writer.WriteString("finish_reason"u8, answer.Finish);
        writer.WriteEndObject();
        writer.WriteEndArray();
        Usage(writer, answer.Usage);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>The pieces of a streamed completion, each a server-sent event: role, thinking, content, finish, usage, done.</summary>
    public static List<byte[]> Events(SimulatedAnswer answer, string model, long created, ThinkingForm thinking, bool includeUsage)
    {
        var events = new List<byte[]>();
        var buffer = new ArrayBufferWriter<byte>(512);
        Event(static (writer, _) =>
        {
            writer.WriteString("role"u8, "assistant"u8);
            writer.WriteString("content"u8, ""u8);
        }, "", null);
        foreach (string piece in Pieces(answer.Reasoning))
        {
            Event((writer, text) => writer.WriteString(ReasoningField(thinking), text), piece, null);
        }

        string[] pieces = [.. Pieces(answer.Text)];
        for (int i = 0; i < pieces.Length; i++)
        {
            Event(static (writer, text) => writer.WriteString("content"u8, text), pieces[i], null, i == pieces.Length - 1 ? answer.Tokens : null);
        }

        if (answer.Refusal is not null)
        {
            Event(static (writer, text) => writer.WriteString("refusal"u8, text), answer.Refusal, null);
        }

        Event(static (_, _) => { }, "", answer.Finish);
        if (includeUsage)
        {
            Write(writer =>
            {
                writer.WriteStartArray("choices"u8);
                writer.WriteEndArray();
                Usage(writer, answer.Usage);
            });
        }

        events.Add("data: [DONE]\n\n"u8.ToArray());
        return events;

        void Event(Action<Utf8JsonWriter, string> delta, string text, string? finish, IReadOnlyList<TokenChoice>? tokens = null) => Write(writer =>
        {
            writer.WriteStartArray("choices"u8);
            writer.WriteStartObject();
            writer.WriteNumber("index"u8, 0);
            writer.WriteStartObject("delta"u8);
            delta(writer, text);
            writer.WriteEndObject();
            Logprobs(writer, tokens);
            writer.WriteString("finish_reason"u8, finish);
            writer.WriteEndObject();
            writer.WriteEndArray();
        });

        void Write(Action<Utf8JsonWriter> rest)
        {
            buffer.ResetWrittenCount();
            buffer.Write("data: "u8);
            using (var writer = new Utf8JsonWriter(buffer, Plain))
            {
                Head(writer, answer, "chat.completion.chunk"u8, model, created);
                rest(writer);
                writer.WriteEndObject();
            }

            buffer.Write("\n\n"u8);
            events.Add(buffer.WrittenSpan.ToArray());
        }
    }

    /// <summary>A generative meta judge's completion: one token, with the log-probabilities of both words.</summary>
    public static void Opinion(IBufferWriter<byte> to, ulong key, string model, long created, double probability, (string Yes, string No) words, Usage usage)
    {
        (string said, string other) = probability >= 0.5 ? (words.Yes, words.No) : (words.No, words.Yes);
        double likely = Math.Max(probability, 1 - probability);
        using var writer = new Utf8JsonWriter(to, Plain);
        Head(writer, key, "chat.completion"u8, model, created);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        writer.WriteString("content"u8, said);
        writer.WriteEndObject();
        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("content"u8);
        writer.WriteStartObject();
        Token(writer, said, Math.Log(likely));
        writer.WriteStartArray("top_logprobs"u8);
        writer.WriteStartObject();
        Token(writer, said, Math.Log(likely));
        writer.WriteEndObject();
        writer.WriteStartObject();
        Token(writer, other, Math.Max(Math.Log(1 - likely), -100));
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.WriteString("finish_reason"u8, "stop"u8);
        writer.WriteEndObject();
        writer.WriteEndArray();
        Usage(writer, usage);
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>Meta rewards in the form they were asked for.</summary>
    public static void MetaRewards(IBufferWriter<byte> to, MetaRequest request, IReadOnlyList<double> rewards, ulong key, long created, Usage usage)
    {
        using var writer = new Utf8JsonWriter(to, Plain);
        switch (request.Form)
        {
            case MetaForm.SglangClassify:
                writer.WriteStartArray();
                foreach (double reward in rewards)
                {
                    writer.WriteStartObject();
                    writer.WriteStartArray("embedding"u8);
                    writer.WriteNumberValue(reward);
                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                break;
            case MetaForm.TeiPredict:
                // A single input is answered with its own list, a batch with a list of lists.
                writer.WriteStartArray();
                foreach (double reward in rewards)
                {
                    if (rewards.Count > 1)
                    {
                        writer.WriteStartArray();
                    }

                    writer.WriteStartObject();
                    writer.WriteNumber("score"u8, reward);
                    writer.WriteString("label"u8, "LABEL_0"u8);
                    writer.WriteEndObject();
                    if (rewards.Count > 1)
                    {
                        writer.WriteEndArray();
                    }
                }

                writer.WriteEndArray();
                break;
            default:
                writer.WriteStartObject();
                writer.WriteString("id"u8, $"{(request.Form == MetaForm.VllmPooling ? "pool" : "classify")}-{key:x16}");
                writer.WriteString("object"u8, "list"u8);
                writer.WriteNumber("created"u8, created);
                writer.WriteString("model"u8, request.Model);
                writer.WriteStartArray("data"u8);
                for (int i = 0; i < rewards.Count; i++)
                {
                    writer.WriteStartObject();
                    writer.WriteNumber("index"u8, i);
                    if (request.Form == MetaForm.VllmPooling)
                    {
                        writer.WriteString("object"u8, "pooling"u8);
                        writer.WriteStartArray("data"u8);
                    }
                    else
                    {
                        writer.WriteString("label"u8, "LABEL_0"u8);
                        writer.WriteNumber("num_classes"u8, 1);
                        writer.WriteStartArray("probs"u8);
                    }

                    writer.WriteNumberValue(rewards[i]);
                    writer.WriteEndArray();
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
                Usage(writer, usage);
                writer.WriteEndObject();
                break;
        }

        writer.Flush();
    }

    /// <summary>An error as OpenAI-compatible servers word it.</summary>
    public static void Error(IBufferWriter<byte> to, string message, string type, int code)
    {
        using var writer = new Utf8JsonWriter(to, Plain);
        writer.WriteStartObject();
        writer.WriteStartObject("error"u8);
        writer.WriteString("message"u8, message);
        writer.WriteString("type"u8, type);
        writer.WriteNull("param"u8);
        writer.WriteNumber("code"u8, code);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
    }

    /// <summary>The models served.</summary>
    public static void Models(IBufferWriter<byte> to, IReadOnlyList<string> models, long created, int context)
    {
        using var writer = new Utf8JsonWriter(to, Plain);
        writer.WriteStartObject();
        writer.WriteString("object"u8, "list"u8);
        writer.WriteStartArray("data"u8);
        foreach (string model in models)
        {
            writer.WriteStartObject();
            writer.WriteString("id"u8, model);
            writer.WriteString("object"u8, "model"u8);
            writer.WriteNumber("created"u8, created);
            writer.WriteString("owned_by"u8, "tribunal-simulator"u8);
            writer.WriteNumber("max_model_len"u8, context);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
    }

    private static void Head(Utf8JsonWriter writer, SimulatedAnswer answer, ReadOnlySpan<byte> kind, string model, long created) =>
        Head(writer, answer.Key, kind, model, created);

    private static void Head(Utf8JsonWriter writer, ulong key, ReadOnlySpan<byte> kind, string model, long created)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, $"chatcmpl-{key:x16}");
        writer.WriteString("object"u8, kind);
        writer.WriteNumber("created"u8, created);
        writer.WriteString("model"u8, model);
    }

    private static void Usage(Utf8JsonWriter writer, Usage usage)
    {
        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("prompt_tokens"u8, usage.Input);
        writer.WriteNumber("completion_tokens"u8, usage.Output);
        writer.WriteNumber("total_tokens"u8, usage.Input + usage.Output);
        writer.WriteEndObject();
    }

    // Only of the verdict's token, which is what is read.
    private static void Logprobs(Utf8JsonWriter writer, IReadOnlyList<TokenChoice>? tokens)
    {
        if (tokens is null)
        {
            writer.WriteNull("logprobs"u8);
            return;
        }

        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("content"u8);
        foreach (TokenChoice token in tokens)
        {
            writer.WriteStartObject();
            Token(writer, token.Token, token.LogProb);
            writer.WriteStartArray("top_logprobs"u8);
            foreach (TokenRival rival in token.Rivals)
            {
                writer.WriteStartObject();
                Token(writer, rival.Token, rival.LogProb);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void Token(Utf8JsonWriter writer, string token, double logprob)
    {
        writer.WriteString("token"u8, token);
        writer.WriteNumber("logprob"u8, logprob);
        writer.WriteNull("bytes"u8);
    }

    private static string ReasoningField(ThinkingForm thinking) => thinking == ThinkingForm.ReasoningContent ? "reasoning_content" : "reasoning";

    private static IEnumerable<string> Pieces(string? text)
    {
        for (int at = 0; at < text?.Length;)
        {
            int length = Math.Min(ChunkCharacters, text.Length - at);
            if (at + length < text.Length && char.IsHighSurrogate(text[at + length - 1]))
            {
                length++;
            }

            yield return text.Substring(at, length);
            at += length;
        }
    }
}
