using System.Text;

namespace Tribunal.Rollouts;

/// <summary>
/// Tool calls and tool results as text, for everything that reads a conversation as text. A call is a line of its own after the
/// turn's content, <c>(calls NAME with ARGUMENTS)</c>; a result is led in by <c>(result of NAME)</c> where the turn or the call
/// that it answers names the tool.
/// </summary>
internal static class ToolTurns
{
    /// <summary>A turn's text; its content where no tool has to do with it.</summary>
    /// <param name="prompt">The conversation.</param>
    /// <param name="turn">The turn's index.</param>
    public static string Text(IReadOnlyList<Message> prompt, int turn)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        Message message = prompt[turn];
        if (message.ToolCalls is { Count: > 0 } calls)
        {
            var text = new StringBuilder(message.Content);
            foreach (ToolCall call in calls)
            {
                text.Append(text.Length == 0 ? "" : "\n").Append("(calls ").Append(call.Name).Append(" with ").Append(call.Arguments).Append(')');
            }

            return text.ToString();
        }

        return message.Role is "tool" or "function" && (message.Name ?? Called(prompt, turn)) is { Length: > 0 } name ? $"(result of {name})\n{message.Content}" : message.Content;
    }

    private static string? Called(IReadOnlyList<Message> prompt, int turn)
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
}
