using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>What a prompt of a protocol file shows.</summary>
/// <param name="Answers">How the protocol's answers are written.</param>
/// <param name="Responses">The responses, in displayed order.</param>
internal sealed record DeclaredShown(DeclaredAnswers Answers, IReadOnlyList<string> Responses)
{
    /// <summary>The criteria that the one response is graded by, and whether each is a flaw; null where a response is judged as a whole.</summary>
    public IReadOnlyList<(string Text, bool Flaw)>? Criteria { get; init; }
}

/// <summary>
/// The prompts of a protocol file, read back: the file's own texts are looked for, and what stands where the responses go is taken. A
/// prompt is recognised whole or not at all.
/// </summary>
internal sealed partial class DeclaredPrompt
{
    private const string Flaw = "flaw";
    private const string JsonString = @"""(?:[^""\\]|\\.)*""";
    private static readonly string[] Turns = ["user", "assistant", "system"];

    private readonly ProtocolFile _file;
    private readonly string _opening;
    private readonly Lazy<IReadOnlyList<Dictionary<DeclaredText, Regex?>>> _forms;
    private readonly Lazy<DeclaredAnswers> _answers;

    /// <summary>Of a protocol.</summary>
    public DeclaredPrompt(DeclaredProtocol protocol)
    {
        _file = protocol.Definition;
        Key = KeyOf(protocol);
        _opening = _file.Messages[0].Text?.Segments is [{ IsPlaceholder: false, Blocks.Count: 0, Text: var text }, ..] ? text : "";
        _forms = new Lazy<IReadOnlyList<Dictionary<DeclaredText, Regex?>>>(Forms);
        _answers = new Lazy<DeclaredAnswers>(() => new DeclaredAnswers(protocol));
    }

    /// <summary>Equal for files that ask and read alike, however often they were read.</summary>
    public static string KeyOf(DeclaredProtocol protocol)
    {
        ReadRule? read = protocol.Definition.Read;
        return $"{PromptFingerprint.Of(protocol)} {read?.Locator} {read?.Text} {read?.Take} {read?.Gives} {string.Join(' ', read?.Words.Select(static word => $"{word.Key}={word.Value}") ?? [])}";
    }

    /// <summary>Tells it apart from others.</summary>
    public string Key { get; }

    /// <summary>How its answers are written.</summary>
    public DeclaredAnswers Answers => _answers.Value;

    /// <summary>Whether it is one of a classic reward model.</summary>
    public bool Scalar => _file.Kind == ProtocolKind.Scalar;

    /// <summary>Whether it reads the probabilities of an answer's tokens.</summary>
    public bool ReadsProbabilities => _file.Read?.Locator == Locator.Probability;

    /// <summary>What a conversation shows by this protocol; null where it is no prompt of it.</summary>
    public DeclaredShown? In(IReadOnlyList<Message> messages)
    {
        if (!messages[0].Content.StartsWith(_opening, StringComparison.Ordinal))
        {
            return null;
        }

        foreach (Dictionary<DeclaredText, Regex?> form in _forms.Value)
        {
            var criteria = new List<(string, bool)>();
            if (Responses(form, messages, criteria) is { Count: > 0 } responses && (_file.Kind != ProtocolKind.Pairwise || responses.Count == 2))
            {
                return new DeclaredShown(Answers, responses) { Criteria = criteria.Count > 0 ? criteria : null };
            }
        }

        return null;
    }

    // One form for each choice of blocks that stay. A form that shows more comes first, since a smaller one reads blocks as texts.
    private List<Dictionary<DeclaredText, Regex?>> Forms()
    {
        string[] conditions = [.. _file.Messages.SelectMany(static message => message.Text?.Segments ?? []).SelectMany(static segment => segment.Blocks).Select(static block => block.Name).Where(static condition => condition != Flaw).Distinct()];
        var forms = new List<Dictionary<DeclaredText, Regex?>>();
        for (int left = 0; left < 1 << conditions.Length; left++)
        {
            int without = left;
            forms.Add(_file.Messages.Select(static message => message.Text).OfType<DeclaredText>()
                .ToDictionary(static text => text, text => Pattern(text, condition => (without & (1 << Array.IndexOf(conditions, condition))) == 0)));
        }

        return forms;
    }

    // Null for a message whose only block is left out: it is not sent.
    private static Regex? Pattern(DeclaredText text, Func<string, bool> stays)
    {
        DeclaredText.Segment[] left = [.. text.Segments.Where(segment => segment.In(Flaw) || segment.Stays(stays))];
        if (text.Segments.Count > 0 && !Array.Exists(left, static segment => !segment.In(Flaw)))
        {
            return null;
        }

        var pattern = new StringBuilder(@"\A");
        var named = new HashSet<string>(StringComparer.Ordinal);
        foreach (DeclaredText.Segment segment in left)
        {
            // What is shown twice is as long as it is the same: a first line of it would do otherwise.
            bool again = left.Count(other => other.IsPlaceholder && other.Text == segment.Text) > 1;
            pattern.Append(segment.In(Flaw) ? $"(?<{Flaw}>{Regex.Escape(segment.Text)})?"
                : !segment.IsPlaceholder ? Regex.Escape(segment.Text)
                : segment.Text is "count" or "number" or "letter" ? "[0-9A-Z?]{1,4}"
                : !named.Add(segment.Text) ? $@"\k<{segment.Text}>"
                : segment.Form != TextForm.Plain ? $@"(?<{segment.Text}>{JsonString})"
                : $@"(?<{segment.Text}>[\s\S]*{(again ? "" : "?")})");
        }

        return new Regex(pattern.Append(@"\z").ToString(), RegexOptions.CultureInvariant);
    }

    private List<string>? Responses(Dictionary<DeclaredText, Regex?> form, IReadOnlyList<Message> messages, List<(string, bool)> criteria)
    {
        var responses = new List<string>();
        DeclaredMessage[] declared = [.. _file.Messages.Where(message => message.Text is null || form[message.Text] is not null)];
        int at = 0;
        for (int i = 0; i < declared.Length; i++)
        {
            DeclaredMessage one = declared[i];
            if (one.Conversation)
            {
                int end = messages.Count - declared.Skip(i + 1).Sum(later => later.PerResponse ? Count(later, messages) : 1);
                for (; at < end; at++)
                {
                    if (!Turns.Contains(messages[at].Role, StringComparer.Ordinal))
                    {
                        return null;
                    }
                }

                continue;
            }

            for (int shown = 0; shown < (one.PerResponse ? Count(one, messages) : 1); shown++, at++)
            {
                if (at >= messages.Count || messages[at].Role != Numbering.Fill(one.Role, shown) || form[one.Text!]!.Match(messages[at].Content) is not { Success: true } match)
                {
                    return null;
                }

                Take(match, one.Text!, responses);
                Take(match, criteria);
            }
        }

        return at == messages.Count ? responses : null;
    }

    private int Count(DeclaredMessage message, IReadOnlyList<Message> messages) =>
        Numbering.Fill(message.Role, 0) == message.Role ? (_file.Kind == ProtocolKind.Pairwise ? 2 : 1)
        : Enumerable.Range(0, messages.Count).TakeWhile(shown => messages.Any(other => other.Role == Numbering.Fill(message.Role, shown))).Count();

    private void Take(Match match, DeclaredText text, List<string> responses)
    {
        foreach (string name in (string[])["response", "response_1", "response_2"])
        {
            if (match.Groups[name] is { Success: true } group)
            {
                responses.Add(Plain(group.Value, text));
            }
        }

        foreach (string name in (string[])["conversation_1", "conversation_2"])
        {
            if (match.Groups[name] is { Success: true, Value: var whole })
            {
                const string Last = "\nAssistant: ";
                int last = whole.LastIndexOf(Last, StringComparison.Ordinal);
                responses.Add(last < 0 ? whole : whole[(last + Last.Length)..]);
            }
        }

        if (match.Groups["responses"] is { Success: true, Value: var blocks })
        {
            responses.AddRange(Blocks(blocks));
        }
    }

    private void Take(Match match, List<(string, bool)> criteria)
    {
        if (match.Groups["criterion"] is { Success: true, Value: var one })
        {
            criteria.Add((one, match.Groups[Flaw].Success));
        }

        if (match.Groups["criteria"] is { Success: true, Value: var all })
        {
            string? flaw = DeclaredText.Parse(_file.Block!, default).Segments.FirstOrDefault(static segment => segment.In(Flaw))?.Text;
            criteria.AddRange(all.Split(_file.Between).Select(line => (line, flaw is not null && line.Contains(flaw, StringComparison.Ordinal))));
        }
    }

    // A response out of a JSON string, where the prompt holds it as one. A client's own prompt may have more there: it counts as it stands.
    private static string Plain(string value, DeclaredText text)
    {
        if (text.Segments.First(static segment => segment.IsPlaceholder && segment.Text.StartsWith("response", StringComparison.Ordinal)).Form == TextForm.Plain)
        {
            return value;
        }

        try
        {
            return JsonNode.Parse(value) is JsonValue json && json.TryGetValue(out string? whole) ? whole : value;
        }
        catch (JsonException)
        {
            return value;
        }
    }

    private List<string> Blocks(string text)
    {
        string block = _file.Block ?? "[The Begin of Response {{number}}]\n{{response}}\n[The End of Response {{number}}]";
        DeclaredText parsed = DeclaredText.Parse(block, default);
        var responses = new List<string>();
        int at = 0;
        while (at < text.Length)
        {
            int shown = responses.Count;
            string[] around = ShownResponse().Split(Numbering.Fill(block, shown), 2);
            int from = at + around[0].Length;
            if (!text.AsSpan(at).StartsWith(around[0], StringComparison.Ordinal))
            {
                return [];
            }

            string next = around[1] + _file.Between + ShownResponse().Split(Numbering.Fill(block, shown + 1), 2)[0];
            int end = text.IndexOf(next, from, StringComparison.Ordinal);
            if (end < 0)
            {
                end = text.Length - around[1].Length;
                if (end < from || !text.EndsWith(around[1], StringComparison.Ordinal))
                {
                    return [];
                }

                at = text.Length;
            }
            else
            {
                at = end + around[1].Length + _file.Between.Length;
            }

            responses.Add(Plain(text[from..end], parsed));
        }

        return responses;
    }

    [GeneratedRegex(@"\{\{(?:json:|ascii:)?response\}\}")]
    private static partial Regex ShownResponse();
}
