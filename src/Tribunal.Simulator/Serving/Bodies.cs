using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>Response bodies as the servers that are played write them.</summary>
internal static class Bodies
{
    private const int ChunkCharacters = 96;
    private const string Whole = "chat.completion";

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A whole chat completion.</summary>
    public static byte[] Completion(SimulatedAnswer answer, string model, long created)
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = answer.Refusal is null ? answer.Text : null };
        if (answer.Refusal is not null)
        {
            message["refusal"] = answer.Refusal;
        }

        if (answer.Reasoning is not null)
        {
            message["reasoning"] = answer.Reasoning;
        }

        return Bytes(Chat(answer.Key, Whole, model, created, Choice("message", message, answer.Tokens, answer.Finish), answer.Usage));
    }

    /// <summary>The pieces of a streamed completion, each a server-sent event: role, thinking, content, finish, usage, done.</summary>
    public static List<byte[]> Events(SimulatedAnswer answer, string model, long created, bool includeUsage)
    {
        var events = new List<byte[]>();
        Piece(new JsonObject { ["role"] = "assistant", ["content"] = "" });
        foreach (string piece in Pieces(answer.Reasoning))
        {
            Piece(new JsonObject { ["reasoning"] = piece });
        }

        string[] pieces = [.. Pieces(answer.Text)];
        for (int i = 0; i < pieces.Length; i++)
        {
            Piece(new JsonObject { ["content"] = pieces[i] }, i == pieces.Length - 1 ? answer.Tokens : null);
        }

        if (answer.Refusal is not null)
        {
            Piece(new JsonObject { ["refusal"] = answer.Refusal });
        }

        Piece([], finish: answer.Finish);
        if (includeUsage)
        {
            Event(null, answer.Usage);
        }

        events.Add("data: [DONE]\n\n"u8.ToArray());
        return events;

        void Piece(JsonObject delta, IReadOnlyList<TokenChoice>? tokens = null, string? finish = null) => Event(Choice("delta", delta, tokens, finish), null);

        void Event(JsonObject? choice, Usage? usage) =>
            events.Add([.. "data: "u8, .. Bytes(Chat(answer.Key, "chat.completion.chunk", model, created, choice, usage)), .. "\n\n"u8]);
    }

    /// <summary>A generative meta judge's completion: one token, with the log-probabilities of both words.</summary>
    public static byte[] Opinion(ulong key, string model, long created, double probability, (string Yes, string No) words, Usage usage)
    {
        (string said, string other) = probability >= 0.5 ? (words.Yes, words.No) : (words.No, words.Yes);
        double likely = Math.Max(probability, 1 - probability);
        TokenRival[] rivals = [new(said, Math.Log(likely)), new(other, Math.Max(Math.Log(1 - likely), -100))];
        var message = new JsonObject { ["role"] = "assistant", ["content"] = said };
        return Bytes(Chat(key, Whole, model, created, Choice("message", message, [new TokenChoice(said, rivals[0].LogProb, rivals)], "stop"), usage));
    }

    /// <summary>Meta rewards in the form they were asked for.</summary>
    public static byte[] MetaRewards(MetaRequest request, IReadOnlyList<double> rewards, ulong key, long created, Usage usage)
    {
        return Bytes(request.Form switch
        {
            MetaForm.SglangClassify => Each(rewards, static (reward, _) => new JsonObject { ["embedding"] = new JsonArray(reward) }),

            // A single input is answered with its own list, a batch with a list of lists.
            MetaForm.TeiPredict => Each(rewards, (reward, _) => rewards.Count > 1 ? new JsonArray(Scored(reward)) : Scored(reward)),
            MetaForm.VllmPooling => Listed("pool", Each(rewards, static (reward, i) => new JsonObject { ["index"] = i, ["object"] = "pooling", ["data"] = new JsonArray(reward) })),
            _ => Listed("classify", Each(rewards, static (reward, i) => new JsonObject { ["index"] = i, ["label"] = "LABEL_0", ["num_classes"] = 1, ["probs"] = new JsonArray(reward) })),
        });

        static JsonObject Scored(double reward) => new() { ["score"] = reward, ["label"] = "LABEL_0" };

        JsonObject Listed(string kind, JsonArray data) => new()
        {
            ["id"] = $"{kind}-{key:x16}", ["object"] = "list", ["created"] = created, ["model"] = request.Model, ["data"] = data, ["usage"] = Tokens(usage),
        };
    }

    /// <summary>An error as OpenAI-compatible servers word it.</summary>
    public static byte[] Error(string message, string type, int code) => Bytes(new JsonObject
    {
        ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code },
    });

    /// <summary>The models served.</summary>
    public static byte[] Models(IReadOnlyList<string> models, long created, int context) => Bytes(new JsonObject
    {
        ["object"] = "list",
        ["data"] = Each(models, (model, _) => new JsonObject
        {
            ["id"] = model, ["object"] = "model", ["created"] = created, ["owned_by"] = "tribunal-simulator", ["max_model_len"] = context,
        }),
    });

    private static JsonObject Chat(ulong key, string kind, string model, long created, JsonObject? choice, Usage? usage)
    {
        var body = new JsonObject
        {
            ["id"] = $"chatcmpl-{key:x16}", ["object"] = kind, ["created"] = created, ["model"] = model, ["choices"] = choice is null ? new JsonArray() : new JsonArray(choice),
        };
        if (usage is { } tokens)
        {
            body["usage"] = Tokens(tokens);
        }

        return body;
    }

    // Log-probabilities only of the verdict's token, which is what is read.
    private static JsonObject Choice(string part, JsonObject said, IReadOnlyList<TokenChoice>? tokens, string? finish) => new()
    {
        ["index"] = 0,
        [part] = said,
        ["logprobs"] = tokens is null ? null : new JsonObject
        {
            ["content"] = Each(tokens, static (token, _) =>
            {
                JsonObject chosen = Token(token.Token, token.LogProb);
                chosen["top_logprobs"] = Each(token.Rivals, static (rival, _) => Token(rival.Token, rival.LogProb));
                return chosen;
            }),
        },
        ["finish_reason"] = finish,
    };

    private static JsonObject Token(string token, double logprob) => new() { ["token"] = token, ["logprob"] = logprob, ["bytes"] = null };

    private static JsonObject Tokens(Usage usage) => new() { ["prompt_tokens"] = usage.Input, ["completion_tokens"] = usage.Output, ["total_tokens"] = usage.Input + usage.Output };

    private static JsonArray Each<T>(IReadOnlyList<T> items, Func<T, int, JsonNode> form) => new([.. items.Select(form)]);

    private static byte[] Bytes(JsonNode body)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Plain))
        {
            body.WriteTo(writer);
        }

        return bytes.ToArray();
    }

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
