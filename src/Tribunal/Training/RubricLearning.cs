using Tribunal.Rollouts;

namespace Tribunal.Training;

/// <summary>A labelled rollout whose responses were graded by criteria.</summary>
/// <param name="Id">The rollout.</param>
/// <param name="Best">The responses that are known to be best.</param>
/// <param name="Grades">Per response, a grade in [0, 1] for each criterion, in the rubric's order.</param>
public sealed record GradedExample(string Id, IReadOnlyList<int> Best, IReadOnlyList<IReadOnlyList<double>> Grades);

/// <summary>
/// Chooses criteria and their weights from labelled examples: coordinate ascent over whole weights from 0 (left out) to 3 on the share of
/// examples whose best response has the highest score. What a criterion's kind does to the score stays as it is. Deterministic.
/// </summary>
public static class RubricLearning
{
    private const int MostWeight = 3;
    private const int MostRounds = 20;

    // What a criterion has to gain to stay: half an example, so that none stays that decides nothing.
    private const double Gain = 0.5;

    /// <summary>Learns a rubric.</summary>
    /// <param name="rubric">The candidates.</param>
    /// <param name="examples">The examples, at least one.</param>
    /// <returns>The criteria that are worth a weight; the candidates where none is.</returns>
    public static Rubric Learn(Rubric rubric, IReadOnlyList<GradedExample> examples)
    {
        int[] weights = [.. Enumerable.Repeat(1, rubric.Criteria.Count)];
        double right = Right(rubric, weights, examples);
        for (int round = 0; round < MostRounds; round++)
        {
            double before = right;
            for (int i = 0; i < weights.Length; i++)
            {
                (int weight, double best) = (weights[i], right);
                for (int other = 0; other <= MostWeight; other++)
                {
                    int kept = weights[i];
                    weights[i] = other;
                    double now = weights.Any(static one => one > 0) ? Right(rubric, weights, examples) : double.NegativeInfinity;
                    weights[i] = kept;

                    // Nothing is lost by leaving a criterion out that gains nothing.
                    if (now > best + 1e-9 || (other == 0 && now > best - Gain && weight != 0))
                    {
                        (weight, best) = (other, Math.Max(now, best - Gain));
                    }
                }

                weights[i] = weight;
                right = weights.Any(static one => one > 0) ? Right(rubric, weights, examples) : right;
            }

            if (right <= before + 1e-9)
            {
                break;
            }
        }

        Rubric chosen = Weighed(rubric, weights);
        return chosen.Criteria.Count == 0 ? rubric : chosen with { Text = null };
    }

    private static Rubric Weighed(Rubric rubric, int[] weights) =>
        rubric with { Criteria = [.. rubric.Criteria.Select((criterion, i) => criterion with { Weight = weights[i] }).Where(static criterion => criterion.Weight > 0)] };

    /// <summary>Whether a rubric's highest score is a best response's; of equal scores one is taken by the seed.</summary>
    /// <param name="rubric">The rubric: its criteria are found by their ids among those of <paramref name="graded"/>.</param>
    /// <param name="graded">The rubric that the examples were graded by.</param>
    /// <param name="example">The example.</param>
    /// <param name="seed">Of the choice among equals.</param>
    public static bool IsRight(Rubric rubric, Rubric graded, GradedExample example, long seed)
    {
        int[] leaders = Leaders(rubric, graded, example);
        var random = new SeededRandom(StableHash.Of((ulong)seed, "rubric", example.Id));
        return example.Best.Contains(leaders[random.Next(leaders.Length)]);
    }

    // Who has the highest score.
    private static int[] Leaders(Rubric rubric, Rubric graded, GradedExample example)
    {
        int[] at = [.. rubric.Criteria.Select(criterion => Enumerable.Range(0, graded.Criteria.Count).First(i => graded.Criteria[i].Id == criterion.Id))];
        double[] scores = [.. example.Grades.Select(grades => rubric.Score([.. at.Select(i => grades[i])]))];
        double highest = scores.Max();
        return [.. Enumerable.Range(0, scores.Length).Where(i => scores[i] >= highest - 1e-12)];
    }

    // Equal scores count in part.
    private static double Right(Rubric rubric, int[] weights, IReadOnlyList<GradedExample> examples)
    {
        Rubric weighed = Weighed(rubric, weights);
        return examples.Sum(example => Leaders(weighed, rubric, example).Average(leader => example.Best.Contains(leader) ? 1.0 : 0));
    }
}
