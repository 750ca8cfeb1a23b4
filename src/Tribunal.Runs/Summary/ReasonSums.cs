using System.Text.RegularExpressions;
using Tribunal.Judgements;

namespace Tribunal.Runs.Summary;

/// <summary>Why judgements have no verdict, counted. Sums are the same whatever order judgements and parts are added in.</summary>
public sealed partial class ReasonSums
{
    // Words that name what they are about differ each time; beyond so many kinds they are counted together.
    private const int MostKinds = 200;
    private const string Others = "other reasons";

    /// <summary>By outcome and words without their numbers and quotes.</summary>
    public SortedDictionary<string, FailureReason> Kinds { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Counts a judgement; a valid one has no reason.</summary>
    public void Add(Judgement judgement)
    {
        if (judgement.Outcome == JudgementOutcome.Valid)
        {
            return;
        }

        string words = judgement.Why ?? judgement.Finish ?? "no reason given";

        // What an answer held is quoted after a colon; what an endpoint said stands there too, and tells reasons apart.
        string kind = judgement.Outcome == JudgementOutcome.Unparsable ? words.Split(':')[0] : words;
        Add($"{judgement.Outcome}: {Numbers().Replace(kind, "#")}", new FailureReason(judgement.Outcome, words, 1));
    }

    /// <summary>Adds another's.</summary>
    public void Merge(ReasonSums other)
    {
        foreach ((string kind, FailureReason reason) in other.Kinds)
        {
            Add(kind, reason);
        }
    }

    /// <summary>The commonest first; null for none.</summary>
    public IReadOnlyList<FailureReason>? Commonest(int most) => Kinds.Count == 0 ? null
        : [.. Kinds.Values.OrderByDescending(static reason => reason.Count).ThenBy(static reason => reason.Words, StringComparer.Ordinal).Take(most)];

    private void Add(string kind, FailureReason reason)
    {
        if (!Kinds.TryGetValue(kind, out FailureReason? known) && Kinds.Count >= MostKinds)
        {
            (kind, reason) = (Others, reason with { Words = Others });
            _ = Kinds.TryGetValue(kind, out known);
        }

        Kinds[kind] = known is null ? reason
            : known with { Count = known.Count + reason.Count, Words = string.CompareOrdinal(known.Words, reason.Words) <= 0 ? known.Words : reason.Words };
    }

    [GeneratedRegex(@"\b[0-9a-f-]*[0-9][0-9a-f-]*\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Numbers();
}

/// <summary>Why judgements have no verdict.</summary>
/// <param name="Outcome">What became of them.</param>
/// <param name="Words">Why, for one of them: of all such words, the first in ordinal order.</param>
/// <param name="Count">How many.</param>
public sealed record FailureReason(JudgementOutcome Outcome, string Words, long Count);
