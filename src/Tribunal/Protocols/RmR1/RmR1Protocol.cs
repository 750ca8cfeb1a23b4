using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.RmR1;

/// <summary>
/// RM-R1 (arXiv 2505.02387): pairs, Chain-of-Rubrics. Instruct checkpoints are told by a system prompt to name the task
/// type first; distilled checkpoints get one user prompt and think inside <c>&lt;think&gt;</c>.
/// </summary>
/// <param name="thinks">Whether this is for the thinking checkpoints.</param>
internal sealed partial class RmR1Protocol(PromptTemplate template, bool thinks) : IProtocol
{
    private const string Tags =
        $"<{Delimiters.Gap}(?:/{Delimiters.Gap})?(?:type|solution|eval|answer|rubric|justify|quote{Delimiters.Gap}[ab]|summary{Delimiters.Gap}[ab]){Delimiters.Gap}(?:/{Delimiters.Gap})?>";

    // More than the parser takes: a tie, and small letters, are what other judges' grammars read.
    private const string Verdicts = $"{RmR1Answer.Open}[abc]{Delimiters.Gap}(?:/{Delimiters.Gap}[ab]{Delimiters.Gap})?{RmR1Answer.Close}";

    private const string Question = $@"\[{Delimiters.Gap}client{Delimiters.Gap}question{Delimiters.Gap}\]";

    private static readonly Neutraliser Neutraliser = new(Markers(), Labels(), static (_, _) => []);

    /// <summary>The placeholders that a template may use.</summary>
    public static IReadOnlyCollection<string> Placeholders { get; } =
        ["conversation", "response_a", "response_b", "conversation_a", "conversation_b", "chat_a", "chat_b", "reference"];

    /// <summary>The placeholders that a template must use; the official multi-turn prompt shows two whole conversations.</summary>
    public static IReadOnlyList<RequiredPlaceholder> Required { get; } =
    [
        new("conversation", ["conversation"], ["conversation_a", "conversation_b"], ["chat_a", "chat_b"]),
        new("response_a", ["response_a"], ["conversation_a"], ["chat_a"]),
        new("response_b", ["response_b"], ["conversation_b"], ["chat_b"]),
    ];

    public string Name => "rm-r1";

    public JudgingKind Kind => JudgingKind.Pairwise;

    public bool NamesTask => !thinks;

    /// <summary>
    /// The authors decode greedily, once, with up to 50k tokens, and never vote. Votes need samples that differ, hence
    /// T = 0.6 here, which is also what the distilled checkpoints' base models are made for.
    /// </summary>
    public SamplingDefaults Defaults { get; } = new(Temperature: 0.6, TopP: 1, MaxTokens: thinks ? 16_384 : 8_192);

    public (double Min, double Max) ScoreRange => (0, 1);

    public string? WhyNot(Rollout rollout) => Pairs.WhyNot(Name, rollout);

    public JudgePrompt Compose(Rollout rollout, IReadOnlyList<int> order)
    {
        Pairs.CheckOrder(order);
        Transcript shown = Transcript.Of(rollout, order, Neutraliser);
        string user = shown.MultiTurn ? "" : "User: ";
        return shown.Fill(template, placeholder => placeholder switch
        {
            "response_a" => [shown.Responses[0]],
            "response_b" => [shown.Responses[1]],
            "conversation_a" => [user, shown.Conversation, "\n\nChatbot A: ", shown.Responses[0]],
            "conversation_b" => [user, shown.Conversation, "\n\nChatbot B: ", shown.Responses[1]],
            // The authors' own form.
            "chat_a" => [shown.Chat("Chatbot A", shown.Responses[0])],
            "chat_b" => [shown.Chat("Chatbot B", shown.Responses[1])],
            _ => null,
        });
    }

    public Reading Read(JudgeReply reply, int shown) => AnswerText.Cut(reply, thinks, out string answer) ?? RmR1Answer.Read(answer);

    [GeneratedRegex(
        $"{Delimiters.Fences}|{Question}|{Verdicts}|{Tags}|{Delimiters.Chat}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Markers();

    [GeneratedRegex($"{Delimiters.LineStart}(?:{Delimiters.Speakers}|{Delimiters.Hint}){Delimiters.Colon}", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Labels();
}
