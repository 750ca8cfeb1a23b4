namespace Tribunal.Judgements;

/// <summary>What a criterion was graded.</summary>
/// <param name="Id">The criterion.</param>
/// <param name="Grades">A grade per response, in [0, 1]: how far the response meets the criterion.</param>
public sealed record CriterionGrades(string Id, IReadOnlyList<double> Grades)
{
    /// <summary>The mean grades over judgements, original order; null where none holds any. Responses that are candidates of one text share theirs.</summary>
    /// <param name="judgements">The judgements that vote.</param>
    /// <param name="candidate">Response → candidate, equal for equal texts.</param>
    public static IReadOnlyList<CriterionGrades>? Mean(IEnumerable<Judgement> judgements, Func<int, int> candidate)
    {
        CriterionGrades[] means =
        [
            .. judgements.Where(static one => one.Outcome == JudgementOutcome.Valid).SelectMany(static one => one.Criteria ?? []).GroupBy(static graded => graded.Id)
                .Select(same => new CriterionGrades(same.Key, Shared([.. same.First().Grades.Select((_, i) => same.Average(graded => graded.Grades.ElementAtOrDefault(i)))], candidate))),
        ];
        return means.Length == 0 ? null : means;
    }

    private static double[] Shared(double[] means, Func<int, int> candidate) =>
        [.. means.Select((_, i) => means.Where((_, j) => candidate(j) == candidate(i)).Average())];
}
