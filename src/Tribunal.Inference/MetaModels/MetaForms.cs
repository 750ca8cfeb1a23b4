using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Endpoints;
using Tribunal.MetaReward;
using Tribunal.Protocols.Chat;
using Tribunal.Rollouts;

namespace Tribunal.Inference.MetaModels;

/// <summary>The wire forms of meta reward models: where to post, what, and how to read the rewards.</summary>
internal static class MetaForms
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The kinds that are tried, in order, when none is set.</summary>
    public static IReadOnlyList<MetaKind> Scalar { get; } = [MetaKind.VllmClassify, MetaKind.SglangClassify, MetaKind.VllmPooling, MetaKind.VllmPoolingTokens, MetaKind.TeiPredict];

    /// <summary>Where a kind is posted to. Scalar interfaces stand beside <c>/v1</c>.</summary>
    public static Uri Address(MetaKind kind, Uri endpoint)
    {
        string root = endpoint.AbsoluteUri.TrimEnd('/');
        string beside = root.EndsWith("/v1", StringComparison.OrdinalIgnoreCase) ? root[..^3] : root;
        return new Uri(kind switch
        {
            MetaKind.Generative => $"{root}/chat/completions",
            MetaKind.VllmPooling or MetaKind.VllmPoolingTokens => $"{beside}/pooling",
            MetaKind.TeiPredict => $"{beside}/predict",
            _ => $"{beside}/classify",
        });
    }

    /// <summary>The request for some texts; for exactly one where the kind is generative.</summary>
    public static ReadOnlyMemory<byte> Write(MetaKind kind, string model, IReadOnlyList<string> texts)
    {
        if (kind == MetaKind.Generative)
        {
            return ChatBody.WriteOpinion(model, [new Message("user", texts[0] + MetaText.Question)]);
        }

        var buffer = new ArrayBufferWriter<byte>(256 + texts.Sum(static t => t.Length));
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            if (model.Length > 0 && kind != MetaKind.TeiPredict)
            {
                writer.WriteString("model"u8, model);
            }

            switch (kind)
            {
                case MetaKind.SglangClassify:
                    Texts(writer, "text"u8, texts);
                    break;
                case MetaKind.TeiPredict:
                    // A list of lists: TEI reads a flat list of two as one pair of texts.
                    writer.WriteStartArray("inputs"u8);
                    foreach (string text in texts)
                    {
                        writer.WriteStartArray();
                        writer.WriteStringValue(text);
                        writer.WriteEndArray();
                    }

                    writer.WriteEndArray();
                    writer.WriteBoolean("raw_scores"u8, true);
                    writer.WriteBoolean("truncate"u8, false);
                    break;
                default:
                    if (kind == MetaKind.VllmPooling)
                    {
                        writer.WriteString("task"u8, "classify"u8);
                    }

                    Texts(writer, "input"u8, texts);
                    writer.WriteBoolean("use_activation"u8, false);
                    break;
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>The request for the reward of a conversation, which the server writes by the model's own chat template.</summary>
    public static ReadOnlyMemory<byte> WriteTurns(MetaKind kind, string model, IReadOnlyList<Message> messages)
    {
        var buffer = new ArrayBufferWriter<byte>(256 + messages.Sum(static m => m.Content.Length));
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            if (model.Length > 0)
            {
                writer.WriteString("model"u8, model);
            }

            if (kind == MetaKind.VllmPooling)
            {
                writer.WriteString("task"u8, "classify"u8);
            }

            writer.WriteStartArray("messages"u8);
            foreach (Message message in messages)
            {
                writer.WriteStartObject();
                writer.WriteString("role"u8, message.Role);
                writer.WriteString("content"u8, message.Content);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteBoolean("use_activation"u8, false);
            writer.WriteEndObject();
        }

        return buffer.WrittenMemory;
    }

    /// <summary>Reads the rewards, one per text in their order; null inside where one has none, null where it is no answer of this kind.</summary>
    public static double?[]? Read(MetaKind kind, ReadOnlyMemory<byte> json, int count, MetaProtocol? protocol = null)
    {
        try
        {
            if (kind == MetaKind.Generative)
            {
                return [Opinion(json, protocol)];
            }

            using JsonDocument document = JsonDocument.Parse(json);
            JsonElement root = document.RootElement;
            return kind switch
            {
                MetaKind.SglangClassify => Each(root, count, static e => e.ValueKind == JsonValueKind.Object && e.TryGetProperty("embedding", out JsonElement values) ? Collapse(Numbers(values)) : null),
                MetaKind.TeiPredict => count == 1 && root is { ValueKind: JsonValueKind.Array } && root.GetArrayLength() > 0 && root[0].ValueKind == JsonValueKind.Object
                    ? [Labelled(root)]
                    : Each(root, count, Labelled),
                MetaKind.VllmPooling or MetaKind.VllmPoolingTokens => Data(root, count, "data"),
                _ => Data(root, count, "probs"),
            };
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    private static void Texts(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (string text in texts)
        {
            writer.WriteStringValue(text);
        }

        writer.WriteEndArray();
    }

    private static double?[]? Data(JsonElement root, int count, string member)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out JsonElement data) || data.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        double?[] rewards = new double?[count];
        bool any = false;
        int at = 0;
        foreach (JsonElement item in data.EnumerateArray())
        {
            if (item.ValueKind == JsonValueKind.Array && at < count)
            {
                // Infinity's /classify: the labels of each text, in the order of the texts.
                rewards[at++] = Labelled(item);
                any = true;
                continue;
            }

            if (item.ValueKind != JsonValueKind.Object)
            {
                return null;
            }

            int index = item.TryGetProperty("index", out JsonElement given) ? given.TryGetInt32(out int value) ? value : -1 : at;
            at++;
            if (index >= 0 && index < count && item.TryGetProperty(member, out JsonElement values))
            {
                rewards[index] = Collapse(Numbers(values));
                any = true;
            }
        }

        return any ? rewards : null;
    }

    private static double?[]? Each(JsonElement root, int count, Func<JsonElement, double?> read)
    {
        if (root.ValueKind != JsonValueKind.Array || root.GetArrayLength() != count)
        {
            return null;
        }

        double?[] rewards = [.. root.EnumerateArray().Select(read)];
        return Array.TrueForAll(rewards, static r => r is null) ? null : rewards;
    }

    // TEI sorts the labels by score.
    private static double? Labelled(JsonElement list) =>
        list.ValueKind != JsonValueKind.Array ? null
        : Collapse([.. list.EnumerateArray()
            .OrderBy(static e => e.GetProperty("label").GetString(), StringComparer.Ordinal)
            .Select(static e => Number(e.GetProperty("score")))]);

    // Of a number for each token the last one's is the text's.
    private static double[] Numbers(JsonElement values) =>
        values.ValueKind != JsonValueKind.Array ? [Number(values)]
        : values.GetArrayLength() > 0 && values[values.GetArrayLength() - 1] is { ValueKind: JsonValueKind.Array } last ? Numbers(last)
        : [.. values.EnumerateArray().Select(Number)];

    // Servers write null for what is none, and one such text must not cost the others of its request their rewards.
    private static double Number(JsonElement value) => value.ValueKind == JsonValueKind.Number ? value.GetDouble() : double.NaN;

    // One logit is the reward; of two classes (unsound, sound) it is their difference; more have no order.
    private static double? Collapse(double[] logits)
    {
        double? reward = logits switch
        {
            [double only] => only,
            [double unsound, double sound] => sound - unsound,
            _ => null,
        };
        return reward is { } value && double.IsFinite(value) ? value : null;
    }

    private static double? Opinion(ReadOnlyMemory<byte> json, MetaProtocol? protocol)
    {
        using var answer = new ChatAnswer();
        answer.Add(json.Span);
        return TokenProbabilities.Of(answer.ToReply().Tokens, [.. protocol?.Yes ?? ["yes"]], [.. protocol?.No ?? ["no"]]);
    }
}
