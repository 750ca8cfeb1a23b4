using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Trainers;

/// <summary>
/// Prompts and responses as trainers send them: decoded token sequences, with the chat template's markers in them. The
/// markers of ChatML (Qwen, SmolLM, …) and of Llama 3 are read as turns; a text without them is one user turn.
/// </summary>
internal static partial class TrainerText
{
    /// <summary>A prompt: turns, or a text.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static IReadOnlyList<Message> Prompt(JsonElement prompt) => prompt.ValueKind == JsonValueKind.String ? Prompt(prompt.GetString()!) : RolloutForm.ReadPrompt(prompt);

    /// <summary>A prompt's text.</summary>
    public static IReadOnlyList<Message> Prompt(string text)
    {
        MatchCollection turns = Turn().Matches(text);
        Message[] read = [.. turns.Select(static turn => new Message(turn.Groups["role"].Value, turn.Groups["content"].Value.Trim()))
            .Where(static message => message.Content.Length > 0)];
        return read.Length > 0 ? read : [new Message("user", text)];
    }

    /// <summary>What a query holds after its prompt, without the markers that end a turn.</summary>
    public static string Response(string query, string prompt)
    {
        string response = query.StartsWith(prompt, StringComparison.Ordinal) ? query[prompt.Length..] : query;
        return Ending().Replace(response, "");
    }

    [GeneratedRegex(
        @"(?:<\|im_start\|>(?<role>\w+)\n(?<content>.*?)<\|im_end\|>|<\|start_header_id\|>(?<role>\w+)<\|end_header_id\|>\n\n(?<content>.*?)<\|eot_id\|>)",
        RegexOptions.Singleline | RegexOptions.NonBacktracking)]
    private static partial Regex Turn();

    [GeneratedRegex(@"(?:<\|im_end\|>|<\|eot_id\|>|<\|endoftext\|>|<\|end_of_text\|>|</s>|<eos>|<end_of_turn>|\s)+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Ending();
}
