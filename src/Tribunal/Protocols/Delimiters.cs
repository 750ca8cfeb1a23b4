namespace Tribunal.Protocols;

/// <summary>
/// Pieces of the patterns that find delimiters. Every loop is bounded, or atomic and entered from one place only, so that
/// megabytes of any text take linear time.
/// </summary>
internal static class Delimiters
{
    /// <summary>What may stand between two words of a delimiter without a reader minding.</summary>
    public const string Gap = @"(?>[\s_*-]*)";

    /// <summary>The rest of a bracketed delimiter, its closing bracket if it has one.</summary>
    public const string ToBracket = @"[^\[\]\n]{0,80}\]?";

    /// <summary>
    /// Control tokens of chat templates, and the tags around thinking: no rollout may hold them for any judge. ChatML and Qwen,
    /// Llama 2 to 4, Gemma, Mistral, DeepSeek, Phi, Command-R, Granite, Falcon, Zephyr, GPT-OSS, Kimi, GLM, InternLM, MiniMax,
    /// Nemotron, Seed-OSS, T5's sentinels.
    /// </summary>
    public const string Chat =
        @"<\|[\w▁-]{1,40}\|>" +
        $@"|<{Gap}\|{Gap}(?:im|start|end|begin|eot|eom|system|user|assistant|tool)[\w▁\s*-]{{0,40}}\|{Gap}>" +
        $"|<{Gap}(?:/{Gap})?(?:think|seed:think|start{Gap}of{Gap}turn|end{Gap}of{Gap}turn|bos|eos|pad|unk|sop|eop|eoh|eoa){Gap}(?:/{Gap})?>" +
        @"|<(?:[BE]OS_TOKEN|PAD_TOKEN|extra_id_\d{1,4}|unused\d{1,4}|SPECIAL_\d{1,4}|reserved_\d{1,4}|seed:\w{1,24}|\|turn|turn\||start_of_image|end_of_image)>" +
        "|</?s>" +
        $@"|\[{Gap}(?:/{Gap})?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|CALL_ID|ARGS|gMASK){Gap}\]" +
        $"|<<{Gap}(?:/{Gap})?SYS{Gap}>>" +
        @"|\]~!?b\[|\[e~\[|\]~b\]|◁/?think▷";

    /// <summary>The begin and end marks of responses, conversations and references.</summary>
    public const string Fences =
        $@"\[{Gap}(?:the{Gap})?(?:begin|beginning|begins|start|end){Gap}of{Gap}(?:the{Gap})?(?:response|chatbot|assistant|conversation|reference){ToBracket}";

    /// <summary>A response between its marks.</summary>
    /// <param name="shown">Its displayed position, from 0.</param>
    /// <param name="text">Its text, inert.</param>
    public static string Fenced(int shown, string text) => string.Concat(Fence(shown, text));

    /// <summary>The pieces of the same.</summary>
    public static string[] Fence(int shown, string text) => [$"[The Begin of Response {shown + 1}]\n", text, $"\n[The End of Response {shown + 1}]"];

    /// <summary>What may stand before a label on its line.</summary>
    public const string LineStart = @"^[ \t>*_#`-]{0,32}";

    /// <summary>Speakers of a transcript. Capitalised ones only: <c>user:</c> is what configuration files say.</summary>
    public const string Speakers =
        "(?:User|USER|Assistant|ASSISTANT|System|SYSTEM|Tool|TOOL|Human|HUMAN|AI|Client|CLIENT|Chatbot|CHATBOT|Other)(?:[ _]?[AB12])?";

    /// <summary>How a hint begins: a rollout that holds one would tell the judge whom to prefer in the words of its training.</summary>
    public const string Hint = "(?i:the best responses? (?:is|are))";

    /// <summary>Between a label and the end of its match.</summary>
    public const string Colon = @"[ \t*_]{0,8}:";
}
