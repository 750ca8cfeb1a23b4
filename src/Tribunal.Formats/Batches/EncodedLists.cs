using System.Text.Json;

namespace Tribunal.Formats.Batches;

/// <summary>Lists that stand in a text, as tables without nested columns keep them.</summary>
internal static class EncodedLists
{
    private static readonly JsonDocumentOptions Json = new() { MaxDepth = 64 };
    private static readonly string[] TurnWords = ["'role'", "'content'", "'from'", "'value'"];

    /// <summary>The turns that a text holds as JSON; null where it is a text.</summary>
    /// <exception cref="JsonException">It holds turns as Python prints them.</exception>
    public static JsonElement? Turns(string text)
    {
        ReadOnlySpan<char> trimmed = text.AsSpan().Trim();
        if (trimmed.EndsWith("}]") && trimmed.StartsWith("[{'") && Array.Exists(TurnWords, word => text.Contains(word, StringComparison.Ordinal)))
        {
            throw new JsonException($"a list of turns is written as Python prints it, which is not JSON: {PythonAdvice}");
        }

        return Parsed(trimmed) is { } list && list.GetArrayLength() > 0 && list.EnumerateArray().All(Batches.Turns.IsTurn) ? list : null;
    }

    /// <summary>The list of texts, objects or lists that a text holds as JSON; null where it holds none.</summary>
    public static JsonElement? Of(string text) =>
        Parsed(text.AsSpan().Trim()) is { } list && list.GetArrayLength() > 0
        && list.EnumerateArray().All(static item => item.ValueKind is JsonValueKind.String or JsonValueKind.Object or JsonValueKind.Array) ? list : null;

    /// <summary>What to do with a list that Python printed.</summary>
    public const string PythonAdvice = "make lists of such columns before writing, in Python by ast.literal_eval";

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
