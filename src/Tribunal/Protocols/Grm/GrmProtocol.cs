using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Grm;

/// <summary>
/// DeepSeek-GRM (SPCT, arXiv 2504.02495): pointwise scores from 1 to 10 for 1..n responses in one prompt. A response
/// alone is asked for on the same scale; the 0/1 form of the paper's single-response training data is not used, because
/// rewards of one run are compared with each other.
/// </summary>
internal sealed partial class GrmProtocol(PromptTemplate template) : IProtocol
{
    private const string Headings =
        $"(?<!#)(?>#+){Delimiters.Gap}(?:conversation{Delimiters.Gap}context|responses{Delimiters.Gap}to{Delimiters.Gap}be{Delimiters.Gap}scored" +
        $"|output{Delimiters.Gap}format{Delimiters.Gap}requirements|evaluation{Delimiters.Gap}criteria|reference{Delimiters.Gap}answer)(?:{Delimiters.Gap}#+)?";

    private static readonly Neutraliser Neutraliser = new(Markers(), Labels(), GrmAnswer.Places);

    /// <summary>The placeholders that a template may use.</summary>
    public static IReadOnlyCollection<string> Placeholders { get; } = ["conversation", "responses", "count", "reference"];

    /// <summary>The placeholders that a template must use.</summary>
    public static IReadOnlyList<RequiredPlaceholder> Required { get; } = [RequiredPlaceholder.Only("conversation"), RequiredPlaceholder.Only("responses")];

    public string Name => "grm";

    public JudgingKind Kind => JudgingKind.Listwise;

    /// <summary>T = 0.5 is the paper's for voting; it states neither top_p nor a budget, and a sample is 220–380 tokens.</summary>
    public SamplingDefaults Defaults { get; } = new(Temperature: 0.5, TopP: 1, MaxTokens: 2048);

    public (double Min, double Max) ScoreRange => (GrmAnswer.Lowest, GrmAnswer.Highest);

    public string? WhyNot(Rollout rollout) => rollout.Responses.Count == 0 ? "there is no response to score"
            : rollout.Prompt.Count == 0 ? "the prompt has no turn"
            : null;

    public JudgePrompt Compose(Rollout rollout, IReadOnlyList<int> order)
    {
        Transcript shown = Transcript.Of(rollout, order, Neutraliser);
        return shown.Fill(template, placeholder => placeholder switch
        {
            "responses" => [.. shown.Responses.SelectMany(static (text, position) => (string[])[position == 0 ? "" : "\n", .. Delimiters.Fence(position, text)])],
            "count" => [shown.Responses.Count.ToString()],
            _ => null,
        });
    }

    public Reading Read(JudgeReply reply, int shown) => AnswerText.Cut(reply, thinks: false, out string answer) ?? GrmAnswer.Read(answer, shown);

    [GeneratedRegex($"{Delimiters.Fences}|{Headings}|{Delimiters.Chat}", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Markers();

    [GeneratedRegex(
        $"{Delimiters.LineStart}(?:{Delimiters.Speakers}|{Delimiters.Hint}){Delimiters.Colon}|{GrmAnswer.Label}",
        RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Labels();
}
