using System.Text.Json;
using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Prompts and responses as trainers send them: decoded token sequences, with the chat template's markers and padding in them. The markers of
/// ChatML (Qwen, SmolLM), Llama 2 and 3, Gemma, Mistral, DeepSeek, Phi and Command R are read as turns; a text without any is one user turn.
/// </summary>
internal static partial class TrainerText
{
    private const string End = "";

    /// <summary>A prompt: turns, or a text.</summary>
    /// <exception cref="JsonException">It is neither.</exception>
    public static IReadOnlyList<Message> Prompt(JsonElement prompt) => prompt.ValueKind == JsonValueKind.String ? Prompt(prompt.GetString()!) : RolloutForm.ReadPrompt(prompt);

    /// <summary>A prompt's text.</summary>
    public static IReadOnlyList<Message> Prompt(string text)
    {
        var turns = new List<Message>();
        string role = "system";
        int start = 0;
        bool any = false;
        foreach (Match marker in Marker().Matches(text))
        {
            Add(turns, role, text[start..marker.Index]);
            any |= RoleOf(marker) != End;
            (role, start) = (RoleOf(marker), marker.Index + marker.Length);
        }

        Add(turns, role, text[start..]);
        string bare = Bare(text);
        return any && turns.Count > 0 ? turns : [new Message("user", bare.Length > 0 ? bare : text)];
    }

    /// <summary>The rollout with what a chat template put around its texts taken off, where its prompt begins with a template's marker and ends where the answer is to begin.</summary>
    public static Rollout Plain(Rollout rollout) =>
        rollout.Prompt is not [{ Role: "user", Content: { } text }] || !OpensAnswer(text) ? rollout : rollout with
        {
            Prompt = Prompt(text),
            Responses = [.. rollout.Responses.Select(static response => response.Turns is null ? response with { Content = Ending().Replace(response.Content, "") } : response)],
        };

    /// <summary>Where the answer begins in whole texts that went through a chat template and begin with the same; null where they are of none.</summary>
    public static int? AnswerStart(string common)
    {
        if (common.AsSpan().TrimStart() is ['<' or '[', ..] && Marker().Matches(common).LastOrDefault(static marker => RoleOf(marker) == "assistant") is { } last && last.Index + last.Length is var start
            && OpensAnswer(common[..start]))
        {
            return start;
        }

        return null;
    }

    /// <summary>Whether a user speaks again in what follows the start of an answer.</summary>
    public static bool GoesOn(string answer) => Marker().Matches(answer).Any(static marker => RoleOf(marker) == "user");

    // A text that only speaks of markers has something before them, or goes on behind the last one.
    private static bool OpensAnswer(string text)
    {
        // All of them begin so: most prompts are not searched.
        if (text.AsSpan().TrimStart() is not ['<' or '[', ..])
        {
            return false;
        }

        string asked = Leading().Replace(text, "");
        MatchCollection markers = Marker().Matches(asked);
        return markers.Count > 0 && RoleOf(markers[^1]) == "assistant" && Bare(asked[(markers[^1].Index + markers[^1].Length)..]).Length == 0
            && ((markers[0].Index == 0 && RoleOf(markers[0]) != End) || !string.IsNullOrWhiteSpace(text[..^asked.Length]))
            && Prompt(text) is [.., { Role: "user" or "tool" }];
    }

    /// <summary>
    /// What a query holds after its prompt: without padding before and after, without the markers that end a turn, and without thinking
    /// that is closed, which is not the answer.
    /// </summary>
    public static string Response(string query, string prompt)
    {
        string asked = Leading().Replace(prompt, "");
        string said = Leading().Replace(query, "");
        bool starts = asked.Length > 0 && said.StartsWith(asked, StringComparison.Ordinal);
        string response = Ending().Replace(starts ? said[asked.Length..] : said, "");
        bool thinks = response.StartsWith("<think>", StringComparison.Ordinal) || (starts && OpensThinking().IsMatch(asked));
        int closed = thinks ? response.LastIndexOf("</think>", StringComparison.Ordinal) : -1;
        return closed < 0 ? response : response[(closed + "</think>".Length)..].TrimStart();
    }

    private static void Add(List<Message> turns, string role, string content)
    {
        string bare = Bare(content);
        if (bare.Length > 0 && role != End)
        {
            turns.Add(new Message(role, bare));
        }
    }

    // A template may open the answer's thinking for the model: that is no turn yet.
    private static string Bare(string text)
    {
        string bare = Ending().Replace(Leading().Replace(text, ""), "").Trim();
        return bare == "<think>" ? "" : bare;
    }

    private static string RoleOf(Match marker)
    {
        if (marker.Groups["role"].ValueSpan is { Length: > 0 } role)
        {
            return role.ToString().ToUpperInvariant() switch
            {
                "MODEL" or "CHATBOT" or "ASSISTANT" => "assistant",
                "SYSTEM" or "DEVELOPER" => "system",
                "TOOL" or "IPYTHON" => "tool",
                _ => "user",
            };
        }

        return marker.Value switch
        {
            "[INST]" or "<</SYS>>" => "user",
            "[/INST]" => "assistant",
            "<<SYS>>" or "[SYSTEM_PROMPT]" => "system",
            _ => End,
        };
    }

    [GeneratedRegex(
        @"<\|im_start\|>(?<role>\w+)\n?|<\|start_header_id\|>(?<role>\w+)<\|end_header_id\|>\s*|<start_of_turn>(?<role>\w+)\n?|<\|(?<role>system|user|assistant|tool)\|>\n?|<\|START_OF_TURN_TOKEN\|><\|(?<role>\w+?)_TOKEN\|>|<｜(?<role>User|Assistant)｜>|<<SYS>>|<</SYS>>|\[SYSTEM_PROMPT\]|\[/SYSTEM_PROMPT\]|\[INST\]|\[/INST\]|<\|im_end\|>|<\|eot_id\|>|<end_of_turn>|<\|end\|>|<\|END_OF_TURN_TOKEN\|>|<｜end▁of▁sentence｜>|</s>",
        RegexOptions.NonBacktracking)]
    private static partial Regex Marker();

    [GeneratedRegex(@"\A(?:<\|endoftext\|>|<\|finetune_right_pad_id\|>|<\|begin_of_text\|>|<\|im_pad\|>|<pad>|\[PAD\]|<unk>|<s>|<bos>|<BOS_TOKEN>|<PAD>|<｜begin▁of▁sentence｜>|<｜▁pad▁｜>|\s)+", RegexOptions.NonBacktracking)]
    private static partial Regex Leading();

    [GeneratedRegex(@"(?:<\|im_end\|>|<\|eot_id\|>|<\|eom_id\|>|<\|endoftext\|>|<\|end_of_text\|>|<\|finetune_right_pad_id\|>|<\|end\|>|<\|END_OF_TURN_TOKEN\|>|</s>|<eos>|<end_of_turn>|<pad>|\[PAD\]|<unk>|<PAD>|<EOS_TOKEN>|<｜end▁of▁sentence｜>|<｜▁pad▁｜>|\s)+\z", RegexOptions.NonBacktracking)]
    private static partial Regex Ending();

    [GeneratedRegex(@"<think>\s*\z", RegexOptions.NonBacktracking)]
    private static partial Regex OpensThinking();
}
