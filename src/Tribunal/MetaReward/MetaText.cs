using System.Text.RegularExpressions;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;

namespace Tribunal.MetaReward;

/// <summary>
/// What a meta reward model reads: query, responses as they were shown, critique (DeepSeek-GRM, arXiv 2504.02495, section
/// on meta RM). Section marks and control tokens of chat templates inside the texts are made inert, as they are for judges, so
/// that none of them can end its section; the critique keeps its verdict.
/// </summary>
public static partial class MetaText
{
    /// <summary>The question put to a generative meta judge, after the text.</summary>
    public const string Question =
        "\n\n#### Task ####\nIs the critique above sound: do its statements hold, and does its verdict follow? Answer with one word: Yes or No.";

    /// <summary>The first line of <see cref="Turns"/>.</summary>
    public const string Opening = "Please score the responses.";

    private static readonly Neutraliser Neutraliser = new(Markers(), Labels(), static (_, _) => []);

    /// <summary>Writes the text.</summary>
    public static string Compose(Rollout rollout, TracedJudgement judgement) => $"{Shown(rollout, judgement)}\n#### Critique ####\n{Critique(rollout, judgement)}";

    /// <summary>
    /// The two turns that DeepSeek-GRM's meta reward model reads (arXiv 2504.02495, appendix): the user asks for scores and shows
    /// conversation and responses, the assistant's turn is the critique, which is what the reward is of.
    /// </summary>
    public static IReadOnlyList<Message> Turns(Rollout rollout, TracedJudgement judgement) =>
        [new Message("user", $"{Opening}\n{Shown(rollout, judgement).TrimEnd('\n')}"), new Message("assistant", Critique(rollout, judgement))];

    private static string Critique(Rollout rollout, TracedJudgement judgement) => Neutraliser.Neutralise(judgement.Text ?? "", rollout.Responses.Count).Text;

    /// <summary>The turns, a line or more each, without a line feed at the end.</summary>
    internal static string Conversation(Rollout rollout, InertRollout inert) => string.Join('\n', rollout.Prompt.Select((turn, i) =>
        $"{(turn.Role is "system" or "user" or "assistant" or "tool" ? turn.Role : "other")}: {inert.Turns[i].Text}"));

    /// <summary>The responses as the judge was shown them, without a line feed at the end.</summary>
    internal static string Responses(Rollout rollout, Judgement judgement, InertRollout inert) => string.Join('\n', judgement.Order.Index()
        .Where(shown => shown.Item >= 0 && shown.Item < rollout.Responses.Count).Select(shown => Delimiters.Fenced(shown.Index, inert.Responses[shown.Item].Text)));

    private static string Shown(Rollout rollout, Judgement judgement)
    {
        InertRollout inert = Neutraliser.Neutralise(rollout);
        string conversation = Conversation(rollout, inert);
        string responses = Responses(rollout, judgement, inert);
        return $"#### Conversation Context ####\n{conversation}{(conversation.Length > 0 ? "\n" : "")}\n#### Responses to be Scored ####\n{responses}{(responses.Length > 0 ? "\n" : "")}";
    }

    [GeneratedRegex(
        $"{Delimiters.Fences}|(?<!#)(?>#{{4,}}){Delimiters.Gap}(?:conversation{Delimiters.Gap}context|responses{Delimiters.Gap}to{Delimiters.Gap}be{Delimiters.Gap}scored|critique|task)(?:{Delimiters.Gap}#+)?|{Delimiters.Chat}",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Markers();

    [GeneratedRegex(
        $"^(?:system|user|assistant|tool|other):|{Delimiters.LineStart}(?:{Delimiters.Speakers}|{Delimiters.Hint}){Delimiters.Colon}",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Labels();
}
