using System.Text.Json;

namespace Tribunal.Formats.Batches;

/// <summary>Lists that stand in a text, as tables without nested columns keep them.</summary>
internal static class EncodedLists
{
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };
    private static readonly string[] TurnWords = ["'role'", "'content'", "'from'", "'value'"];

    /// <summary>The turns that each of the texts holds as JSON; null where one is a text, since what a model has written may look like turns.</summary>
    /// <exception cref="JsonException">All of them hold turns as Python prints them.</exception>
    public static IReadOnlyList<JsonElement>? Turns(params ReadOnlySpan<string> texts)
    {
        var lists = new List<JsonElement>(texts.Length);
        int python = 0;
        foreach (string text in texts)
        {
            python += IsPython(text) ? 1 : 0;
            if (Parsed(text.AsSpan().Trim()) is { } list && list.GetArrayLength() > 0 && list.EnumerateArray().All(Batches.Turns.IsTurn))
            {
                lists.Add(list);
            }
        }

        return python == texts.Length ? throw new JsonException($"a list of turns is written as Python prints it, which is not JSON: {PythonAdvice}")
            : lists.Count == texts.Length ? lists
            : null;
    }

    /// <summary>The list of texts, objects or lists that a text holds as JSON; null where it holds none.</summary>
    public static JsonElement? Of(string text) =>
        Parsed(text.AsSpan().Trim()) is { } list && list.GetArrayLength() > 0
        && list.EnumerateArray().All(static item => item.ValueKind is JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array) ? list : null;

    /// <summary>What to do with a list that Python printed.</summary>
    public const string PythonAdvice = "make lists of such columns before writing, in Python by ast.literal_eval";

    private static bool IsPython(string text) =>
        text.AsSpan().Trim() is var trimmed && trimmed.StartsWith("[{'") && trimmed.EndsWith("}]") && Array.Exists(TurnWords, word => text.Contains(word, StringComparison.Ordinal));

    private static JsonElement? Parsed(ReadOnlySpan<char> text)
    {
        if (!text.StartsWith("[") || !text.EndsWith("]"))
        {
            return null;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text.ToString(), Json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
