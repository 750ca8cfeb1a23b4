using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Training;

/// <summary>
/// Hinted sampling (SPCT, arXiv 2504.02495): the judge is asked once more and told which response is best. Such judgements
/// are training data; they never vote and never count in any accuracy. An item is what one question is about: the whole
/// list for a judge of lists, a pair for a judge of pairs.
/// </summary>
public static class Hints
{
    /// <summary>How the hint begins; it stands on a line of its own at the prompt's end.</summary>
    public const string Opening = "The best response is: ";
    private const string This = "this one";
    private const string Another = "another one";

    /// <summary>
    /// The number of a rollout's first hinted sample, above every ordinary one; the hinted sample of a pair adds its
    /// <see cref="PairIndex"/>.
    /// </summary>
    public const int FirstSample = 1 << 30;

    /// <summary>The hinted samples that a rollout still needs, in the order of their numbers; each item gets one.</summary>
    /// <param name="mode">Which items.</param>
    /// <param name="rollout">The rollout; unlabelled items, and responses alone, get none.</param>
    /// <param name="kind">Lists or pairs.</param>
    /// <param name="ledger">All that the ledger holds of the rollout, hinted samples included. Items that no ordinary sample is about get none.</param>
    /// <param name="seed">The run's seed: presentation orders derive from it.</param>
    public static IReadOnlyList<HintedDraw> Next(HintMode mode, Rollout rollout, JudgingKind kind, IReadOnlyList<Judgement> ledger, long seed)
    {
        int n = rollout.Responses.Count;
        if (mode == HintMode.None || n < 2 || !Label.IsGiven(rollout))
        {
            return [];
        }

        var draws = new List<HintedDraw>();
        foreach (IGrouping<int, Judgement> item in ledger.GroupBy(j => FirstSample + (kind == JudgingKind.Pairwise ? PairOf(j, n) : 0)).OrderBy(static g => g.Key))
        {
            IReadOnlyList<int>? pair = kind == JudgingKind.Pairwise ? PairIndex.At(item.Key - FirstSample, n) is var (i, j) ? [i, j] : null : null;
            if (item.Any(static j => j.Hinted)
                || Label.Of(rollout, pair) is not { } label
                || (mode == HintMode.Failed && item.Any(j => Grading.Of(j, label) == Grade.Correct)))
            {
                continue;
            }

            int[] order = pair is [var a, var b]
                ? PresentationOrder.Pair(seed, rollout.Id, a, b, item.Key)
                : PresentationOrder.List(seed, rollout.Id, item.Key, n);
            draws.Add(new HintedDraw(new Draw(item.Key, order, pair), Array.FindIndex(order, label.Best.Contains)));
        }

        return draws;
    }

    /// <summary>A prompt with the hint at its end.</summary>
    /// <param name="prompt">As composed.</param>
    /// <param name="protocol">The protocol's name: it decides what a response is called.</param>
    /// <param name="position">The best response's displayed position, from 0.</param>
    public static JudgePrompt Append(JudgePrompt prompt, string protocol, int position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (prompt.Scalar)
        {
            // A classic reward model is told nothing: it would be part of what it scores.
            return prompt;
        }

        // A call about one response names it as the best, or says that another one is.
        return prompt with
        {
            Messages = With(prompt.Messages, NameOf(protocol, position)),
            Parts = prompt.Parts is { } parts && prompt.PartName == "response" ? [.. parts.Select((part, i) => With(part, i == position ? This : Another))] : prompt.Parts,
        };
    }

    /// <summary>A prompt without its hint, where it has one.</summary>
    public static string Without(string prompt)
    {
        int line = prompt.LastIndexOf("\n\n", StringComparison.Ordinal);
        return line >= 0 && prompt.AsSpan(line + 2).StartsWith(Opening, StringComparison.Ordinal) ? prompt[..line] : prompt;
    }

    private static IReadOnlyList<Message> With(IReadOnlyList<Message> messages, string name) =>
        [.. messages.SkipLast(1), messages[^1] with { Content = $"{messages[^1].Content}\n\n{Opening}{name}" }];

    /// <summary>The displayed position that a prompt's last line hints at; null where it is no hint.</summary>
    public static int? Find(string prompt)
    {
        ReadOnlySpan<char> text = prompt.AsSpan().TrimEnd();
        ReadOnlySpan<char> line = text[(text.LastIndexOf('\n') + 1)..];
        if (!line.StartsWith(Opening, StringComparison.Ordinal))
        {
            return null;
        }

        ReadOnlySpan<char> name = line[Opening.Length..];
        ReadOnlySpan<char> last = name[(name.LastIndexOf(' ') + 1)..];
        return name is This ? 0 : last is "A" ? 0 : last is "B" ? 1 : int.TryParse(last, out int number) && number > 0 ? number - 1 : null;
    }

    /// <summary>What the protocol's prompt calls the response at a displayed position, from 0.</summary>
    internal static string NameOf(string protocol, int position) => protocol switch
    {
        "rm-r1" => position == 0 ? "Chatbot A" : "Chatbot B",
        "rrm" => $"Assistant {position + 1}",
        _ => $"Response {position + 1}",
    };

    // A judgement that failed may not say what it compared; its number does.
    private static int PairOf(Judgement judgement, int n) =>
        judgement.Pair is [var i, var j] && i >= 0 && j < n && i < j ? PairIndex.Of(i, j, n)
        : judgement.Hinted ? judgement.Sample - FirstSample
        : PairIndex.FromSample(judgement.Sample, n).Pair;
}

/// <summary>A hinted sample to draw.</summary>
/// <param name="Draw">The draw.</param>
/// <param name="Position">The displayed position that the hint names, from 0.</param>
public sealed record HintedDraw(Draw Draw, int Position);
