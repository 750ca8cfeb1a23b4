using Tribunal.Rollouts;

namespace Tribunal.Simulator.Judging;

/// <summary>The simulator's tokens: four UTF-16 characters make one, a started one counts. An approximation for English text.</summary>
internal static class TokenCount
{
    /// <summary>Characters per token.</summary>
    public const int Characters = 4;

    /// <summary>What a message costs beside its content: role and separators, as chat templates do.</summary>
    public const int PerMessage = 4;

    /// <summary>Tokens of a text; 0 for null.</summary>
    public static int Of(string? text) => text is null ? 0 : (text.Length + Characters - 1) / Characters;

    /// <summary>Tokens of a conversation.</summary>
    public static int Of(IReadOnlyList<Message> messages) => messages.Sum(static message => PerMessage + Of(message.Content));

    /// <summary>The first tokens of a text, never ending inside a surrogate pair.</summary>
    internal static string Take(string text, int tokens)
    {
        int length = (int)Math.Min((long)tokens * Characters, text.Length);
        if (length > 0 && length < text.Length && char.IsHighSurrogate(text[length - 1]))
        {
            length--;
        }

        return text[..length];
    }
}
