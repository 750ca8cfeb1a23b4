using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Chat;

/// <summary>
/// What an error body says, in the endpoint's own words, those of the provider behind a router included. Reads
/// <c>{"error":{"message","code"|"type"}}</c> (OpenAI, Azure, newer vLLM), <c>{"message","code"}</c> (older vLLM), <c>{"detail"}</c>
/// (FastAPI), <c>{"error":"…","error_type"}</c> (TEI), <c>{"error_code","error_msg"}</c> (Baidu), <c>{"base_resp":{"status_msg"}}</c> (MiniMax),
/// <c>{"errors":[{"message"}]}</c> (Cloudflare), the inner object of an error itself, any of them in a list (Gemini), or plain text; beside it
/// <c>metadata.raw</c> and <c>metadata.reasons</c> (OpenRouter), <c>innererror</c> (Azure) and <c>details</c> (Google).
/// </summary>
/// <param name="Code">The code, or the type; empty for none.</param>
/// <param name="Text">The words, neither bounded nor cleaned yet.</param>
/// <param name="IsFiltered">Whether a content filter or a moderation refuses what the request holds.</param>
public readonly partial record struct EndpointWords(string Code, string Text, bool IsFiltered)
{
    private const int MostCharacters = 500;

    private static readonly string[] Messages = ["message", "detail", "error_message", "error_msg", "status_msg", "msg"];

    /// <summary>The type, where there is one beside the code; empty for none.</summary>
    public string Type { get; init; } = "";

    /// <summary>The HTTP status that the body names, 400..599; null for none.</summary>
    public int? Status { get; init; }

    /// <summary>The words, fit to be shown.</summary>
    public string Shown => Line(Text, key: null);

    /// <summary>One line of at most 500 characters in which neither the key nor anything that looks like one stands.</summary>
    public static string Line(string words, string? key)
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

    /// <summary>Reads a body.</summary>
    public static EndpointWords Of(ReadOnlySpan<byte> body)
    {
        string text = Encoding.UTF8.GetString(body).TrimStart('\uFEFF');
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return Of(document.RootElement, text);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            return new EndpointWords("", text, Filter().IsMatch(text));
        }
    }

    private static EndpointWords Of(JsonElement root, string text)
    {
        if (root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0 && root[0].ValueKind == JsonValueKind.Object)
        {
            root = root[0];
        }

        if (root.ValueKind == JsonValueKind.String)
        {
            string said = root.GetString()!;
            return new EndpointWords("", said, Filter().IsMatch(said));
        }

        if (root.ValueKind != JsonValueKind.Object)
        {
            return new EndpointWords("", text, IsFiltered: false);
        }

        if (root.TryGetProperty("error", out JsonElement error) && error.ValueKind == JsonValueKind.String)
        {
            string said = error.GetString()!;
            return new EndpointWords(Member(root, "error_type") ?? "", said, Filter().IsMatch(said));
        }

        root = Inner(root);
        string type = Member(root, "type") ?? Member(root, "error_type") ?? Member(root, "status") ?? "";
        string code = Reason(root) ?? Member(root, "code") ?? Member(root, "error_code") ?? Member(root, "status_code") ?? type;
        List<string> words = [Array.ConvertAll(Messages, name => Member(root, name)).FirstOrDefault(static said => !string.IsNullOrEmpty(said)) ?? text];
        bool flagged = AddProvider(root, words) | AddInner(root, words);

        // Google gives the wait as a detail; in words it is read with everybody's.
        words.AddRange(Details(root, "details", "retryDelay").Where(static delay => delay.Length is > 0 and < 32).Select(static delay => $"retry in {delay}"));
        string all = string.Join(": ", words.Distinct(StringComparer.Ordinal));
        return new EndpointWords(code, all, flagged || Filter().IsMatch(code) || Filter().IsMatch(all)) { Type = type, Status = StatusIn(root) };
    }

    // Where the message and the code stand.
    private static JsonElement Inner(JsonElement root)
    {
        foreach (string name in (ReadOnlySpan<string>)["error", "base_resp"])
        {
            if (root.TryGetProperty(name, out JsonElement inner) && inner.ValueKind == JsonValueKind.Object)
            {
                return inner;
            }
        }

        return root.TryGetProperty("errors", out JsonElement list) && list.ValueKind == JsonValueKind.Array && list.GetArrayLength() > 0 && list[0].ValueKind == JsonValueKind.Object ? list[0] : root;
    }

    private static int? StatusIn(JsonElement error) => ((string[])["code", "http_code", "status_code", "status"])
        .Select(name => int.TryParse(Member(error, name), NumberStyles.None, CultureInfo.InvariantCulture, out int status) ? status : (int?)null)
        .FirstOrDefault(static status => status is >= 400 and < 600);

    // What a list of details says more exactly than the code: FastAPI's, also inside Mistral's message, and Google's.
    private static string? Reason(JsonElement error)
    {
        JsonElement holder = error.TryGetProperty("message", out JsonElement message) && message.ValueKind == JsonValueKind.Object ? message : error;
        return Details(holder, "detail", "type").Concat(Details(holder, "details", "reason")).FirstOrDefault();
    }

    // What the objects of a list say under a name.
    private static IEnumerable<string> Details(JsonElement error, string list, string name) =>
        !error.TryGetProperty(list, out JsonElement details) || details.ValueKind != JsonValueKind.Array ? []
        : details.EnumerateArray().Where(static detail => detail.ValueKind == JsonValueKind.Object).Select(detail => Member(detail, name)).OfType<string>();

    // A router's message often says no more than that the provider said something.
    private static bool AddProvider(JsonElement error, List<string> words)
    {
        if (!error.TryGetProperty("metadata", out JsonElement metadata) || metadata.ValueKind != JsonValueKind.Object)
        {
            return false;
        }

        if (Member(metadata, "raw") is { Length: > 0 } raw)
        {
            words.Add(Of(Encoding.UTF8.GetBytes(raw)).Text);
        }

        if (metadata.TryGetProperty("reasons", out JsonElement reasons) && reasons.ValueKind == JsonValueKind.Array)
        {
            words.Add(string.Join(", ", reasons.EnumerateArray().Select(static reason => reason.ToString())));
            return true;
        }

        return metadata.TryGetProperty("flagged_input", out _);
    }

    private static bool AddInner(JsonElement error, List<string> words)
    {
        bool filtered = false;
        foreach (string name in (ReadOnlySpan<string>)["innererror", "inner_error"])
        {
            if (!error.TryGetProperty(name, out JsonElement inner) || inner.ValueKind != JsonValueKind.Object)
            {
                continue;
            }

            if ((Member(inner, "message") ?? Member(inner, "code")) is { Length: > 0 } said)
            {
                words.Add(said);
            }

            foreach (string results in (ReadOnlySpan<string>)["content_filter_result", "content_filter_results"])
            {
                if (inner.TryGetProperty(results, out JsonElement categories) && categories.ValueKind == JsonValueKind.Object)
                {
                    filtered = true;
                    words.AddRange(categories.EnumerateObject()
                        .Where(static category => category.Value.ValueKind == JsonValueKind.Object && category.Value.TryGetProperty("filtered", out JsonElement set) && set.ValueKind == JsonValueKind.True)
                        .Select(static category => category.Name));
                }
            }
        }

        return filtered;
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

    [GeneratedRegex(
        @"content[_ -]?(?:management|policy|filter)|contentpolicyviolation|responsibleaipolicy|data_?inspection_?failed|\bmoderation\b|\bwas flagged\b|\bflagged (?:as|for|by)\b|safety system|usage polic(?:y|ies)|inappropriate content|guardrail",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Filter();

    [GeneratedRegex(@"\b(?:sk-|pk-|hf_|Bearer\s+)[A-Za-z0-9_\-\.\*]{6,}", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex KeyLike();
}
