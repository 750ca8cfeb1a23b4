using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Tribunal.Tournaments;

/// <summary>Where a response's final answer stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AnswerKind>))]
public enum AnswerKind
{
    /// <summary>In the last <c>\boxed{…}</c>.</summary>
    [JsonStringEnumMemberName("boxed")]
    Boxed,

    /// <summary>Where a pattern matches last: its first group, or all of it.</summary>
    [JsonStringEnumMemberName("pattern")]
    Pattern,

    /// <summary>At a path of the JSON document that the response is, or that its last fenced block is.</summary>
    [JsonStringEnumMemberName("json")]
    Json,
}

/// <summary>How final answers are read. Responses with the same answer are one candidate and need no match among them (PairJudge, arXiv 2501.13007).</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TeamOptions
{
    /// <summary>Default: <see cref="AnswerKind.Boxed"/>.</summary>
    public AnswerKind Answer { get; init; } = AnswerKind.Boxed;

    /// <summary>The pattern, for <c>pattern</c>. Matched without backtracking: look-arounds and back-references are refused.</summary>
    public string? Pattern { get; init; }

    /// <summary>The path, for <c>json</c>: names and indexes, as in <c>result.answers[0]</c>; a leading <c>$.</c> may stand.</summary>
    public string? Path { get; init; }
}

/// <summary>Reads final answers. Safe for concurrent use.</summary>
internal sealed class AnswerReader
{
    private const string PatternField = "tournament.teams.pattern";
    private readonly TeamOptions _options;
    private readonly Regex? _pattern;
    private readonly string[] _path = [];

    /// <summary>Compiles the options once.</summary>
    /// <exception cref="ProblemsException">The pattern or the path is missing or wrong.</exception>
    public AnswerReader(TeamOptions options)
    {
        _options = options;
        if (options.Answer == AnswerKind.Pattern)
        {
            if (string.IsNullOrEmpty(options.Pattern))
            {
                throw new ProblemsException([new Problem(PatternField, "is missing")]);
            }

            try
            {
                _pattern = new Regex(options.Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                throw new ProblemsException([new Problem(PatternField, e.Message)], e);
            }
        }
        else if (options.Answer == AnswerKind.Json)
        {
            string path = options.Path ?? "";
            path = path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path;
            _path = path.Replace("[", ".", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal)
                .Split('.', StringSplitOptions.RemoveEmptyEntries);
            if (_path.Length == 0)
            {
                throw new ProblemsException([new Problem("tournament.teams.path", "is missing")]);
            }
        }
    }

    /// <summary>The final answer, white space removed; null where there is none. Never throws.</summary>
    public string? Read(string response)
    {
        string? answer = _options.Answer switch
        {
            AnswerKind.Pattern => Last(response),
            AnswerKind.Json => AtPath(response),
            _ => Boxed(response),
        };
        answer = answer is null ? null : string.Concat(answer.Where(c => !char.IsWhiteSpace(c)));
        return string.IsNullOrEmpty(answer) ? null : answer;
    }

    private static string? Boxed(string text)
    {
        const string open = "\\boxed{";
        int start = text.LastIndexOf(open, StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        start += open.Length;
        int depth = 1;
        for (int i = start; i < text.Length; i++)
        {
            depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return text[start..i].Trim().Trim('$');
            }
        }

        return null;
    }

    private string? Last(string text)
    {
        Match? last = _pattern!.Matches(text).LastOrDefault();
        return last is null ? null : last.Groups.Count > 1 && last.Groups[1].Success ? last.Groups[1].Value : last.Value;
    }

    private string? AtPath(string text)
    {
        string candidate = text;
        int close = text.LastIndexOf("```", StringComparison.Ordinal);
        int open = close <= 0 ? -1 : text.LastIndexOf("```", close - 1, StringComparison.Ordinal);
        if (open >= 0)
        {
            int line = text.IndexOf('\n', open);
            candidate = line > 0 && line < close ? text[line..close] : text;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(candidate);
            JsonElement element = document.RootElement;
            foreach (string step in _path)
            {
                if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(step, out JsonElement member))
                {
                    element = member;
                }
                else if (element.ValueKind == JsonValueKind.Array && int.TryParse(step, out int index) && index >= 0 && index < element.GetArrayLength())
                {
                    element = element[index];
                }
                else
                {
                    return null;
                }
            }

            return element.ValueKind == JsonValueKind.Null ? null : element.ToString();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
