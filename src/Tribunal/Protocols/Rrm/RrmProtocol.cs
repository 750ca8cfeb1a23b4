using System.Text.RegularExpressions;
using Tribunal.Rollouts;

namespace Tribunal.Protocols.Rrm;

/// <summary>RRM (arXiv 2505.14674): pairs, long thinking, a boxed assistant as the verdict.</summary>
internal sealed partial class RrmProtocol(PromptTemplate template) : IProtocol
{
    // A heading of the grammar stands alone on its line; "Assistant 1" is one wherever hashes lead to it.
    private const string Headings =
        $@"(?<!#)(?:(?>#+){Delimiters.Gap}(?:assistant|solution){Delimiters.Gap}[12]" +
        $@"|(?>#{{2,}}){Delimiters.Gap}(?:query|assistant{Delimiters.Gap}responses|analysis|reference{Delimiters.Gap}answer)(?>[ \t*_:#]*)$)";

    private static readonly Neutraliser Neutraliser = new(Markers(), Labels(), static (plain, _) => RrmAnswer.Places(plain));

    /// <summary>The placeholders that a template may use.</summary>
    public static IReadOnlyCollection<string> Placeholders { get; } = ["conversation", "response_1", "response_2", "reference"];

    /// <summary>The placeholders that a template must use.</summary>
    public static IReadOnlyList<RequiredPlaceholder> Required { get; } =
        [RequiredPlaceholder.Only("conversation"), RequiredPlaceholder.Only("response_1"), RequiredPlaceholder.Only("response_2")];

    public string Name => "rrm";

    public JudgingKind Kind => JudgingKind.Pairwise;

    /// <summary>The authors' own: T = 0.6, top_p 1, 8,192 tokens.</summary>
    public SamplingDefaults Defaults { get; } = new(Temperature: 0.6, TopP: 1, MaxTokens: 8_192);

    public (double Min, double Max) ScoreRange => (0, 1);

    public string? WhyNot(Rollout rollout) => Pairs.WhyNot(Name, rollout);

    public JudgePrompt Compose(Rollout rollout, IReadOnlyList<int> order)
    {
        Pairs.CheckOrder(order);
        Transcript shown = Transcript.Of(rollout, order, Neutraliser);
        return shown.Fill(template, placeholder => placeholder switch
        {
            "response_1" => [shown.Responses[0]],
            "response_2" => [shown.Responses[1]],
            _ => null,
        });
    }

    public Reading Read(JudgeReply reply, int shown) => AnswerText.Cut(reply, thinks: true, out string answer) ?? RrmAnswer.Read(answer);

    [GeneratedRegex(
        $"{Headings}|{Delimiters.Chat}", RegexOptions.IgnoreCase | RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Markers();

    [GeneratedRegex($"{Delimiters.LineStart}(?:{Delimiters.Speakers}|{Delimiters.Hint}){Delimiters.Colon}", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Labels();
}
