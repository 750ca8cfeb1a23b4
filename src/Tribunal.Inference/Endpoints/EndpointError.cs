using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Inference.Chat;
using Tribunal.Inference.Resilience;

namespace Tribunal.Inference.Endpoints;

/// <summary>What an endpoint says when it refuses: sorted, and fit to be shown (one line, bounded, without keys).</summary>
internal static partial class EndpointError
{
    private const int MostBytes = 16 * 1024;
    private const int MostCharacters = 500;

    private static readonly HashSet<string> ConfigurationCodes = new(StringComparer.OrdinalIgnoreCase)
    {
        "model_not_found", "unknown_model", "unavailable_model", "DeploymentNotFound", "invalid_model", "model_not_supported",
        "unsupported_parameter", "unknown_parameter", "unsupported_value", "unrecognized_parameter", "extra_forbidden", "invalid_api_key",
    };

    /// <summary>Reads the body of a failed request and sorts it.</summary>
    public static async Task<Attempt<T>> ReadAsync<T>(WireResponse response, string? key, TimeProvider time, CancellationToken cancellationToken)
    {
        (string code, string words) = await BoundedBody.ReadAsync(
            response.Body, response.Length, MostBytes, cut: true, static (bytes, _) => Words(bytes.Span), 0, cancellationToken);
        return Sort<T>(response.Status, code, words, key) with { RetryAfter = RetryAfter.Read(response.RetryAfter, time.GetUtcNow()) };
    }

    /// <summary>Sorts an error object that came inside a stream or with status 200.</summary>
    public static Attempt<T> FromObject<T>(ReadOnlySpan<byte> error, string? key)
    {
        (string code, string words) = Words(error);
        return Sort<T>(int.TryParse(code, out int status) && status is >= 400 and < 600 ? status : 500, code, words, key);
    }

    /// <summary>One line of at most 500 characters in which neither the key nor anything that looks like one stands.</summary>
    public static string Fit(string words, string? key)
    {
        if (key is { Length: > 0 })
        {
            words = words.Replace(key, "[key]", StringComparison.Ordinal);
        }

        words = KeyLike().Replace(words, "[key]");
        var line = new StringBuilder(Math.Min(words.Length, MostCharacters));
        foreach (Rune rune in words.EnumerateRunes())
        {
            if (line.Length >= MostCharacters)
            {
                line.Append('…');
                break;
            }

            bool space = Rune.IsControl(rune) || Rune.IsWhiteSpace(rune);
            if (!space)
            {
                line.Append(rune.ToString());
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.ToString().TrimEnd();
    }

    private static Attempt<T> Sort<T>(int status, string code, string words, string? key)
    {
        string fit = Fit(words, key);
        string detail = fit.Length == 0 ? $"HTTP {status}" : $"HTTP {status}: {fit}";
        Ending ending = status switch
        {
            429 => code is "insufficient_quota" or "billing_hard_limit_reached" ? Ending.Rejected : Ending.Throttled,
            408 => Ending.TimedOut,
            501 or 505 => Ending.Rejected,
            >= 500 => Ending.Unavailable,
            400 or 413 or 422 => ConfigurationCodes.Contains(code) ? Ending.Rejected : Ending.Refused,
            >= 300 and < 400 => Ending.Rejected,
            _ => Ending.Rejected,
        };
        return new Attempt<T>(ending, Detail: detail);
    }

    // {"error":{"message","code"|"type"}} (OpenAI, Azure, newer vLLM), {"message","code"} (older vLLM), {"detail"} (FastAPI),
    // {"error":"…","error_type"} (TEI), {"error":{…}}'s inner object itself, or plain text.
    private static (string Code, string Words) Words(ReadOnlySpan<byte> body)
    {
        string text = Encoding.UTF8.GetString(body);
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            JsonElement root = document.RootElement;
            if (root.ValueKind == JsonValueKind.String)
            {
                return ("", root.GetString()!);
            }

            if (root.ValueKind != JsonValueKind.Object)
            {
                return ("", text);
            }

            if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind is JsonValueKind.Object or JsonValueKind.String)
            {
                if (error.ValueKind == JsonValueKind.String)
                {
                    return (Member(root, "error_type") ?? "", error.GetString()!);
                }

                root = error;
            }

            string code = Member(root, "code") ?? Member(root, "type") ?? "";
            if (root.TryGetProperty("detail", out JsonElement detail) && detail.ValueKind == JsonValueKind.Array
                && detail.GetArrayLength() > 0 && detail[0].ValueKind == JsonValueKind.Object)
            {
                code = Member(detail[0], "type") ?? code;
            }

            return (code, Member(root, "message") ?? Member(root, "detail") ?? text);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return ("", text);
        }
    }

    private static string? Member(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value)
            ? value.ValueKind switch
            {
                JsonValueKind.String => value.GetString(),
                JsonValueKind.Null => null,
                _ => value.GetRawText(),
            }
            : null;

    [GeneratedRegex(@"\b(?:sk-|pk-|hf_|Bearer\s+)[A-Za-z0-9_\-\.\*]{6,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyLike();
}
