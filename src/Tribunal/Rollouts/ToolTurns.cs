using System.Text.RegularExpressions;

namespace Tribunal.Rollouts;

/// <summary>
/// Tool calls and tool results as text, for everything that reads a conversation as text. A call is a line of its own after the
/// turn's content, <c>(calls NAME with ARGUMENTS)</c>; a result is led in by <c>(result of NAME)</c> where the turn or the call
/// that it answers names the tool; thoughts that are shown are led in by <c>(thinks)</c>. A line of a turn's own content that begins like one of
/// these loses its bracket.
/// </summary>
public static partial class ToolTurns
{
    /// <summary>The role of thoughts that are shown as a turn of their own.</summary>
    public const string Thoughts = "reasoning";

    /// <summary>A turn's text; its content where no tool has to do with it.</summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="turn">The turn's index.</param>
    public static string Text(IReadOnlyList<Message> prompt, int turn)
    {
        Message message = prompt[turn];
        string content = message.Content.Contains('(', StringComparison.Ordinal) && HasTools(prompt) ? Mark().Replace(message.Content, "⟮") : message.Content;
        return message.ToolCalls is { Count: > 0 } calls ? string.Join('\n', calls.Select(static call => $"(calls {call.Name} with {call.Arguments})").Prepend(content).Where(static line => line.Length > 0))
            : message.Role == Thoughts ? $"(thinks)\n{content}"
            : message.Role is "tool" or "function" && (message.Name ?? Called(prompt, turn)) is { Length: > 0 } name ? $"(result of {name})\n{content}"
            : content;
    }

    /// <summary>Whether a conversation has to do with tools, or with thoughts that are shown.</summary>
    public static bool HasTools(IReadOnlyList<Message> turns) => turns.Any(static turn => turn.ToolCalls is not null || turn.Role is "tool" or "function" or Thoughts);

    /// <summary>The tool that the call which a turn answers names; null where none is known.</summary>
    public static string? Called(IReadOnlyList<Message> prompt, int turn)
    {
        string? id = prompt[turn].ToolCallId;
        for (int i = turn - 1; i >= 0 && id is not null; i--)
        {
            foreach (ToolCall call in prompt[i].ToolCalls ?? [])
            {
                if (call.Id == id)
                {
                    return call.Name;
                }
            }
        }

        return null;
    }

    [GeneratedRegex(@"(?<=^[ \t]{0,16})\((?=calls |result of |thinks\))", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Mark();
}
