using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// Verdicts in a judge's own words, for clients that parse them themselves: numbers, letters and words in the forms that judges are asked for.
/// A vote keeps one of the answers and puts the voted numbers where that one's numbers stand.
/// </summary>
internal static partial class JudgeAnswers
{
    private const int LongestWord = 24;

    /// <summary>A judge's verdict.</summary>
    /// <param name="Kind">Answers of one kind can be voted on together.</param>
    /// <param name="Numbers">The numbers, in the order in which they stand; empty where words decide.</param>
    /// <param name="Word">The word, in lower case; null where numbers decide.</param>
    /// <param name="Places">Where the numbers stand in the text; null in JSON.</param>
    public sealed record Found(string Kind, double[] Numbers, string? Word, (int At, int Length)[]? Places);

    /// <summary>What an answer says; null where it can't be a verdict.</summary>
    public static Found? Read(string answer)
    {
        int from = Start(answer);
        return Json(answer[from..]) is { } json ? OfJson(json) : OfText(answer, from);
    }

    /// <summary>The numbers of an answer, put in their places.</summary>
    public static string With(string answer, Found found, double[] numbers, bool whole)
    {
        string[] texts = [.. numbers.Select(number => (whole ? Math.Round(number, MidpointRounding.AwayFromZero) : Math.Round(number, 4)).ToString(CultureInfo.InvariantCulture))];
        if (found.Places is { } places)
        {
            for (int i = places.Length - 1; i >= 0; i--)
            {
                answer = answer[..places[i].At] + texts[i] + answer[(places[i].At + places[i].Length)..];
            }

            return answer;
        }

        int from = Start(answer);
        JsonNode json = Json(answer[from..])!;
        int at = 0;
        foreach (JsonValue leaf in Leaves(json).Where(static leaf => leaf.GetValueKind() == JsonValueKind.Number).ToArray())
        {
            JsonNode? number = JsonNode.Parse(texts[at++]);
            if (leaf.Parent is JsonArray items)
            {
                items[leaf.GetElementIndex()] = number;
            }
            else if (leaf.Parent is JsonObject members)
            {
                members[leaf.GetPropertyName()] = number;
            }
        }

        return answer[..from] + json.ToJsonString();
    }

    // Thinking is no answer.
    private static int Start(string answer) => answer.LastIndexOf("</think>", StringComparison.Ordinal) is var end and >= 0 ? end + "</think>".Length : 0;

    private static JsonNode? Json(string answer)
    {
        string text = Fenced().Match(answer) is { Success: true } fence ? fence.Groups["json"].Value : answer.Trim();
        if (text is not (['{', .., '}'] or ['[', .., ']']))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static Found? OfJson(JsonNode json)
    {
        JsonValue[] leaves = [.. Leaves(json)];
        double[] numbers = [.. leaves.Where(static leaf => leaf.GetValueKind() == JsonValueKind.Number).Select(static leaf => leaf.GetValue<double>())];
        string[] words = [.. leaves.Where(IsWord).Select(static leaf => leaf.ToString().ToLowerInvariant())];
        string shape = string.Join(',', leaves.Where(static leaf => leaf.GetValueKind() == JsonValueKind.Number || IsWord(leaf)).Select(static leaf => leaf.GetPath()));
        return numbers.Length > 0 ? new Found($"json {shape} {string.Join(',', words)}", numbers, null, null)
            : words.Length > 0 ? new Found($"json {shape}", [], string.Join(", ", words), null)
            : null;
    }

    // What a judge says of its verdict is none, however short.
    private static bool IsWord(JsonValue leaf) => !(leaf.Parent is JsonObject && Remark().IsMatch(leaf.GetPropertyName())) && leaf.GetValueKind() switch
    {
        JsonValueKind.True or JsonValueKind.False => true,
        JsonValueKind.String => leaf.GetValue<string>() is { Length: > 0 and <= LongestWord } text && !text.Contains(' ', StringComparison.Ordinal),
        _ => false,
    };

    private static IEnumerable<JsonValue> Leaves(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(static member => Leaves(member.Value)),
        JsonArray items => items.SelectMany(Leaves),
        JsonValue value => [value],
        _ => [],
    };

    private static Found? OfText(string answer, int from)
    {
        string said = answer[from..];
        foreach (Regex form in (Regex[])[Box(), Brackets(), Tag(), Labelled(), Alone(), Leading()])
        {
            if (form.Matches(said) is { Count: > 0 } matches && Of(matches[^1].Groups["verdict"], form, from) is { } found)
            {
                return found;
            }
        }

        return null;
    }

    private static Found? Of(Group verdict, Regex form, int from)
    {
        string text = verdict.Value.Trim();
        MatchCollection numbers = Number().Matches(verdict.Value);
        if (numbers.Count > 0 && Number().Replace(text, "").All(static c => char.IsWhiteSpace(c) || c is ',' or ';' or '[' or ']'))
        {
            return new Found(
                $"{Name(form)} {numbers.Count}", [.. numbers.Select(static number => double.Parse(number.ValueSpan, CultureInfo.InvariantCulture))], null,
                [.. numbers.Select(number => (from + verdict.Index + number.Index, number.Length))]);
        }

        return text.Length is > 0 and <= LongestWord && text.Any(char.IsLetter) ? new Found(Name(form), [], text.ToLowerInvariant(), null) : null;
    }

    private static string Name(Regex form) => form == Box() ? "boxed" : form == Brackets() ? "brackets" : form == Tag() ? "tag" : form == Labelled() ? "label" : "alone";

    [GeneratedRegex("expla|reason|rationale|comment|justif|feedback|analysis|thought|critique", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Remark();

    [GeneratedRegex(@"```(?:json)?\s*(?<json>[{\[].*[}\]])\s*```\s*\z", RegexOptions.Singleline)]
    private static partial Regex Fenced();

    [GeneratedRegex(@"\\boxed\{(?<verdict>[^{}]{1,200})\}", RegexOptions.NonBacktracking)]
    private static partial Regex Box();

    [GeneratedRegex(@"\[\[(?<verdict>[^\[\]\n]{1,60})\]\]", RegexOptions.NonBacktracking)]
    private static partial Regex Brackets();

    [GeneratedRegex(@"<(?:answer|score|verdict|rating|result)>(?<verdict>[^<>]{1,100})</", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\b(?:scores?|rating|grade|reward|verdict|winner|judg(?:e)?ment|correct|label)\b[ \t*_""'`]{0,6}[:=][ \t*_""'`]{0,6}(?<verdict>-?\d+(?:\.\d+)?(?:[ \t]*,[ \t]*-?\d+(?:\.\d+)?)*|[A-Za-z][A-Za-z0-9_]{0,23}\b)", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Labelled();

    [GeneratedRegex(@"\A[\s*_""'`\[(]*(?<verdict>yes|no|true|false|correct|incorrect|right|wrong|pass|fail|tie|[A-E]|-?\d+(?:\.\d+)?)[\s*_""'`.\])!]*\z", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Alone();

    [GeneratedRegex(@"\A[\s*_""'`]*(?<verdict>yes|no)[ \t]*[,.:;!\n]", RegexOptions.NonBacktracking | RegexOptions.IgnoreCase)]
    private static partial Regex Leading();

    [GeneratedRegex(@"-?\d+(?:\.\d+)?", RegexOptions.NonBacktracking)]
    private static partial Regex Number();
}
