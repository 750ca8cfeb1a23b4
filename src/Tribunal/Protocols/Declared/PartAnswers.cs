using System.Text;
using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Protocols.Declared;

/// <summary>
/// The answers of a judge that is asked about one response at a time, as one text: <c>⟪response 1⟫</c> on a line of its own, and the
/// answer under it. A ledger keeps them like any other answer, and reads them again.
/// </summary>
internal static partial class PartAnswers
{
    /// <summary>What a rollout must not hold.</summary>
    public const string Mark = @"⟪\s*(?:response|grade)\s*[0-9]{0,4}\s*⟫";

    /// <summary>Joins answers in displayed order; an answer alone stays as it is.</summary>
    /// <param name="name">What each is about: <c>response</c>, or <c>grade</c> for one of a response and a criterion.</param>
    public static JudgeReply Join(IReadOnlyList<JudgeReply> replies, string name)
    {
        if (replies is [var only])
        {
            return only;
        }

        JudgeReply ended = replies.FirstOrDefault(static reply => FinishReasons.Of(reply.Finish) != AnswerEnd.Whole) ?? replies[0];
        return new JudgeReply
        {
            Text = Text(replies, name, static reply => reply.Text)!,
            Reasoning = Text(replies, name, static reply => reply.Reasoning),
            ThoughtApart = replies.All(static reply => reply.ThoughtApart || !string.IsNullOrEmpty(reply.Reasoning)),
            Finish = ended.Finish,
            Refusal = replies.FirstOrDefault(static reply => !string.IsNullOrWhiteSpace(reply.Refusal))?.Refusal,
            Usage = replies.Aggregate(default(Usage), static (sum, reply) => sum + reply.Usage),
            PromptCut = replies.Any(static reply => reply.PromptCut),
            Latency = replies.Aggregate(TimeSpan.Zero, static (sum, reply) => sum + reply.Latency),
            Tries = replies.Skip(1).Aggregate(replies[0].Tries, static (sum, reply) => Sum(sum, reply.Tries)),
        };
    }

    /// <summary>Takes answers apart; null where they are not those of so many responses, each once and in order.</summary>
    public static IReadOnlyList<string>? Split(string text, int shown)
    {
        if (shown == 1)
        {
            return [text];
        }

        MatchCollection marks = Line().Matches(text);
        if (marks.Count != shown || !string.IsNullOrWhiteSpace(text[..(marks.Count > 0 ? marks[0].Index : 0)]))
        {
            return null;
        }

        var answers = new string[shown];
        for (int i = 0; i < shown; i++)
        {
            if (marks[i].Groups["number"].Value != (i + 1).ToString())
            {
                return null;
            }

            int from = marks[i].Index + marks[i].Length;
            answers[i] = text[from..(i + 1 < shown ? marks[i + 1].Index : text.Length)].Trim('\n');
        }

        return answers;
    }

    // A request per response is no second try.
    private static Tries Sum(Tries a, Tries b) => (a + b) with { Requests = a.Requests + b.Requests - 1 };

    private static string? Text(IReadOnlyList<JudgeReply> replies, string name, Func<JudgeReply, string?> part)
    {
        if (replies.All(reply => string.IsNullOrEmpty(part(reply))))
        {
            return part(replies[0]);
        }

        var text = new StringBuilder();
        for (int i = 0; i < replies.Count; i++)
        {
            text.Append(i == 0 ? "" : "\n").Append('⟪').Append(name).Append(' ').Append(i + 1).Append("⟫\n").Append(part(replies[i])).Append('\n');
        }

        return text.ToString();
    }

    [GeneratedRegex(@"^⟪(?:response|grade) (?<number>[0-9]{1,4})⟫$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
