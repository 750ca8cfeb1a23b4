using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Serving;

/// <summary>The forms in which scalar reward models are asked, told apart by path and fields.</summary>
internal enum MetaForm
{
    /// <summary>vLLM's <c>/classify</c>: <c>data[i].probs</c>.</summary>
    VllmClassify,

    /// <summary>vLLM's <c>/pooling</c>: <c>data[i].data</c>.</summary>
    VllmPooling,

    /// <summary>SGLang's <c>/classify</c>: <c>[{"embedding":[r]}]</c>.</summary>
    SglangClassify,

    /// <summary>text-embeddings-inference's <c>/predict</c>: <c>[{"score","label"}]</c>.</summary>
    TeiPredict,
}

/// <summary>A request to a scalar reward model, in any of the known forms.</summary>
/// <param name="Form">The form it has.</param>
/// <param name="Model">The model it names.</param>
/// <param name="Asked">What is asked about: each text as a user's turn, or the one conversation.</param>
/// <param name="Activation">Whether rewards are wanted as probabilities.</param>
internal sealed record MetaRequest(MetaForm Form, string Model, IReadOnlyList<IReadOnlyList<Message>> Asked, bool Activation)
{
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

        string model = root.TryGetProperty("model", out JsonElement name) && name.ValueKind == JsonValueKind.String ? RequestTurns.Text(name, "model") : "simulated-meta";
        if (path == "predict")
        {
            return new MetaRequest(MetaForm.TeiPredict, model, Texts(root, "inputs"), !(Flag(root, "raw_scores") ?? false));
        }

        if (path == "classify" && root.TryGetProperty("text", out _))
        {
            return new MetaRequest(MetaForm.SglangClassify, model, Texts(root, "text"), Activation: false);
        }

        return new MetaRequest(
            path == "pooling" ? MetaForm.VllmPooling : MetaForm.VllmClassify,
            model,
            root.TryGetProperty("messages", out JsonElement messages) ? [RequestTurns.Read(messages)] : Texts(root, "input"),
            Flag(root, "use_activation") ?? Flag(root, "activation") ?? true);
    }

    private static bool? Flag(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean() : null;

    // TEI also takes pairs and wraps each input of a batch in a list of its own.
    private static IReadOnlyList<Message>[] Texts(JsonElement root, string name) => !root.TryGetProperty(name, out JsonElement value) ? throw new JsonException($"{name}: required")
        : value.ValueKind == JsonValueKind.String ? [[new Message("user", RequestTurns.Text(value, name))]]
        : value.ValueKind != JsonValueKind.Array ? throw new JsonException("a text or a list of texts is required")
        : [.. value.EnumerateArray().Select(one => (IReadOnlyList<Message>)[new Message("user", Joined(one, name))])];

    private static string Joined(JsonElement value, string name) => value.ValueKind == JsonValueKind.Array
        ? string.Join('\n', value.EnumerateArray().Select(one => Joined(one, name)))
        : value.ValueKind == JsonValueKind.String ? RequestTurns.Text(value, name)
        : throw new JsonException("a text is required");
}
