using System.Buffers;
using System.Text.Json;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>A chat completion request, as far as the simulator looks at it.</summary>
internal sealed record ChatRequest(SimulatedRequest Request, bool Stream, bool IncludeUsage, bool Logprobs)
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is no chat completion request; the message says why.</exception>
    public static ChatRequest Read(ReadOnlySequence<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("the body is no JSON object");
        }

        var chat = new ChatRequest(new SimulatedRequest { Model = SimulatedJudgeOptions.DefaultModel, Messages = [], Temperature = 1 }, false, false, false);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            chat = ReadMember(ref reader, chat);
        }

        return chat.Request.Messages.Count == 0 ? throw new JsonException("messages: at least one is required")
            : chat.Request.Temperature is < 0 or > 2 ? throw new JsonException("temperature: 0 to 2")
            : chat;
    }

    private static ChatRequest ReadMember(ref Utf8JsonReader reader, ChatRequest chat)
    {
        SimulatedRequest request = chat.Request;
        string name = reader.GetString()!;
        reader.Read();
        switch (name)
        {
            case "messages":
                return chat with { Request = request with { Messages = ReadMessages(ref reader) } };
            case "model":
                return chat with { Request = request with { Model = Text(ref reader, "model") } };
            case "seed":
                return chat with { Request = request with { Seed = Number(ref reader) is { } seed ? (long)seed : 0 } };
            case "temperature":
                return chat with { Request = request with { Temperature = Number(ref reader) ?? 1 } };
            case "max_tokens" or "max_completion_tokens":
                return Number(ref reader) is { } budget ? chat with { Request = request with { MaxTokens = Budget(budget) } } : chat;
            case "stream":
                return chat with { Stream = reader.TokenType == JsonTokenType.True };
            case "logprobs":
                return chat with { Logprobs = reader.TokenType == JsonTokenType.True };
            case "stream_options":
                return chat with { IncludeUsage = IncludesUsage(ref reader) };
            case "n":
                return Number(ref reader) is { } n && n != 1 ? throw new JsonException("n: only 1 is served") : chat;
            default:
                reader.Skip();
                return chat;
        }
    }

    private static List<Message> ReadMessages(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("messages: a list is required");
        }

        var messages = new List<Message>();
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            string role = "user";
            string content = "";
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (reader.ValueTextEquals("role"u8))
                {
                    reader.Read();
                    role = Text(ref reader, "role");
                }
                else if (reader.ValueTextEquals("content"u8))
                {
                    reader.Read();
                    content = Content(ref reader);
                }
                else
                {
                    reader.Read();
                    reader.Skip();
                }
            }

            messages.Add(new Message(role, content));
        }

        return messages;
    }

    /// <summary>A content: a string, or parts of which the texts are joined, as the clients' libraries send it.</summary>
    internal static string Content(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return "";
        }

        if (reader.TokenType == JsonTokenType.String)
        {
            return Text(ref reader, "content");
        }

        if (reader.TokenType != JsonTokenType.StartArray)
        {
            throw new JsonException("content: a string or a list of parts");
        }

        var parts = new List<string>(1);
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool text = reader.ValueTextEquals("text"u8);
                reader.Read();
                if (text)
                {
                    parts.Add(Text(ref reader, "text"));
                }
                else
                {
                    reader.Skip();
                }
            }
        }

        return parts is [string only] ? only : string.Join('\n', parts);
    }

    private static bool IncludesUsage(ref Utf8JsonReader reader)
    {
        bool included = false;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            return false;
        }

        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool usage = reader.ValueTextEquals("include_usage"u8);
            reader.Read();
            included |= usage && reader.TokenType == JsonTokenType.True;
            reader.Skip();
        }

        return included;
    }

    private static int Budget(double number) =>
        number is >= 1 and <= int.MaxValue ? (int)number : throw new JsonException("max_tokens: at least 1");

    private static double? Number(ref Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.Null => null,
        JsonTokenType.Number when reader.TryGetInt64(out long whole) => whole,
        JsonTokenType.Number => reader.GetDouble(),
        _ => throw new JsonException("a number is required"),
    };

    internal static string Text(ref Utf8JsonReader reader, string name)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException($"{name}: a string is required");
        }

        // An escaped lone surrogate is valid JSON and no valid text.
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException($"{name}: broken surrogate pair", exception);
        }
    }
}
