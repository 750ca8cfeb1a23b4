using Tribunal.Judgements;

namespace Tribunal.Formats.Recorded;

/// <summary>A recorded judgement of numbers: a grade for each response.</summary>
internal static class GradedResponses
{
    /// <summary>The judgement, unparsable where a response has no grade, or one off the scale.</summary>
    /// <param name="id">The rollout's id.</param>
    /// <param name="sample">Which of the rollout's judgements it is, from 0.</param>
    /// <param name="judge">Who graded.</param>
    /// <param name="grades">A grade for each response, in the order of the rollout; null where none could be read.</param>
    /// <param name="scale">The lowest and the highest grade; null where every finite number is one.</param>
    /// <param name="why">What is said of grades that can't be used.</param>
    public static TracedJudgement Judgement(string id, int sample, string judge, double?[] grades, (double Lowest, double Highest)? scale, string why)
    {
        bool valid = Array.TrueForAll(grades, grade => grade is { } number && double.IsFinite(number) && !(number < scale?.Lowest) && !(number > scale?.Highest));
        return new TracedJudgement
        {
            RolloutId = id,
            Sample = sample,
            Protocol = "imported",
            Judge = judge,
            Order = [.. Enumerable.Range(0, grades.Length)],
            Outcome = valid ? JudgementOutcome.Valid : JudgementOutcome.Unparsable,
            Scores = valid ? [.. grades.Select(static grade => grade!.Value)] : null,
            Scale = valid && scale is var (lowest, highest) ? [lowest, highest] : null,
            Why = valid ? null : why,
        };
    }

    /// <summary>What is said of each response where several were graded, and of the one where it is alone.</summary>
    public static string Said(IReadOnlyList<string?> reasons) => string.Join("\n\n", reasons.Select((reason, i) => reasons.Count == 1 ? reason : $"Response {i + 1}: {reason}"));
}
