using System.Globalization;
using System.Text.Json;

namespace Tribunal.Infra;

/// <summary>Reads values of a configuration; what can't be used is refused by its key.</summary>
/// <param name="get">The value of a key, or null.</param>
/// <param name="path">What stands before a key where it is named to a person; empty at the top.</param>
internal sealed class ConfigurationReader(Func<string, string?> get, string path = "")
{
    /// <summary>The objects of a JSON map, each with a reader of its own; fields that nobody reads are refused by <see cref="RefuseOthers"/>.</summary>
    /// <exception cref="ArgumentException">The value is no map of objects.</exception>
    public IEnumerable<(string Name, ConfigurationReader Reader, Action RefuseOthers)> Map(string key)
    {
        if (Optional(key) is not { } text)
        {
            return [];
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateObject().Select(entry => Open(key, entry))];
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"{path}{key}: not a map of names to objects: {exception.Message}", exception);
        }
    }

    public string? Optional(string key) => get(key) is { } text && text.Trim() is { Length: > 0 } trimmed ? trimmed : null;

    public string Required(string key) => Optional(key) ?? throw new ArgumentException($"{path}{key}: set it with 'pulumi config set {key} …'");

    public string Text(string key, string absent) => Optional(key) ?? absent;

    public string[] List(string key) =>
        Optional(key)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>Pairs such as <c>A=1,B=2</c>.</summary>
    public Dictionary<string, string> Pairs(string key) => List(key).Select(pair => pair.Split('=', 2)).ToDictionary(
        parts => parts[0], parts => parts.Length == 2 ? parts[1] : throw new ArgumentException($"{path}{key}: '{parts[0]}' has no value (NAME=VALUE)"), StringComparer.Ordinal);

    public bool Flag(string key) => OneOf(key, "false", "true") == "true";

    public string OneOf(string key, string absent, params string[] others)
    {
        string text = Text(key, absent);
        return text == absent || others.Contains(text)
            ? text
            : throw new ArgumentException($"{path}{key}: '{text}' is not one of {absent}, {string.Join(", ", others)}");
    }

    public int Integer(string key, int absent, int least, int most) => (int)Number(key, absent, least, most, NumberStyles.Integer);

    public double Number(string key, double absent, double least, double most, NumberStyles styles = NumberStyles.Float)
    {
        if (Optional(key) is not { } text)
        {
            return absent;
        }

        return double.TryParse(text, styles, CultureInfo.InvariantCulture, out double value) && value >= least && value <= most
            ? value
            : throw new ArgumentException($"{path}{key}: '{text}' is not a {(styles == NumberStyles.Integer ? "whole number" : "number")} from {least} to {most}");
    }

    private (string, ConfigurationReader, Action) Open(string key, JsonProperty entry)
    {
        Dictionary<string, string> fields = entry.Value.EnumerateObject().ToDictionary(
            field => field.Name, field => field.Value.ValueKind == JsonValueKind.String ? field.Value.GetString()! : field.Value.GetRawText(), StringComparer.Ordinal);
        HashSet<string> asked = new(StringComparer.Ordinal);
        string inside = $"{path}{key}.{entry.Name}.";
        return (entry.Name, new ConfigurationReader(Get, inside), RefuseOthers);

        string? Get(string field)
        {
            asked.Add(field);
            return fields.GetValueOrDefault(field);
        }

        void RefuseOthers()
        {
            if (fields.Keys.FirstOrDefault(field => !asked.Contains(field)) is { } unknown)
            {
                throw new ArgumentException($"{inside}{unknown}: there is no such setting of a judge");
            }
        }
    }
}
