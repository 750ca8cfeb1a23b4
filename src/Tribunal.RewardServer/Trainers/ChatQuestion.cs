using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>What of a chat request is a question that several answers can vote on.</summary>
internal static class ChatQuestion
{
    private const int UsualTokens = 4096;

    // What of a request says nothing of the answer.
    private static readonly string[] Idle = ["user", "metadata", "store", "service_tier", "parallel_tool_calls", "safety_identifier", "prompt_cache_key", "tool_choice", "function_call"];

    // What makes an answer something else than one text.
    private static readonly string[] Others = ["tools", "functions", "logprobs", "top_logprobs", "prompt_logprobs", "audio", "best_of", "use_beam_search", "echo", "return_token_ids"];

    /// <summary>Why a request can't be voted on; null where it can.</summary>
    public static string? WhyNot(ChatRequest request)
    {
        if (request.N is > 1)
        {
            return "'n' above 1 asks for several answers";
        }

        if (Others.FirstOrDefault(name => request.More?.TryGetValue(name, out JsonElement value) == true && !IsNothing(value)) is { } other)
        {
            return $"'{other}' asks for more than a text";
        }

        if (request.More?.TryGetValue("modalities", out JsonElement kinds) == true && kinds.ValueKind == JsonValueKind.Array && kinds.EnumerateArray().Any(static kind => kind.ValueKind != JsonValueKind.String || kind.GetString() != "text"))
        {
            return "'modalities' asks for more than a text";
        }

        return request.Messages?.Any(static turn => !IsText(turn)) == true ? "a turn is no text" : null;
    }

    /// <summary>The question's name: the same for the same request, streamed or not.</summary>
    public static string KeyOf(ReadOnlyMemory<byte> body)
    {
        JsonObject request = JsonNode.Parse(WholeText.Of(body).Span)!.AsObject();
        foreach (string name in (string[])["stream", "stream_options", .. Idle])
        {
            request.Remove(name);
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request.ToJsonString())));
    }

    /// <summary>The question, as the client samples it; what it doesn't say is the protocol's own, which is made for voting.</summary>
    public static JudgeQuestion Of(ChatRequest request, SamplingDefaults usual)
    {
        string? schema = SchemaOf(request);
        var more = new JsonObject();
        foreach ((string name, JsonElement value) in request.More ?? [])
        {
            if (!Idle.Contains(name, StringComparer.Ordinal) && !Others.Contains(name, StringComparer.Ordinal) && value.ValueKind != JsonValueKind.Null)
            {
                more.Add(name, JsonNode.Parse(value.GetRawText()));
            }
        }

        if (schema is null && request.ResponseFormat is { ValueKind: JsonValueKind.Object } format)
        {
            more.Add("response_format", JsonNode.Parse(format.GetRawText()));
        }

        return new JudgeQuestion
        {
            Messages = [.. request.Messages!.Select(RolloutForm.ReadTurn)],
            Temperature = request.Temperature ?? usual.Temperature,
            TopP = request.TopP ?? usual.TopP,
            MaxTokens = request.MaxCompletionTokens ?? request.MaxTokens ?? UsualTokens,
            Fields = schema is null && more.Count == 0 ? null : new RequestFields { Schema = schema, More = more.Count == 0 ? null : more.ToJsonString() },
        };
    }

    /// <summary>The schema that the answer has to follow; null for none.</summary>
    public static string? SchemaOf(ChatRequest request) =>
        request.ResponseFormat is { ValueKind: JsonValueKind.Object } format && format.TryGetProperty("json_schema", out JsonElement named) && named.ValueKind == JsonValueKind.Object && named.TryGetProperty("schema", out JsonElement given)
            ? given.GetRawText()
            : null;

    private static bool IsNothing(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Number => value.TryGetInt32(out int number) && number is 0 or 1,
        _ => false,
    };

    private static bool IsText(JsonElement turn)
    {
        if (turn.ValueKind != JsonValueKind.Object || (turn.TryGetProperty("role", out JsonElement role) && role.ValueKind == JsonValueKind.String && role.GetString() is "tool" or "function"))
        {
            return turn.ValueKind != JsonValueKind.Object;
        }

        bool calls = turn.TryGetProperty("tool_calls", out JsonElement tools) && !IsNothing(tools);
        return !calls && (!turn.TryGetProperty("content", out JsonElement content) || content.ValueKind != JsonValueKind.Array
            || content.EnumerateArray().All(static part => part.ValueKind == JsonValueKind.Object && part.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() == "text"));
    }
}
