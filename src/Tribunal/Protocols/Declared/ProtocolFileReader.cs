using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// Reads protocol files (YAML 1.2; <c>docs/judges.md</c>, <c>protocol.schema.json</c>). Every key has to be known. Works on YamlDotNet's nodes,
/// which know their lines and need no reflection.
/// </summary>
public static partial class ProtocolFileReader
{
    /// <summary>The largest file accepted, in characters.</summary>
    public const int MaxLength = 1 << 20;

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="ProtocolFileException">It can't be used; the message says where and what was expected.</exception>
    public static ProtocolFile Read(string text) => File(Root(text));

    /// <summary>Whether a text is meant as a protocol file, rather than as a prompt template.</summary>
    public static bool IsProtocol(string text) => text is not null && Opening().IsMatch(text);

    /// <summary>The root of a file that is no larger than it may be.</summary>
    internal static YamlNode Root(string text) => text.Length <= MaxLength ? Load(text)
        : throw new ProtocolFileException(new FilePlace(1, 1), $"the file has {text.Length} characters; at most {MaxLength} are accepted");

    /// <summary>The name that a file states under a key.</summary>
    internal static string Name(YamlMap map, string key) => map.Required(key) is var name && NameForm().IsMatch(name) ? name
        : throw new ProtocolFileException(map.PlaceOf(key), $"{key}: '{name}' is no name; expected 2 to 40 lower-case letters, digits and hyphens");

    internal static YamlNode Load(string text)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            return stream.Documents is [{ RootNode: { } root }] ? root
                : throw new ProtocolFileException(new FilePlace(1, 1), "expected one YAML document");
        }
        catch (YamlException exception)
        {
            throw new ProtocolFileException(
                new FilePlace((int)Math.Max(1, exception.Start.Line), (int)Math.Max(1, exception.Start.Column)), $"no YAML: {exception.Message}");
        }
        catch (Exception exception) when (exception is ArgumentException or InvalidOperationException)
        {
            // What the library throws where a document ends inside a list or mapping.
            throw new ProtocolFileException(new FilePlace(1, 1), $"no YAML: {exception.Message}");
        }
    }

    private static ProtocolFile File(YamlNode root)
    {
        var map = new YamlMap(
            root, "a protocol file",
            "protocol", "title", "kind", "models", "criteria", "source", "sampling", "thinks", "principle", "rubric", "messages", "responses", "turns", "read", "scale", "ties", "request", "examples");
        string name = Name(map, "protocol");
        ProtocolKind kind = map.Choice("kind", ("pointwise", ProtocolKind.Pointwise), ("pairwise", ProtocolKind.Pairwise), ("listwise", ProtocolKind.Listwise), ("rubric", ProtocolKind.Rubric), ("scalar", ProtocolKind.Scalar))
            ?? throw new ProtocolFileException(map.Place, "'kind' is missing; expected pointwise, pairwise, listwise, rubric or scalar");
        bool? apart = map.Choice("criteria", ("together", false), ("apart", true));
        if (apart is null == (kind == ProtocolKind.Rubric))
        {
            throw new ProtocolFileException(map.PlaceOf("criteria"), apart is null ? "'criteria' is missing; expected together or apart" : "criteria: only a protocol of kind rubric asks by criteria");
        }

        ScoreScale? scale = map.Node("scale") is { } scaleNode ? Scale(scaleNode) : null;
        YamlMap? responses = map.Node("responses") is { } blocks ? new YamlMap(blocks, "responses", "each", "between") : null;
        DeclaredText? block = responses is null ? null : DeclaredText.Parse(responses.Required("each"), responses.PlaceOf("each"));
        ReadRule? read = map.Node("read") is { } rule ? Rule(rule, kind, scale) : null;
        if (read is null != (kind == ProtocolKind.Scalar))
        {
            throw new ProtocolFileException(map.PlaceOf("read"), kind == ProtocolKind.Scalar ? "a scalar protocol reads no answer: leave 'read' out" : "'read' is missing; expected how the answer is read");
        }

        IReadOnlyList<DeclaredMessage> messages = [.. map.List("messages").Select(Message)];
        MessageChecks.CheckIgnored(read, messages);
        MessageChecks.CheckShown(map, kind, messages, block);
        MessageChecks.CheckCriteria(map, kind, apart == true, messages, block);
        return new ProtocolFile
        {
            Name = name,
            Title = map.Required("title"),
            Kind = kind,
            Models = [.. map.List("models").Select(static node => YamlMap.Scalar(node, "models").ToLowerInvariant())],
            Source = Source(map),
            Apart = apart == true,
            Sampling = Sampling(map, kind),
            Thinks = map.Flag("thinks"),
            Principle = map.Text("principle")?.TrimEnd('\n'),
            Rubric = map.Text("rubric")?.TrimEnd('\n'),
            Messages = messages,
            Block = responses?.Required("each"),
            Between = responses?.Text("between") ?? "\n\n",
            Turns = map.Node("turns") is { } turns ? Turns(turns) : TurnForm.Usual,
            Read = read,
            Scale = scale,
            Ties = map.Flag("ties"),
            Request = (map.Node("request") is { } request ? Request(request) : new RequestFields()) with { TokenProbabilities = read?.Locator == Locator.Probability },
            Examples = [.. map.List("examples").Select(node => Example(node, kind))],
        };
    }

    private static ProtocolSource Source(YamlMap map)
    {
        var source = new YamlMap(map.Node("source") ?? throw new ProtocolFileException(map.Place, "'source' is missing; expected page, licence and checked"), "source", "page", "licence", "checked", "wording", "repository", "commit", "file", "note");
        Wording? wording = source.Choice("wording", ("authors", Wording.Authors), ("own", Wording.Own), ("template", Wording.Template));
        if (wording == Wording.Authors && !(source.Has("repository") && source.Has("commit") && source.Has("file")))
        {
            throw new ProtocolFileException(source.PlaceOf("wording"), "wording: the authors' words are expected to name their repository, commit and file");
        }

        return new ProtocolSource
        {
            Page = source.Required("page"),
            Licence = source.Required("licence"),
            Checked = DateOnly.TryParseExact(source.Required("checked"), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out DateOnly day) ? day
                : throw new ProtocolFileException(source.PlaceOf("checked"), "checked: expected a day such as 2026-11-29"),
            Wording = wording,
            Repository = source.Text("repository"),
            Commit = source.Text("commit") is not { } commit ? null : CommitForm().IsMatch(commit) ? commit
                : throw new ProtocolFileException(source.PlaceOf("commit"), "commit: expected 7 to 40 hexadecimal digits"),
            File = source.Text("file"),
            Note = source.Text("note")?.Trim(),
        };
    }

    private static SamplingDefaults Sampling(YamlMap map, ProtocolKind kind)
    {
        if (map.Node("sampling") is not { } node)
        {
            return kind == ProtocolKind.Scalar ? new SamplingDefaults(0, 1, 1) : throw new ProtocolFileException(map.Place, "'sampling' is missing; expected temperature and max-tokens");
        }

        var sampling = new YamlMap(node, "sampling", "temperature", "top-p", "max-tokens", "thinking-tokens");
        return new SamplingDefaults(
            Between("temperature", 0, 2) ?? throw new ProtocolFileException(sampling.Place, "'temperature' is missing; expected 0 to 2"),
            Between("top-p", 0.0001, 1) ?? 1,
            (int)(Between("max-tokens", 1, 1 << 24) ?? throw new ProtocolFileException(sampling.Place, "'max-tokens' is missing; expected 1 or more")),
            (int?)Between("thinking-tokens", 0, 1 << 24));

        double? Between(string key, double least, double most) => sampling.Number(key) is not { } number ? null
            : number >= least && number <= most ? number
            : throw new ProtocolFileException(sampling.PlaceOf(key), $"{key}: {number} is out of range; expected {least} to {most}");
    }

    private static DeclaredMessage Message(YamlNode node)
    {
        if (node is YamlScalarNode { Value: "conversation" })
        {
            return new DeclaredMessage { Conversation = true };
        }

        var map = new YamlMap(node, "a message", "role", "text", "for-each");
        string role = map.Required("role");
        bool each = map.Text("for-each") switch
        {
            null => false,
            "response" => true,
            var other => throw new ProtocolFileException(map.PlaceOf("for-each"), $"for-each: expected response, not '{other}'"),
        };
        return RoleForm().IsMatch(each ? Numbering.Fill(role, 0) : role)
            ? new DeclaredMessage { Role = role, PerResponse = each, Text = DeclaredText.Parse(map.Text("text") is "" ? "" : map.Required("text"), map.PlaceOf("text")) }
            : throw new ProtocolFileException(map.PlaceOf("role"), $"role: '{role}' is no role; expected letters, digits and underscores");
    }

    private static TurnForm Turns(YamlNode node)
    {
        var map = new YamlMap(node, "turns", "each", "between", "user", "assistant");
        var each = DeclaredText.Parse(map.Required("each"), map.PlaceOf("each"), DeclaredText.TurnPlaceholders);
        return each.Always("turn") ? new TurnForm(each, map.Text("between") ?? TurnForm.Usual.Between, map.Text("user") ?? TurnForm.Usual.User, map.Text("assistant") ?? TurnForm.Usual.Assistant)
            : throw new ProtocolFileException(map.PlaceOf("each"), "each: the form doesn't show {{turn}}");
    }

    private static ScoreScale Scale(YamlNode node)
    {
        var map = new YamlMap(node, "scale", "min", "max", "whole", "best");
        double min = map.Number("min") ?? throw new ProtocolFileException(map.Place, "'min' is missing; expected a number");
        double max = map.Number("max") ?? throw new ProtocolFileException(map.Place, "'max' is missing; expected a number");
        return min < max
            ? new ScoreScale(min, max, map.Flag("whole"), map.Choice("best", ("high", false), ("low", true)) ?? false)
            : throw new ProtocolFileException(map.PlaceOf("max"), "max: expected more than min");
    }

    private static ReadRule Rule(YamlNode node, ProtocolKind kind, ScoreScale? scale)
    {
        var map = new YamlMap(node, "read", "tag", "boxed", "label", "mark", "pattern", "json", "whole", "probability", "take", "gives", "words", "ignore");
        (string Key, Locator Locator)[] locators =
        [
            ("tag", Locator.Tag), ("boxed", Locator.Boxed), ("label", Locator.Label), ("mark", Locator.Mark), ("pattern", Locator.Pattern), ("json", Locator.Json), ("whole", Locator.Whole),
            ("probability", Locator.Probability),
        ];
        (string Key, Locator Locator)[] used = [.. locators.Where(locator => map.Has(locator.Key))];
        if (used.Length != 1)
        {
            throw new ProtocolFileException(map.Place, $"read: expected one of {string.Join(", ", locators.Select(static locator => locator.Key))}, and {(used.Length == 0 ? "there is none" : "there are several")}");
        }

        Locator found = used[0].Locator;
        Take? boxed = found == Locator.Boxed ? map.Choice("boxed", ("only", Take.Only), ("first", Take.First), ("last", Take.Last), ("each", Take.Each)) : null;
        if (found is Locator.Whole or Locator.Probability && !map.Flag(used[0].Key))
        {
            throw new ProtocolFileException(map.PlaceOf(used[0].Key), $"{used[0].Key}: expected true");
        }

        Gives gives = map.Choice("gives", ("winner", Gives.Winner), ("scores", Gives.Scores), ("higher-wins", Gives.HigherWins))
            ?? (kind == ProtocolKind.Pairwise ? Gives.Winner : Gives.Scores);
        if (kind == ProtocolKind.Pairwise == (gives == Gives.Scores))
        {
            throw new ProtocolFileException(map.PlaceOf("gives"), kind == ProtocolKind.Pairwise ? "gives: expected winner or higher-wins of a pairwise protocol" : "gives: expected scores of a protocol that scores");
        }

        var words = new Dictionary<string, double>(StringComparer.OrdinalIgnoreCase);
        foreach ((YamlNode key, YamlNode value) in map.Entries("words"))
        {
            double meaning = gives != Gives.Winner ? YamlMap.ToNumber(value, "words") : YamlMap.Scalar(value, "words") switch
            {
                "1" => 1,
                "2" => 2,
                "tie" => ReadRule.Tie,
                var other => throw YamlMap.Error(value, $"words: expected 1, 2 or tie, not '{other}'"),
            };
            if (!words.TryAdd(YamlMap.Scalar(key, "words"), meaning))
            {
                throw YamlMap.Error(key, "words: a word stands twice, its case aside");
            }
        }

        if (gives == Gives.Winner && (!words.ContainsValue(1) || !words.ContainsValue(2)))
        {
            throw new ProtocolFileException(map.PlaceOf("words"), "words: expected what says 1, the first, and what says 2, the second");
        }

        if (gives != Gives.Winner && (scale is null || words.Values.Any(value => !scale.Holds(value))))
        {
            throw new ProtocolFileException(map.PlaceOf("words"), scale is null ? "'scale' is missing; expected min and max of the scores" : "words: a score is not on the scale");
        }

        if (found == Locator.Probability && (gives == Gives.HigherWins || words.Count == 0 || words.Keys.Any(static word => word.Length > 32 || word.Any(static c => char.IsWhiteSpace(c) || c is '=' or '⟫'))))
        {
            throw new ProtocolFileException(map.PlaceOf("words"), "words: expected what each token says, one word each, as a winner or a score");
        }

        return new ReadRule
        {
            Locator = found,
            Text = found is Locator.Boxed or Locator.Whole or Locator.Probability ? "" : map.Required(used[0].Key),
            Take = boxed ?? map.Choice("take", ("only", Take.Only), ("first", Take.First), ("last", Take.Last), ("each", Take.Each)) ?? Take.Only,
            Gives = gives,
            Words = words,
            Ignore = [.. map.List("ignore").Select(static node => YamlMap.Scalar(node, "ignore"))],
            Place = map.PlaceOf(used[0].Key),
        };
    }

    private static RequestFields Request(YamlNode node)
    {
        var map = new YamlMap(node, "request", "chat-template", "schema", "leave-out");
        string[] known = ["seed", "top_p", "temperature"];
        return new RequestFields
        {
            TemplateArguments = map.Node("chat-template") is { } arguments ? Json(arguments).ToJsonString() : null,
            Schema = map.Node("schema") is { } schema ? Json(schema).ToJsonString() : null,
            LeaveOut = [.. map.List("leave-out").Select(left => YamlMap.Scalar(left, "leave-out") is var field && known.Contains(field, StringComparer.Ordinal) ? field
                : throw YamlMap.Error(left, $"leave-out: expected one of {string.Join(", ", known)}, not '{field}'"))],
        };
    }

    private static JsonNode Json(YamlNode node, int depth = 0)
    {
        if (depth > 16)
        {
            throw YamlMap.Error(node, "nested too deeply; expected at most 16 levels");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var members = new JsonObject();
                foreach ((YamlNode key, YamlNode value) in mapping.Children)
                {
                    members[YamlMap.Scalar(key, "a key")] = Json(value, depth + 1);
                }

                return members;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select(child => Json(child, depth + 1))]);
            default:
                string text = YamlMap.Scalar(node, "a value");
                return node is YamlScalarNode { Style: ScalarStyle.Plain } && JsonLiteral().IsMatch(text) ? JsonNode.Parse(text)! : JsonValue.Create(text)!;
        }
    }

    private static ProtocolExample Example(YamlNode node, ProtocolKind kind)
    {
        var map = new YamlMap(node, "an example", "answer", "responses", "reads");
        int responses = (int)(map.Number("responses") ?? (kind is ProtocolKind.Pointwise or ProtocolKind.Scalar ? 1 : 2));
        YamlNode reads = map.Node("reads") ?? throw new ProtocolFileException(map.Place, "'reads' is missing; expected winner, scores, tie or none");
        var example = new ProtocolExample { Answer = map.Required("answer"), Responses = responses, Place = map.PlaceOf("reads") };
        switch (reads)
        {
            case YamlScalarNode { Value: "none" }:
                return example;
            case YamlScalarNode { Value: "tie" }:
                return example with { Tie = true };
            default:
                var what = new YamlMap(reads, "reads (which may be none or tie as well)", "winner", "scores");
                return example with
                {
                    Winner = (int?)what.Number("winner"),
                    Scores = what.Has("scores") ? [.. what.List("scores").Select(static score => YamlMap.ToNumber(score, "scores"))] : null,
                };
        }
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,38}[a-z0-9]\z")]
    private static partial Regex NameForm();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9_]{0,31}\z")]
    private static partial Regex RoleForm();

    [GeneratedRegex(@"\A[0-9a-f]{7,40}\z")]
    private static partial Regex CommitForm();

    [GeneratedRegex(@"^protocol:[ \t]", RegexOptions.Multiline)]
    private static partial Regex Opening();

    [GeneratedRegex(@"\A(?:true|false|null|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)\z")]
    private static partial Regex JsonLiteral();
}
