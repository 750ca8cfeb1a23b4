using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Runs.Summary;

/// <summary>How responses did by one criterion of their rubrics.</summary>
public sealed class CriterionSums
{
    /// <summary>The most criteria that are told apart; rubrics that a judge wrote for each prompt can hold far more.</summary>
    internal const int Most = 200;

    /// <summary>Responses graded.</summary>
    public long Responses { get; set; }

    /// <summary>The sum of their grades.</summary>
    public double Sum { get; set; }

    /// <summary>Labelled best responses graded, in rollouts that have others.</summary>
    public long Best { get; set; }

    /// <summary>The sum of their grades.</summary>
    public double BestSum { get; set; }

    /// <summary>The responses beside them.</summary>
    public long Rest { get; set; }

    /// <summary>The sum of their grades.</summary>
    public double RestSum { get; set; }

    /// <summary>Adds a verdict's grades to those of a run.</summary>
    internal static void Add(SortedDictionary<string, CriterionSums> all, Rollout rollout, Verdict verdict)
    {
        IReadOnlyList<int>? best = rollout.Responses.Count > 1 ? rollout.KnownBest() : null;
        foreach (CriterionGrades criterion in verdict.Criteria ?? [])
        {
            if (!all.TryGetValue(criterion.Id, out CriterionSums? sums))
            {
                if (all.Count >= Most)
                {
                    continue;
                }

                all.Add(criterion.Id, sums = new CriterionSums());
            }

            for (int i = 0; i < criterion.Grades.Count; i++)
            {
                sums.Responses++;
                sums.Sum += criterion.Grades[i];
                if (best?.Contains(i) == true)
                {
                    sums.Best++;
                    sums.BestSum += criterion.Grades[i];
                }
                else if (best is not null)
                {
                    sums.Rest++;
                    sums.RestSum += criterion.Grades[i];
                }
            }
        }
    }

    internal void Merge(CriterionSums other)
    {
        Responses += other.Responses;
        Sum += other.Sum;
        Best += other.Best;
        BestSum += other.BestSum;
        Rest += other.Rest;
        RestSum += other.RestSum;
    }

    internal CriterionSummary ToSummary(string id) => new(id, Responses, Sum / Responses)
    {
        Best = Best > 0 && Rest > 0 ? BestSum / Best : null,
        Rest = Best > 0 && Rest > 0 ? RestSum / Rest : null,
    };
}

/// <summary>A criterion in a run's summary.</summary>
/// <param name="Id">The criterion.</param>
/// <param name="Responses">Responses graded by it.</param>
/// <param name="Mean">Their mean grade, in [0, 1]: how far they meet it.</param>
public sealed record CriterionSummary(string Id, long Responses, double Mean)
{
    /// <summary>The mean grade of labelled best responses; null without labels.</summary>
    public double? Best { get; init; }

    /// <summary>The mean grade of the responses beside them; null without labels.</summary>
    public double? Rest { get; init; }
}
