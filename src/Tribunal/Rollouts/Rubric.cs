using System.Text.Json.Serialization;

namespace Tribunal.Rollouts;

/// <summary>What a criterion's grade does to the score.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CriterionKind>))]
public enum CriterionKind
{
    /// <summary>Being met earns its weight.</summary>
    [JsonStringEnumMemberName("positive")]
    Positive,

    /// <summary>A flaw: being met costs its weight.</summary>
    [JsonStringEnumMemberName("negative")]
    Negative,

    /// <summary>Being met earns its weight, and a response that does not meet it is worth nothing.</summary>
    [JsonStringEnumMemberName("required")]
    Required,
}

/// <summary>A criterion that a response meets or does not.</summary>
/// <param name="Id">Its name in ledgers and reports: 1 to 64 characters, once in its rubric.</param>
/// <param name="Text">What has to be so, in a sentence that a judge can answer by yes or no.</param>
/// <param name="Weight">How much it counts beside the others; above 0, at most <see cref="Rubric.MostWeight"/>.</param>
/// <param name="Kind">What its grade does to the score.</param>
public sealed record Criterion(string Id, string Text, double Weight = 1, CriterionKind Kind = CriterionKind.Positive);

/// <summary>The criteria that responses to a prompt are graded by, and how the grades make a score.</summary>
public sealed record Rubric
{
    /// <summary>The most criteria of a rubric.</summary>
    public const int MostCriteria = 64;

    /// <summary>The largest weight: sums of weights stay numbers, whoever wrote them.</summary>
    public const double MostWeight = 1e6;

    /// <summary>The criteria, at least one.</summary>
    public required IReadOnlyList<Criterion> Criteria { get; init; }

    /// <summary>Whether a required criterion that is not met makes the score 0; otherwise it counts as a positive one. Default true.</summary>
    public bool Gates { get; init; } = true;

    /// <summary>Whether a flaw takes its weight off what was earned; otherwise its absence earns its weight. Default true.</summary>
    public bool Subtracts { get; init; } = true;

    /// <summary>The text that the rubric was given as, where it was one text and no list.</summary>
    public string? Text { get; init; }

    /// <summary>A rubric that was given as one text.</summary>
    public static Rubric Of(string text) => new() { Criteria = [new Criterion("rubric", text)], Text = text };

    /// <summary>The rubric as a text for judges who are shown all of it: a line for each criterion.</summary>
    public string Words() => Text ?? string.Join('\n', Criteria.Select(static criterion => criterion.Kind switch
    {
        CriterionKind.Negative => $"- (a flaw) {criterion.Text}",
        CriterionKind.Required => $"- (required) {criterion.Text}",
        _ => $"- {criterion.Text}",
    }));

    /// <summary>
    /// The score of a response, in [0, 1]. With the grades g in [0, 1] and the weights w of the criteria P that are positive or required
    /// and N that are negative:
    /// <code>
    /// score = 0                                                          where the rubric gates and a required g is below ½
    ///       = max(0, (Σ_P w·g − Σ_N w·g) / Σ_P w)                        where it subtracts and P is not empty
    ///       = (Σ_P w·g + Σ_N w·(1 − g)) / (Σ_P w + Σ_N w)                otherwise
    /// </code>
    /// The second line is HealthBench's (arXiv 2505.08775, section 3: points earned by the points that can be earned, not below 0).
    /// </summary>
    /// <param name="grades">A grade for each criterion, in their order.</param>
    /// <exception cref="ArgumentException">There are more or fewer grades than criteria.</exception>
    public double Score(IReadOnlyList<double> grades)
    {
        if (grades.Count != Criteria.Count)
        {
            throw new ArgumentException($"{grades.Count} grades for {Criteria.Count} criteria", nameof(grades));
        }

        double earned = 0;
        double whole = 0;
        double flaws = 0;
        double flawsWhole = 0;
        for (int i = 0; i < grades.Count; i++)
        {
            (_, _, double weight, CriterionKind kind) = Criteria[i];
            if (kind == CriterionKind.Negative)
            {
                flaws += weight * grades[i];
                flawsWhole += weight;
                continue;
            }

            if (Gates && kind == CriterionKind.Required && grades[i] < 0.5)
            {
                return 0;
            }

            earned += weight * grades[i];
            whole += weight;
        }

        return Subtracts && whole > 0 ? Math.Max(0, (earned - flaws) / whole) : (earned + flawsWhole - flaws) / (whole + flawsWhole);
    }
}

/// <summary>The rubrics of a batch: by rollout, by domain, and one for all others.</summary>
public sealed record RubricSet
{
    /// <summary>No rubrics beside those of the rollouts.</summary>
    public static RubricSet None { get; } = new();

    /// <summary>Of single rollouts, by their ids: as a judge wrote them and a person may have edited them.</summary>
    public IReadOnlyDictionary<string, Rubric> Rollouts { get; init; } = new Dictionary<string, Rubric>();

    /// <summary>Of the rollouts of a domain.</summary>
    public IReadOnlyDictionary<string, Rubric> Domains { get; init; } = new Dictionary<string, Rubric>();

    /// <summary>Of all others.</summary>
    public Rubric? Others { get; init; }

    /// <summary>The rubric of a rollout: that of its id, its own, that of its domain, that of all others; null where there is none.</summary>
    public Rubric? For(Rollout rollout) =>
        Rollouts.GetValueOrDefault(rollout.Id) ?? rollout.Rubric ?? (rollout.Domain is { } domain ? Domains.GetValueOrDefault(domain) : null) ?? Others;
}
