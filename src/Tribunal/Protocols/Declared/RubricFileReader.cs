using System.Text.Json;
using Tribunal.Rollouts;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// Reads rubric files. YAML or JSON: <c>criteria</c> (for all), <c>domains</c> (by domain), <c>rollouts</c> (by id), each a rubric as rollouts
/// carry them (<see cref="RubricForm"/>); or lines of JSON, <c>{"id","rubric"}</c>, <c>{"domain","rubric"}</c> or <c>{"rubric"}</c>, as
/// <c>tribunal rubric write</c> writes them.
/// </summary>
public static class RubricFileReader
{
    /// <summary>Reads a file's text.</summary>
    /// <exception cref="ProtocolFileException">It can't be used; the message says where and what was expected.</exception>
    public static RubricSet Read(string text) => IsLines(text) ? Lines(text) : Whole(text);

    private static bool IsLines(string text)
    {
        ReadOnlySpan<char> first = text.AsSpan().TrimStart();
        int end = first.IndexOf('\n');
        first = (end < 0 ? first : first[..end]).TrimEnd();
        return first is ['{', .., '}'] && first.Contains("\"rubric\"", StringComparison.Ordinal);
    }

    private static RubricSet Lines(string text)
    {
        var rollouts = new Dictionary<string, Rubric>(StringComparer.Ordinal);
        var domains = new Dictionary<string, Rubric>(StringComparer.Ordinal);
        Rubric? others = null;
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (string.IsNullOrWhiteSpace(lines[i]))
            {
                continue;
            }

            var place = new FilePlace(i + 1, 1);
            try
            {
                using JsonDocument document = JsonDocument.Parse(lines[i]);
                JsonElement root = document.RootElement;
                if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("rubric", out JsonElement given))
                {
                    throw new JsonException("expected an object with rubric, and id or domain");
                }

                Rubric rubric = RubricForm.Read(given);
                if (Name(root, "id") is { } id)
                {
                    Add(rollouts, id, rubric, place);
                }
                else if (Name(root, "domain") is { } domain)
                {
                    Add(domains, domain, rubric, place);
                }
                else
                {
                    others = others is null ? rubric : throw new JsonException("a second rubric for all rollouts");
                }
            }
            catch (JsonException exception)
            {
                throw new ProtocolFileException(place, exception.Message);
            }
        }

        return new RubricSet { Rollouts = rollouts, Domains = domains, Others = others };
    }

    private static string? Name(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static void Add(Dictionary<string, Rubric> to, string name, Rubric rubric, FilePlace place)
    {
        if (!to.TryAdd(name, rubric))
        {
            throw new ProtocolFileException(place, $"{name} has two rubrics");
        }
    }

    private static RubricSet Whole(string text)
    {
        YamlNode root = ProtocolFileReader.Load(text);
        if (root is YamlSequenceNode or YamlScalarNode)
        {
            return new RubricSet { Others = Of(root) };
        }

        var map = new YamlMap(root, "a rubric file", "criteria", "required", "negative", "domains", "rollouts", "note");
        var set = new RubricSet
        {
            Others = map.Has("criteria") ? Of(root, map) : null,
            Domains = map.Entries("domains").ToDictionary(static entry => YamlMap.Scalar(entry.Key, "domains"), static entry => Of(entry.Value), StringComparer.Ordinal),
            Rollouts = map.Entries("rollouts").ToDictionary(static entry => YamlMap.Scalar(entry.Key, "rollouts"), static entry => Of(entry.Value), StringComparer.Ordinal),
        };
        return set.Others is not null || set.Domains.Count > 0 || set.Rollouts.Count > 0 ? set
            : throw new ProtocolFileException(map.Place, "the file holds no rubric; expected criteria, domains or rollouts");
    }

    private static Rubric Of(YamlNode node) => node switch
    {
        YamlScalarNode { Value: { } text } => string.IsNullOrWhiteSpace(text) ? throw YamlMap.Error(node, "the rubric is empty") : Rubric.Of(text.TrimEnd('\n')),
        YamlSequenceNode list => Checked(node, new Rubric { Criteria = [.. list.Children.Select(Criterion)] }),
        _ => Of(node, new YamlMap(node, "a rubric", "criteria", "required", "negative")),
    };

    private static Rubric Of(YamlNode node, YamlMap map) => Checked(node, new Rubric
    {
        Criteria = [.. map.List("criteria").Select(Criterion)],
        Gates = map.Choice("required", ("gate", true), ("count", false)) ?? true,
        Subtracts = map.Choice("negative", ("subtract", true), ("invert", false)) ?? true,
    });

    private static Rubric Checked(YamlNode node, Rubric rubric) => RubricForm.WhyNot(rubric) is { } why ? throw YamlMap.Error(node, why) : rubric;

    private static Criterion Criterion(YamlNode node, int index)
    {
        string id = $"c{index + 1}";
        if (node is YamlScalarNode)
        {
            return new Criterion(id, YamlMap.Scalar(node, "a criterion"));
        }

        var map = new YamlMap(node, "a criterion", "id", "text", "weight", "kind");
        return new Criterion(
            map.Text("id") ?? id, map.Required("text").TrimEnd('\n'), map.Number("weight") ?? 1,
            map.Choice("kind", ("positive", CriterionKind.Positive), ("negative", CriterionKind.Negative), ("required", CriterionKind.Required)) ?? CriterionKind.Positive);
    }
}
