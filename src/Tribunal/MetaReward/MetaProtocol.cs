using System.Collections.Frozen;
using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using YamlDotNet.RepresentationModel;

namespace Tribunal.MetaReward;

/// <summary>
/// How a meta reward model is asked and read, out of a file (<c>docs/judges.md</c>): its turns, and whether the reward is the endpoint's own
/// number or the probability of one word against another. What a rollout or a critique holds can end none of the file's sections.
/// Stateless and safe for concurrent use.
/// </summary>
public sealed partial class MetaProtocol
{
    private const string Extension = ".meta";
    private static readonly string[] Placeholders = ["conversation", "responses", "critique", "count"];
    private static readonly FrozenSet<string> Known = [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
        .Where(static name => name.EndsWith(Extension, StringComparison.Ordinal)).Select(static name => name[..^Extension.Length])];

    private readonly Inert _inert;
    private readonly (string Role, string Text)[] _messages;

    private MetaProtocol(string name, string text, (string Role, string Text)[] messages)
    {
        (Name, Text, _messages) = (name, text, messages);

        // A critique is fenced as a response is.
        _inert = new Inert(rule: null, messages.Select(static message => DeclaredText.Parse(message.Text.Replace("{{critique}}", "{{response}}", StringComparison.Ordinal), default)));
    }

    /// <summary>The protocols of the catalog.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Known.Order(StringComparer.Ordinal)];

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>The file.</summary>
    public string Text { get; }

    /// <summary>The words of a sound critique; empty where the endpoint's own number is the reward.</summary>
    public IReadOnlyList<string> Yes { get; private init; } = [];

    /// <summary>The words of an unsound one.</summary>
    public IReadOnlyList<string> No { get; private init; } = [];

    /// <summary>Whether the probability of a word is the reward, in [0, 1].</summary>
    public bool ByWords => Yes.Count > 0;

    /// <summary>Tokens that may come before the word, and the word's own; 1 or more.</summary>
    public int MaxTokens { get; private init; } = 1;

    /// <summary>Whether it is one user message, which interfaces without turns take as a text.</summary>
    public bool OneText => _messages is [{ Role: "user" }];

    /// <summary>Whether turns go to vLLM's <c>/pooling</c> instead of <c>/classify</c>.</summary>
    public bool Pools { get; private init; }

    /// <summary>A protocol of the catalog.</summary>
    /// <exception cref="ArgumentException">There is none of the name.</exception>
    public static MetaProtocol Of(string name)
    {
        if (!Known.Contains(name))
        {
            throw new ArgumentException($"unknown meta protocol '{name}' (known: {string.Join(", ", Names)})", nameof(name));
        }

        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + Extension)!;
        using var reader = new StreamReader(stream);
        return Read(reader.ReadToEnd());
    }

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="ProtocolFileException">It can't be used; the message says where and what was expected.</exception>
    public static MetaProtocol Read(string text)
    {
        var map = new YamlMap(ProtocolFileReader.Root(text), "a meta protocol file", "meta", "title", "source", "messages", "read", "interface", "max-tokens");
        string name = ProtocolFileReader.Name(map, "meta");
        _ = map.Required("title");
        (string, string)[] messages = [.. map.List("messages").Select(Message)];
        CheckShown(map, messages);
        (string[] yes, string[] no) = Words(map);
        double most = map.Number("max-tokens") ?? 1;
        return new MetaProtocol(name, text, messages)
        {
            Yes = yes,
            No = no,
            MaxTokens = most is >= 1 and <= 65_536 && (most == 1 || yes.Length > 0) ? (int)most
                : throw new ProtocolFileException(map.PlaceOf("max-tokens"), "max-tokens: expected 1 to 65536, of a protocol that reads words"),
            Pools = map.Choice("interface", ("classify", false), ("pooling", true)) ?? false,
        };
    }

    /// <summary>What is sent about a judgement.</summary>
    public IReadOnlyList<Message> Compose(Rollout rollout, TracedJudgement judgement)
    {
        InertRollout inert = _inert.Of(rollout, rollout.Responses.Count);
        string critique = _inert.Of(new Rollout { Id = rollout.Id, Prompt = [], Responses = [new Response(judgement.Text ?? "")] }, 1).Responses[0].Text;
        return [.. _messages.Select(message => new Message(message.Role, Placeholder().Replace(message.Text, match => match.Groups["name"].Value switch
        {
            "conversation" => MetaText.Conversation(rollout, inert),
            "responses" => MetaText.Responses(rollout, judgement, inert),
            "critique" => critique,
            _ => judgement.Order.Count.ToString(CultureInfo.InvariantCulture),
        })))];
    }

    private static (string Role, string Text) Message(YamlNode node)
    {
        var map = new YamlMap(node, "a message", "role", "text");
        string text = map.Required("text");
        foreach (Match match in Placeholder().Matches(text))
        {
            if (!Placeholders.Contains(match.Groups["name"].Value, StringComparer.Ordinal))
            {
                throw new ProtocolFileException(map.PlaceOf("text"), $"unknown placeholder {match.Value}; expected one of {string.Join(", ", Placeholders)}");
            }
        }

        return map.Required("role") is "system" or "user" or "assistant" ? (map.Required("role"), text)
            : throw new ProtocolFileException(map.PlaceOf("role"), "role: expected system, user or assistant");
    }

    private static void CheckShown(YamlMap map, (string Role, string Text)[] messages)
    {
        foreach (string needed in (string[])["conversation", "responses", "critique"])
        {
            if (!messages.Any(message => message.Text.Contains($"{{{{{needed}}}}}", StringComparison.Ordinal)))
            {
                throw new ProtocolFileException(map.PlaceOf("messages"), $"the messages don't show the {needed}; expected {{{{{needed}}}}}");
            }
        }
    }

    private static (string[] Yes, string[] No) Words(YamlMap map)
    {
        YamlNode read = map.Node("read") ?? throw new ProtocolFileException(map.Place, "'read' is missing; expected scalar, or the words yes and no");
        if (read is YamlScalarNode { Value: "scalar" })
        {
            return ([], []);
        }

        var words = new YamlMap(read, "read (which may be scalar as well)", "yes", "no");
        string[] yes = [.. words.List("yes").Select(static node => YamlMap.Scalar(node, "yes"))];
        string[] no = [.. words.List("no").Select(static node => YamlMap.Scalar(node, "no"))];
        return yes.Length > 0 && no.Length > 0 && !yes.Intersect(no, StringComparer.OrdinalIgnoreCase).Any() ? (yes, no)
            : throw new ProtocolFileException(words.Place, "read: expected words for yes and other words for no, such as \"yes\": [Yes], \"no\": [No]");
    }

    [GeneratedRegex(@"\{\{(?<name>[A-Za-z][A-Za-z0-9_-]*)\}\}")]
    private static partial Regex Placeholder();
}
