using Tribunal.Protocols;

namespace Tribunal.RewardServer.Trainers;

/// <summary>The vote over several answers to one judging prompt, as one of these answers.</summary>
/// <param name="Answer">An answer with the verdict that was voted.</param>
/// <param name="Verdict">The verdict in short; null where nothing can be voted on.</param>
/// <param name="Votes">The answers' own verdicts and how many gave each; one that gave none counts under the empty text.</param>
/// <param name="Confidence">The share of the verdicts that agree with the vote, in (0, 1]; numbers agree when they are the same once rounded.</param>
internal sealed record ChatVote(JudgeReply Answer, string? Verdict, IReadOnlyDictionary<string, int> Votes, double? Confidence)
{
    /// <summary>Votes: words by majority, the first of equals; numbers by their mean, said by the answer that is nearest to it.</summary>
    /// <param name="replies">The answers, one or more.</param>
    /// <param name="whole">Whether numbers have to be whole.</param>
    public static ChatVote Of(IReadOnlyList<JudgeReply> replies, bool whole)
    {
        JudgeAnswers.Found?[] found = [.. replies.Select(static reply => FinishReasons.AtBudget(reply.Finish) ? null : JudgeAnswers.Read(reply.Text))];
        var votes = found.GroupBy(static one => one is null ? "" : Short(one)).ToDictionary(static group => group.Key, static group => group.Count(), StringComparer.Ordinal);
        if (Array.TrueForAll(found, static one => one is null))
        {
            return new ChatVote(replies[0], null, votes, null);
        }

        string kind = found.Where(static one => one is not null).GroupBy(static one => one!.Kind).OrderByDescending(static group => group.Count()).First().Key;
        int[] same = [.. Enumerable.Range(0, found.Length).Where(i => found[i]?.Kind == kind)];
        if (found[same[0]]!.Word is not null)
        {
            IGrouping<string, int> winner = same.GroupBy(i => found[i]!.Word!).OrderByDescending(static group => group.Count()).First();
            return new ChatVote(replies[winner.First()], winner.Key, votes, (double)winner.Count() / same.Length);
        }

        double[] mean = [.. Enumerable.Range(0, found[same[0]]!.Numbers.Length).Select(n => same.Average(i => found[i]!.Numbers[n]))];
        int nearest = same.MinBy(i => found[i]!.Numbers.Zip(mean).Sum(static pair => Math.Abs(pair.First - pair.Second)));
        string text = JudgeAnswers.With(replies[nearest].Text, found[nearest]!, mean, whole);
        int agree = same.Count(i => found[i]!.Numbers.Zip(mean).All(static pair => Math.Abs(pair.First - pair.Second) <= 0.5));
        return new ChatVote(replies[nearest] with { Text = text }, Short(JudgeAnswers.Read(text) ?? found[nearest]!), votes, (double)agree / same.Length);
    }

    private static string Short(JudgeAnswers.Found found) => found.Word ?? string.Join(", ", found.Numbers.Select(static number => number.ToString("0.####", System.Globalization.CultureInfo.InvariantCulture)));
}
