using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Simulator.Judging;

/// <summary>The grammars that a prompt may call for.</summary>
internal enum Grammar
{
    /// <summary>None that is known: a greeting, a probe.</summary>
    None,

    /// <summary>DeepSeek-GRM: scores in a box.</summary>
    Grm,

    /// <summary>RM-R1 as an instruct checkpoint: task type first.</summary>
    RmR1,

    /// <summary>RM-R1 as a thinking checkpoint.</summary>
    RmR1Thinking,

    /// <summary>RRM: a boxed assistant, after thinking.</summary>
    Rrm,

    /// <summary>That of a protocol file.</summary>
    Declared,

    /// <summary>Criteria instead of a judgement (<see cref="Protocols.Declared.RubricWriting"/>).</summary>
    Rubric,
}

/// <summary>What a prompt puts before the judge: the grammar it calls for and the responses in displayed order.</summary>
internal sealed record ReadPrompt(Grammar Grammar, IReadOnlyList<string> Responses, bool Reasoning)
{
    /// <summary>The displayed position that the prompt's end names as the best, if it does.</summary>
    public int? Hint { get; private init; }

    /// <summary>What it shows by a protocol file, where it is one's.</summary>
    public DeclaredShown? Declared { get; private init; }

    private static readonly ReadPrompt Empty = new(Grammar.None, [], Reasoning: false);

    /// <summary>Reads a prompt by a protocol file, or by the delimiters of the grammars.</summary>
    public static ReadPrompt Of(IReadOnlyList<Message> messages, IEnumerable<DeclaredPrompt> declared)
    {
        if (messages is [{ Role: "system", Content: RubricWriting.System }, ..])
        {
            return new ReadPrompt(Grammar.Rubric, [messages[^1].Content], Reasoning: false);
        }

        IReadOnlyList<Message> asked = messages;
        int? hint = messages.Count == 0 ? null : Hints.Find(messages[^1].Content);
        if (messages.Count > 0 && Hints.Without(messages[^1].Content) is var without && without.Length != messages[^1].Content.Length)
        {
            asked = [.. messages.SkipLast(1), messages[^1] with { Content = without }];
        }

        foreach (DeclaredPrompt one in declared)
        {
            if (one.In(asked) is { } shown)
            {
                return new ReadPrompt(Grammar.Declared, shown.Responses, Reasoning: false) { Declared = shown, Hint = hint < shown.Responses.Count ? hint : null };
            }
        }

        return Of(messages);
    }

    /// <summary>Reads a prompt by the delimiters of the grammars; the one that comes first decides.</summary>
    public static ReadPrompt Of(IReadOnlyList<Message> messages)
    {
        if (messages.LastOrDefault(static message => message.Role == "user")?.Content is not { } user)
        {
            return Empty;
        }

        bool system = messages.Any(static message => message.Role is "system" or "developer");

        int grm = user.IndexOf("[The Begin of Response 1]", StringComparison.Ordinal);
        int rmR1 = ChatbotMark(user, "Start", 'A', 0, out _);
        int rrm = user.IndexOf("### Assistant 1", StringComparison.Ordinal);

        // What stands first frames the rest, unless nothing complete comes of it: rollouts may hold another grammar's marks.
        (int At, Func<ReadPrompt> Read)[] grammars = [(grm, () => Scored(user)), (rmR1, () => Chatbots(user, system)), (rrm, () => Assistants(user))];
        ReadPrompt prompt = grammars.Where(static grammar => grammar.At >= 0).OrderBy(static grammar => grammar.At).Select(static grammar => grammar.Read())
            .FirstOrDefault(static read => read.Responses.Count > 0) ?? Empty;
        return Hints.Find(user) is { } hint && hint < prompt.Responses.Count ? prompt with { Hint = hint } : prompt;
    }

    private static ReadPrompt Scored(string user)
    {
        var responses = new List<string>();
        int at = 0;
        for (int i = 1; ; i++)
        {
            string begin = $"[The Begin of Response {i}]";
            int start = user.IndexOf(begin, at, StringComparison.Ordinal);
            int end = start < 0 ? -1 : user.IndexOf($"[The End of Response {i}]", start, StringComparison.Ordinal);
            if (end < 0)
            {
                break;
            }

            responses.Add(user[(start + begin.Length)..end]);
            at = end;
        }

        return responses.Count == 0 ? Empty : new ReadPrompt(Grammar.Grm, responses, Reasoning: false);
    }

    private static ReadPrompt Chatbots(string user, bool system)
    {
        var responses = new List<string>();
        int question = 0;
        int at = 0;
        foreach (char name in "AB")
        {
            int start = ChatbotMark(user, "Start", name, at, out int startEnd);
            int end = start < 0 ? -1 : ChatbotMark(user, "End", name, startEnd, out at);
            if (end < 0)
            {
                return Empty;
            }

            question = responses.Count == 0 ? start : question;
            responses.Add(user[startEnd..end]);
        }

        // What has to be worked out has figures or code in it, more often than not.
        ReadOnlySpan<char> asked = user.AsSpan(0, question);
        bool reasoning = asked[Math.Max(0, asked.IndexOf("[Client Question]", StringComparison.Ordinal))..].ContainsAnyInRange('0', '9');
        return new ReadPrompt(system ? Grammar.RmR1 : Grammar.RmR1Thinking, responses, reasoning);
    }

    /// <summary>Finds <c>[The Start of Chatbot A's Response]</c> and its kin (a whole conversation in multi-turn prompts).</summary>
    private static int ChatbotMark(string text, string edge, char name, int from, out int after)
    {
        string opening = $"[The {edge} of ";
        string who = $"Chatbot {name}";
        for (int at = text.IndexOf(opening, from, StringComparison.Ordinal); at >= 0; at = text.IndexOf(opening, at + 1, StringComparison.Ordinal))
        {
            ReadOnlySpan<char> rest = text.AsSpan(at, Math.Min(100, text.Length - at));
            int close = rest.IndexOf(']');
            if (close > 0 && rest[..close].Contains(who, StringComparison.Ordinal))
            {
                after = at + close + 1;
                return at;
            }
        }

        after = -1;
        return -1;
    }

    private static ReadPrompt Assistants(string user)
    {
        const string One = "### Assistant 1";
        const string Two = "### Assistant 2";
        int one = user.IndexOf(One, StringComparison.Ordinal);
        int two = user.IndexOf(Two, one, StringComparison.Ordinal);
        if (two < 0)
        {
            return Empty;
        }

        int end = user.LastIndexOf("## Analysis", StringComparison.Ordinal);
        string last = end > two ? user[(two + Two.Length)..end] : user[(two + Two.Length)..];
        return new ReadPrompt(Grammar.Rrm, [user[(one + One.Length)..two], last], Reasoning: false);
    }
}
