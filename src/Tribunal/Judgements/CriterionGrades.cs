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
        var ids = new List<string>();
        var sums = new Dictionary<string, (double[] Sums, int Count)>(StringComparer.Ordinal);
        foreach (CriterionGrades graded in judgements.Where(static one => one.Outcome == JudgementOutcome.Valid).SelectMany(static one => one.Criteria ?? []))
        {
            if (!sums.TryGetValue(graded.Id, out (double[] Sums, int Count) sum))
            {
                ids.Add(graded.Id);
                sum = (new double[graded.Grades.Count], 0);
            }

            for (int i = 0; i < Math.Min(sum.Sums.Length, graded.Grades.Count); i++)
            {
                sum.Sums[i] += graded.Grades[i];
            }

            sums[graded.Id] = (sum.Sums, sum.Count + 1);
        }

        return ids.Count == 0 ? null : [.. ids.Select(id => new CriterionGrades(id, Shared([.. sums[id].Sums.Select(sum => sum / sums[id].Count)], candidate)))];
    }

    private static double[] Shared(double[] means, Func<int, int> candidate) =>
        [.. means.Select((_, i) => means.Where((_, j) => candidate(j) == candidate(i)).Average())];
}
