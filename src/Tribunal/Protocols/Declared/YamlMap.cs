using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Tribunal.Protocols.Declared;

/// <summary>A mapping of a YAML file whose every key has to be known, and whose errors say where they are and what was expected.</summary>
internal sealed class YamlMap
{
    private readonly YamlMappingNode _node;
    private readonly Dictionary<string, YamlNode> _values = new(StringComparer.Ordinal);

    /// <summary>A mapping.</summary>
    /// <param name="what">What it is, for messages.</param>
    /// <param name="known">The keys that it may have.</param>
    /// <exception cref="ProtocolFileException">It is no mapping, or has a key that is not known.</exception>
    public YamlMap(YamlNode node, string what, params string[] known)
    {
        _node = node as YamlMappingNode ?? throw Error(node, $"{what} is expected to be a mapping of {string.Join(", ", known)}");
        foreach ((YamlNode key, YamlNode value) in _node.Children)
        {
            string name = key is YamlScalarNode { Value: { } scalar } ? scalar : "";
            if (!known.Contains(name))
            {
                throw Error(key, $"unknown key '{name}' in {what}; expected one of {string.Join(", ", known)}");
            }

            _values.Add(name, value);
        }
    }

    /// <summary>Where it stands.</summary>
    public FilePlace Place => At(_node);

    /// <summary>Where a node stands.</summary>
    public static FilePlace At(YamlNode node) => new((int)Math.Max(1, node.Start.Line), (int)Math.Max(1, node.Start.Column));

    /// <summary>An error at a node.</summary>
    public static ProtocolFileException Error(YamlNode node, string message) => new(At(node), message);

    /// <summary>Whether a key is there.</summary>
    public bool Has(string key) => _values.ContainsKey(key);

    /// <summary>Where a key's value stands; the mapping where there is none.</summary>
    public FilePlace PlaceOf(string key) => At(_values.GetValueOrDefault(key) ?? _node);

    /// <summary>A key's node; null where there is none.</summary>
    public YamlNode? Node(string key) => _values.GetValueOrDefault(key);

    /// <summary>A text.</summary>
    public string? Text(string key) => _values.TryGetValue(key, out YamlNode? node) ? Scalar(node, key) : null;

    /// <summary>A text that has to be there.</summary>
    public string Required(string key) => Text(key) is { } text && !string.IsNullOrWhiteSpace(text) ? text
        : throw Error(_values.GetValueOrDefault(key) ?? _node, $"'{key}' is missing; expected a text");

    /// <summary>A number.</summary>
    public double? Number(string key) => _values.TryGetValue(key, out YamlNode? node) ? ToNumber(node, key) : null;

    /// <summary>A number out of a node.</summary>
    public static double ToNumber(YamlNode node, string what) =>
        double.TryParse(Scalar(node, what), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Error(node, $"{what}: '{Scalar(node, what)}' is no number");

    /// <summary>Yes or no; no where it is not there.</summary>
    public bool Flag(string key) => Text(key) switch
    {
        null or "false" => false,
        "true" => true,
        var other => throw Error(_values[key], $"{key}: expected true or false, not '{other}'"),
    };

    /// <summary>One of some words.</summary>
    public T? Choice<T>(string key, params (string Word, T Value)[] words)
        where T : struct => Text(key) is not { } text ? null
            : Array.FindIndex(words, choice => choice.Word == text) is var at and >= 0 ? words[at].Value
            : throw Error(_values[key], $"{key}: expected {string.Join(", ", words.Select(static choice => choice.Word))}, not '{text}'");

    /// <summary>The nodes of a list; empty where it is not there.</summary>
    public IEnumerable<YamlNode> List(string key) => !_values.TryGetValue(key, out YamlNode? node) ? []
        : node is YamlSequenceNode sequence ? sequence.Children
        : throw Error(node, $"{key}: expected a list");

    /// <summary>The entries of a mapping in it; empty where it is not there.</summary>
    public IEnumerable<KeyValuePair<YamlNode, YamlNode>> Entries(string key) => !_values.TryGetValue(key, out YamlNode? node) ? []
        : node is YamlMappingNode mapping ? mapping.Children
        : throw Error(node, $"{key}: expected a mapping");

    /// <summary>A text out of a node.</summary>
    public static string Scalar(YamlNode node, string what) =>
        node is YamlScalarNode { Value: { } value } ? value : throw Error(node, $"{what}: expected a text");
}
