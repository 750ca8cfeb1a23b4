namespace Tribunal.Rollouts;

/// <summary>
/// Turns as one text, the way every judge is shown them: <c>Label: text</c>, an empty line between two; tool calls, results and thoughts
/// as <see cref="ToolTurns"/> writes them.
/// </summary>
public static class Conversation
{
    /// <summary>Whether a response's turns are more than a text that one turn says.</summary>
    public static bool IsTrajectory(IReadOnlyList<Message>? turns) => turns is { Count: > 1 } or [{ ToolCalls: not null }];

    /// <summary>A response's turns as text: labelled, but for one turn that only says something.</summary>
    /// <param name="turns">The turns.</param>
    /// <param name="text">The text of a turn, by its index.</param>
    public static string Response(IReadOnlyList<Message> turns, Func<int, string> text) => IsTrajectory(turns) ? Join(turns, text) : text(0);

    /// <summary>The turns as text, with what is to be shown of each.</summary>
    /// <param name="turns">The turns.</param>
    /// <param name="text">The text of a turn, by its index.</param>
    public static string Join(IReadOnlyList<Message> turns, Func<int, string> text) =>
        string.Join("\n\n", turns.Select((turn, i) => $"{Label(turn.Role)}: {text(i)}"));

    /// <summary>A role's name for readers. A role is the rollout's text as well, so only known ones are shown.</summary>
    public static string Label(string role) => role.ToLowerInvariant() switch
    {
        "user" or "human" => "User",
        "assistant" or "gpt" or "model" or ToolTurns.Thoughts => "Assistant",
        "system" or "developer" => "System",
        "tool" or "function" => "Tool",
        _ => "Other",
    };

    /// <summary>How many turns all responses begin with alike, each keeping one of its own at least; 0 where one is a text, or there is one alone.</summary>
    public static int Shared(IReadOnlyList<Response> responses)
    {
        if (responses.Count < 2 || responses.Any(static response => response.Turns is null))
        {
            return 0;
        }

        int most = responses.Min(static response => response.Turns!.Count) - 1;
        int shared = 0;
        while (shared < most && responses.All(response => AreSame(response.Turns![shared], responses[0].Turns![shared])))
        {
            shared++;
        }

        return shared;
    }

    /// <summary>Whether two conversations say the same, tool calls and results included.</summary>
    public static bool AreSame(IReadOnlyList<Message> one, IReadOnlyList<Message> other) =>
        one.Count == other.Count && one.Zip(other).All(static pair => AreSame(pair.First, pair.Second));

    /// <summary>Whether two turns say the same. What a turn thought before it spoke doesn't count.</summary>
    public static bool AreSame(Message one, Message other) =>
        one.Role == other.Role && one.Content == other.Content && one.ToolCallId == other.ToolCallId && one.Name == other.Name
            && (one.ToolCalls ?? []).SequenceEqual(other.ToolCalls ?? []);
}
