using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// A path into a JSON object: keys with dots between them, and <c>[key=value]</c> for the element of a list whose key says so:
/// <c>scores[trajectory_id=1].score</c>. Keys are compared as they are written, so that no escape hides one.
/// </summary>
internal sealed partial record JsonPath(IReadOnlyList<JsonStep> Steps)
{
    /// <summary>Reads a path.</summary>
    /// <exception cref="ProtocolFileException">It is none.</exception>
    public static JsonPath Parse(string text, FilePlace place)
    {
        var steps = new List<JsonStep>();
        foreach (string part in text.Split('.'))
        {
            Match match = Step().Match(part);
            if (!match.Success)
            {
                throw new ProtocolFileException(place, $"'{part}' is no part of a JSON path; expected a key, or key[key=value]");
            }

            steps.Add(new JsonStep(match.Groups["key"].Value, match.Groups["by"].Success ? match.Groups["by"].Value : null, match.Groups["is"].Value));
        }

        return new JsonPath(steps);
    }

    /// <summary>The first key of an (escaped) path.</summary>
    public static string FirstKey(string text) => text.Split(@"\.")[0].Split(@"\[")[0];

    /// <summary>The value at the path, as text; null where there is none.</summary>
    public string? In(JsonElement root)
    {
        JsonElement at = root;
        foreach (JsonStep step in Steps)
        {
            if (Member(at, step.Key) is not { } member)
            {
                return null;
            }

            at = member;
            if (step.By is { } by)
            {
                // Two elements of one name are none.
                JsonElement[] chosen = at.ValueKind == JsonValueKind.Array ? [.. at.EnumerateArray().Where(element => Member(element, by) is { } said && Text(said) == step.Is)] : [];
                if (chosen is not [var only])
                {
                    return null;
                }

                at = only;
            }
        }

        return Text(at);
    }

    // A key that stands twice says two things.
    private static JsonElement? Member(JsonElement of, string key)
    {
        JsonProperty[] found = of.ValueKind == JsonValueKind.Object
            ? [.. of.EnumerateObject().Where(property => JsonMarshal.GetRawUtf8PropertyName(property).SequenceEqual(Encoding.UTF8.GetBytes(key)))] : [];
        return found is [var only] ? only.Value : null;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.TryGetDouble(out double number) ? number.ToString("0.################", CultureInfo.InvariantCulture) : null,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    [GeneratedRegex(@"\A(?<key>[^\[\]=""\\]+)(?:\[(?<by>[^\[\]=""\\]+)=(?<is>[^\[\]]*)\])?\z")]
    private static partial Regex Step();
}

/// <summary>A step of a path: a member, and by what an element of its list is chosen.</summary>
internal sealed record JsonStep(string Key, string? By, string Is);

/// <summary>The JSON objects of an answer: with prose around them, in a code fence or bare.</summary>
internal static class JsonAnswers
{
    // Prose with braces in it costs a scan each; an answer with more of them is no answer in JSON.
    private const int MostTries = 64;

    /// <summary>What the outermost objects say that have the paths.</summary>
    /// <param name="used">How many of them are asked for.</param>
    /// <param name="exactly">How many of them there must be and no more; null where it doesn't matter.</param>
    public static IEnumerable<IReadOnlyList<string>> In(string answer, JsonPath[] paths, int used, int? exactly)
    {
        int tries = 0;
        for (int at = answer.IndexOf('{', StringComparison.Ordinal); at >= 0 && tries < MostTries; at = at < answer.Length ? answer.IndexOf('{', at) : -1)
        {
            tries++;
            int end = End(answer, at);
            if (end < 0 || Parse(answer[at..end]) is not { } document)
            {
                at++;
                continue;
            }

            using (document)
            {
                at = end;
                string?[] texts = [.. paths.Take(used).Select(path => Say(path, document.RootElement))];
                bool more = exactly is { } count && paths.Length > count && Say(paths[count], document.RootElement) is not null;
                if (Array.TrueForAll(texts, static text => text is not null) && !more)
                {
                    yield return texts!;
                }
            }
        }
    }

    // A string with half a surrogate pair is JSON, and no text.
    private static string? Say(JsonPath path, JsonElement root)
    {
        try
        {
            return path.In(root);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static JsonDocument? Parse(string text)
    {
        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Disallow });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static int End(string text, int open)
    {
        int depth = 0;
        bool quoted = false;
        for (int i = open; i < text.Length; i++)
        {
            char c = text[i];
            if (quoted)
            {
                i += c == '\\' ? 1 : 0;
                quoted = c != '"';
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c == '{')
            {
                depth++;
            }
            else if (c == '}' && --depth == 0)
            {
                return i + 1;
            }
        }

        return -1;
    }
}
