using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Known answers in a field that the user names. It holds one of: a value for each response (a list as long, of numbers or true and
/// false; the highest are best); the best response by its field's name, its id, a letter or a number; a list of these; a word for a
/// tie; of a single response a number or true and false. Numbers are those that the responses' own fields have, or count from what
/// the user says: from nothing else.
/// </summary>
internal static partial class LabelFields
{
    private static readonly HashSet<string> Ties = new(StringComparer.OrdinalIgnoreCase)
        { "tie", "ties", "tied", "both", "equal", "same", "draw", "tie (bothbad)", "both_bad", "bothbad", "both bad", "a=b", "b=a" };

    /// <summary>The rollout with the label and the reference that the user's fields hold; without one, where the record has none.</summary>
    /// <exception cref="JsonException">The label says nothing of these responses, or may be read in two ways.</exception>
    public static Rollout Apply(BatchRecord record, Rollout rollout)
    {
        if (record.Fields?.Reference is { } reference)
        {
            rollout = rollout with { Reference = JsonText.TryGetPath(record.Root, reference, out JsonElement text) ? RolloutForm.ReadReference(text, reference) : null };
        }

        if (record.Fields?.Label is not { } name)
        {
            return rollout;
        }

        if (record.Fields.LabelFrom is not (null or 0 or 1))
        {
            throw new JsonException($"labels count from 0 or from 1, not from {record.Fields.LabelFrom}");
        }

        rollout = rollout with { Best = null, Scores = null };
        return JsonText.TryGetPath(record.Root, name, out JsonElement label) ? Read(record, rollout, label, name)
            : OfEach(record.Root, name, rollout.Responses.Count) is { } values ? rollout with { Scores = values, Best = values.Length == 1 ? null : Maxima(values) }
            : rollout;
    }

    // A field of each response's object, as answers.score.
    private static double[]? OfEach(JsonElement root, string path, int responses)
    {
        int dot = path.LastIndexOf('.');
        if (dot < 0 || !JsonText.TryGetPath(root, path[..dot], out JsonElement list) || list.ValueKind != JsonValueKind.Array || list.GetArrayLength() != responses)
        {
            return null;
        }

        double?[] values = [.. list.EnumerateArray().Select(item => item.ValueKind == JsonValueKind.Object && JsonText.TryGet(item, path[(dot + 1)..], out JsonElement value) ? Value(value) : null)];
        return Array.TrueForAll(values, static value => value is not null) ? [.. values.Select(static value => value!.Value)]
            : Array.TrueForAll(values, static value => value is null) ? null
            : throw new JsonException($"{path} is no number, true or false of every response");
    }

    /// <summary>Which responses a word names: a tie's all, or one by its field's name, its letter or its id; null where it names none.</summary>
    public static IReadOnlyList<int>? OfWord(BatchRecord record, IReadOnlyList<Response> responses, string word)
    {
        word = word.Trim();
        if (Ties.Contains(word))
        {
            return [.. Enumerable.Range(0, responses.Count)];
        }

        string[]? names = Names(record, responses.Count);
        for (int i = 0; i < responses.Count; i++)
        {
            if (responses[i].Id == word || (names is not null && (Is(names[i]) || Is(names[i][(names[i].LastIndexOf('.') + 1)..]))))
            {
                return [i];
            }
        }

        if (responses.Count == 2 && word.ToUpperInvariant() is "A>B" or "A>>B" or "B<A" or "LEFT" or "FIRST")
        {
            return [0];
        }

        if (responses.Count == 2 && word.ToUpperInvariant() is "B>A" or "B>>A" or "A<B" or "RIGHT" or "SECOND")
        {
            return [1];
        }

        bool Is(string name) => string.Equals(name, word, StringComparison.OrdinalIgnoreCase);
        return Lettered().Match(word) is { Success: true } match && char.ToLowerInvariant(match.Groups["letter"].ValueSpan[0]) - 'a' is var letter && letter < responses.Count ? [letter] : null;
    }

    /// <summary>Which of the values are the highest; none of none.</summary>
    public static IReadOnlyList<int> Maxima(IReadOnlyList<double> values)
    {
        double max = values.Count == 0 ? 0 : values.Max();
        return [.. Enumerable.Range(0, values.Count).Where(i => values[i] == max)];
    }

    private static Rollout Read(BatchRecord record, Rollout rollout, JsonElement label, string name)
    {
        int count = rollout.Responses.Count;
        if (label.ValueKind == JsonValueKind.Array && label.GetArrayLength() == count && label.EnumerateArray().All(static item => Value(item) is not null))
        {
            double[] values = [.. label.EnumerateArray().Select(static item => Value(item)!.Value)];
            return rollout with { Scores = values, Best = count == 1 ? null : Maxima(values) };
        }

        if (count == 1)
        {
            return rollout with { Scores = [Value(label) ?? throw new JsonException($"{name} is neither a number nor true or false, as the label of a single response is")] };
        }

        IEnumerable<JsonElement> items = label.ValueKind == JsonValueKind.Array ? label.EnumerateArray() : [label];
        return rollout with { Best = [.. items.SelectMany(item => IndexOf(record, rollout, item, name)).Distinct().Order()] };
    }

    private static IReadOnlyList<int> IndexOf(BatchRecord record, Rollout rollout, JsonElement item, string name)
    {
        string? text = item.ValueKind is JsonValueKind.True or JsonValueKind.False ? null : JsonText.Scalar(item);
        if (text is not null && OfWord(record, rollout.Responses, text) is { } said)
        {
            return said;
        }

        if (text is null || !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) || number != Math.Floor(number) || Math.Abs(number) > int.MaxValue)
        {
            throw new JsonException($"{name} is {Short(item)}, which names none of the {rollout.Responses.Count} responses: by a field's name, an id, a letter or a number");
        }

        int first = FirstNumber(Names(record, rollout.Responses.Count)) ?? record.Fields!.LabelFrom
            ?? throw new JsonException($"{name} is the number {text}: --label-from 0 or --label-from 1 says which of them the first response has");
        int index = (int)number - first;
        return index >= 0 && index < rollout.Responses.Count ? [index] : throw new JsonException($"{name} is {text}, and the responses have {first} to {first + rollout.Responses.Count - 1}");
    }

    private static string[]? Names(BatchRecord record, int count)
    {
        string[]? names = record.Fields?.Responses?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? ResponseFields.Numbered(record);
        return names?.Length == count && count > 1 ? names : null;
    }

    // Names that end with 1 and 2, or 0 and 1: what the first ends with.
    private static int? FirstNumber(string[]? names) =>
        names is not null && int.TryParse(Digits().Match(names[0]).ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out int first)
        && names.Select((name, i) => Digits().Match(name).Value == (first + i).ToString(CultureInfo.InvariantCulture)).All(static follows => follows) ? first : null;

    private static double? Value(JsonElement item) => item.ValueKind switch
    {
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.Number => item.GetDouble(),
        JsonValueKind.String when double.TryParse(item.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number) => number,
        _ => null,
    };

    private static string Short(JsonElement item) => item.GetRawText() is { Length: > 40 } text ? $"{text[..40]}…" : item.GetRawText();

    [GeneratedRegex(@"^((model|response|assistant|answer|output|completion|candidate|option|conversation)[ _-]?)?(?<letter>[a-z])$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex Lettered();

    [GeneratedRegex(@"[0-9]{1,3}$", RegexOptions.CultureInvariant)]
    private static partial Regex Digits();
}
