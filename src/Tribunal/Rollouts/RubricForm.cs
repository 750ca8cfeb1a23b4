using System.Text.Json;

namespace Tribunal.Rollouts;

/// <summary>
/// A rubric in JSON: a text; a list of criteria, each a text or <c>{"id","text","weight","kind"}</c>; or an object that holds such a list
/// as <c>criteria</c>, and <c>required</c> (<c>gate</c>, <c>count</c>) and <c>negative</c> (<c>subtract</c>, <c>invert</c>).
/// </summary>
public static class RubricForm
{
    private static readonly string[] OfRubric = ["criteria", "required", "negative"];
    private static readonly string[] OfCriterion = ["id", "text", "weight", "kind"];

    /// <summary>Reads a rubric.</summary>
    /// <exception cref="JsonException">It is none; the message says why.</exception>
    public static Rubric Read(JsonElement root)
    {
        switch (root.ValueKind)
        {
            case JsonValueKind.String:
                return Text(root, "rubric") is var text && !string.IsNullOrWhiteSpace(text) ? Rubric.Of(text) : throw new JsonException("rubric is empty");
            case JsonValueKind.Array:
                return Checked(new Rubric { Criteria = [.. root.EnumerateArray().Select(Criterion)] });
            case JsonValueKind.Object:
                Known(root, OfRubric, "rubric");
                if (!root.TryGetProperty("criteria", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
                {
                    throw new JsonException("rubric.criteria is missing; expected a list");
                }

                return Checked(new Rubric
                {
                    Criteria = [.. list.EnumerateArray().Select(Criterion)],
                    Gates = Choice(root, "required", "gate", "count"),
                    Subtracts = Choice(root, "negative", "subtract", "invert"),
                });
            default:
                throw new JsonException("rubric is a text, a list of criteria, or an object with criteria");
        }
    }

    /// <summary>Writes a rubric in the form that <see cref="Read"/> takes.</summary>
    public static void Write(Utf8JsonWriter writer, Rubric rubric)
    {
        if (rubric.Text is not null)
        {
            writer.WriteStringValue(rubric.Text);
            return;
        }

        writer.WriteStartObject();
        writer.WriteStartArray("criteria");
        foreach (Criterion criterion in rubric.Criteria)
        {
            writer.WriteStartObject();
            writer.WriteString("id", criterion.Id);
            writer.WriteString("text", criterion.Text);
            writer.WriteNumber("weight", criterion.Weight);
            writer.WriteString("kind", Word(criterion.Kind));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        if (!rubric.Gates)
        {
            writer.WriteString("required", "count");
        }

        if (!rubric.Subtracts)
        {
            writer.WriteString("negative", "invert");
        }

        writer.WriteEndObject();
    }

    /// <summary>A rubric as UTF-8 JSON: the same for the same rubric.</summary>
    public static byte[] Bytes(Rubric rubric)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            Write(writer, rubric);
        }

        return bytes.ToArray();
    }

    /// <summary>A kind in words.</summary>
    public static string Word(CriterionKind kind) => kind switch
    {
        CriterionKind.Negative => "negative",
        CriterionKind.Required => "required",
        _ => "positive",
    };

    private static CriterionKind? KindOf(string word) => Enum.GetValues<CriterionKind>().Cast<CriterionKind?>().FirstOrDefault(kind => Word(kind!.Value) == word);

    /// <summary>What is wrong with a rubric; null when nothing is.</summary>
    public static string? WhyNot(Rubric rubric)
    {
        if (rubric.Criteria.Count is 0 or > Rubric.MostCriteria)
        {
            return $"a rubric has 1 to {Rubric.MostCriteria} criteria, not {rubric.Criteria.Count}";
        }

        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (Criterion criterion in rubric.Criteria)
        {
            string? why = criterion.Id.Length is 0 or > 64 || criterion.Id.Any(char.IsControl) ? $"a criterion's id has 1 to 64 characters: '{criterion.Id}'"
                : !ids.Add(criterion.Id) ? $"two criteria have the id {criterion.Id}"
                : string.IsNullOrWhiteSpace(criterion.Text) ? $"criterion {criterion.Id} has no text"
                : criterion.Weight is not (> 0 and <= Rubric.MostWeight) ? $"the weight of criterion {criterion.Id} is above 0 and at most {Rubric.MostWeight:0}, not {criterion.Weight}; a flaw's kind is negative"
                : null;
            if (why is not null)
            {
                return why;
            }
        }

        return null;
    }

    private static Rubric Checked(Rubric rubric) => WhyNot(rubric) is { } why ? throw new JsonException($"rubric: {why}") : rubric;

    private static Criterion Criterion(JsonElement element, int index)
    {
        string id = $"c{index + 1}";
        if (element.ValueKind == JsonValueKind.String)
        {
            return new Criterion(id, Text(element, "rubric"));
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("a criterion is a text, or an object with text");
        }

        Known(element, OfCriterion, "a criterion");
        double weight = 1;
        if (element.TryGetProperty("weight", out JsonElement given) && (given.ValueKind != JsonValueKind.Number || !given.TryGetDouble(out weight)))
        {
            throw new JsonException("a criterion's weight is a number");
        }

        string kind = Member(element, "kind") ?? "positive";
        return new Criterion(
            Member(element, "id") ?? id, Member(element, "text") ?? throw new JsonException("a criterion's text is missing"), weight,
            KindOf(kind) ?? throw new JsonException($"a criterion's kind is positive, negative or required, not {kind}"));
    }

    private static void Known(JsonElement element, string[] names, string what)
    {
        if (element.EnumerateObject().Select(static property => property.Name).FirstOrDefault(name => !names.Contains(name, StringComparer.Ordinal)) is { } unknown)
        {
            throw new JsonException($"{what} has {string.Join(", ", names)}, and no {unknown}");
        }
    }

    private static bool Choice(JsonElement root, string name, string yes, string no) => Member(root, name) is not { } word || word == yes
        || (word == no ? false : throw new JsonException($"rubric.{name} is {yes} or {no}, not {word}"));

    private static string? Member(JsonElement element, string name) => element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? Text(value, name) : null;

    private static string Text(JsonElement value, string name) =>
        value.ValueKind == JsonValueKind.String ? RolloutForm.Text(value) : throw new JsonException($"{name} is not a string");
}
