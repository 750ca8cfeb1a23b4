using System.Text.Json;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Serving;

/// <summary>A chat completion request, as far as the simulator looks at it.</summary>
internal sealed record ChatRequest(SimulatedRequest Request, bool Stream, bool IncludeUsage, bool Logprobs)
{
    /// <summary>Reads a body.</summary>
    /// <exception cref="JsonException">It is no chat completion request; the message says why.</exception>
    public static ChatRequest Read(ReadOnlyMemory<byte> body)
    {
        using JsonDocument document = JsonDocument.Parse(body);
        JsonElement root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("the body is no JSON object");
        }

        var request = new SimulatedRequest
        {
            Model = root.TryGetProperty("model", out JsonElement model) ? RequestTurns.Text(model, "model") : SimulatedJudgeOptions.DefaultModel,
            Messages = root.TryGetProperty("messages", out JsonElement messages) ? RequestTurns.Read(messages) : [],
            Seed = (long)(Number(root, "seed") ?? 0),
            Temperature = Number(root, "temperature") ?? 1,
            MaxTokens = (Number(root, "max_completion_tokens") ?? Number(root, "max_tokens")) is { } budget ? Budget(budget) : null,
        };
        return request.Messages.Count == 0 ? throw new JsonException("messages: at least one is required")
            : request.Temperature is < 0 or > 2 ? throw new JsonException("temperature: 0 to 2")
            : Number(root, "n") is { } n && n != 1 ? throw new JsonException("n: only 1 is served")
            : new ChatRequest(request, Flag(root, "stream"), root.TryGetProperty("stream_options", out JsonElement options) && Flag(options, "include_usage"), Flag(root, "logprobs"));
    }

    private static bool Flag(JsonElement part, string name) => part.ValueKind == JsonValueKind.Object && part.TryGetProperty(name, out JsonElement flag) && flag.ValueKind == JsonValueKind.True;

    private static int Budget(double number) =>
        number is >= 1 and <= int.MaxValue ? (int)number : throw new JsonException("max_tokens: at least 1");

    private static double? Number(JsonElement root, string name) => !root.TryGetProperty(name, out JsonElement number) || number.ValueKind == JsonValueKind.Null ? null
        : number.ValueKind == JsonValueKind.Number ? number.GetDouble()
        : throw new JsonException("a number is required");
}
