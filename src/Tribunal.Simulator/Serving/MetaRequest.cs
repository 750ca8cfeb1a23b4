using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Serving;

/// <summary>A request to a scalar reward model, in any of the known forms.</summary>
internal sealed record MetaRequest(MetaForm Form, string Model, IReadOnlyList<string> Texts, bool Activation)
{
    /// <summary>What is asked about: each text as a user's turn, or the one conversation.</summary>
    public IReadOnlyList<IReadOnlyList<Message>> Asked { get; private init; } = [.. Texts.Select(static text => (IReadOnlyList<Message>)[new Message("user", text)])];

    /// <summary>Reads a body by the path it came to.</summary>
    /// <param name="path">What it was posted to: <c>classify</c>, <c>pooling</c> or <c>predict</c>.</param>
    /// <param name="root">The body.</param>
    /// <exception cref="JsonException">It has none of the known forms.</exception>
    public static MetaRequest Read(string path, JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("the body is no JSON object");
        }

        string model = root.TryGetProperty("model", out JsonElement name) && name.ValueKind == JsonValueKind.String ? Text(name) : "simulated-meta";
        if (path == "predict")
        {
            bool raw = Flag(root, "raw_scores") ?? false;
            return new MetaRequest(MetaForm.TeiPredict, model, ReadTexts(Field(root, "inputs")), !raw);
        }

        if (path == "classify" && root.TryGetProperty("text", out JsonElement texts))
        {
            return new MetaRequest(MetaForm.SglangClassify, model, ReadTexts(texts), Activation: false);
        }

        MetaForm form = path == "pooling" ? MetaForm.VllmPooling : MetaForm.VllmClassify;
        bool activation = Flag(root, "use_activation") ?? Flag(root, "activation") ?? true;
        return root.TryGetProperty("messages", out JsonElement messages)
            ? new MetaRequest(form, model, [Conversation(messages)], activation) { Asked = [[.. messages.EnumerateArray().Select(static m => new Message(Role(m), Content(m)))]] }
            : new MetaRequest(form, model, ReadTexts(Field(root, "input")), activation);
    }

    private static JsonElement Field(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) ? value : throw new JsonException($"{name}: required");

    private static bool? Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    private static List<string> ReadTexts(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return [Text(value)];
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("a text or a list of texts is required");
        }

        // TEI also takes pairs and wraps each input of a batch in a list of its own.
        return [.. value.EnumerateArray().Select(static v => v.ValueKind == JsonValueKind.Array ? string.Join('\n', ReadTexts(v)) : Text(v))];
    }

    private static string Conversation(JsonElement messages)
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw new JsonException("messages: a list is required");
        }

        return string.Join('\n', messages.EnumerateArray().Select(static m => Content(m)));
    }

    private static string Role(JsonElement message) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String ? Text(role) : "user";

    private static string Content(JsonElement message)
    {
        if (message.ValueKind != JsonValueKind.Object || !message.TryGetProperty("content", out JsonElement content))
        {
            return "";
        }

        return content.ValueKind == JsonValueKind.Array
            ? string.Join('\n', content.EnumerateArray().Select(static p => p.ValueKind == JsonValueKind.Object && p.TryGetProperty("text", out JsonElement text) ? Text(text) : ""))
            : Text(content);
    }

    private static string Text(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new JsonException("a text is required");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException exception)
        {
            throw new JsonException("broken surrogate pair", exception);
        }
    }
}
