using Tribunal.Rollouts;

namespace Tribunal.Runs.Labels;

/// <summary>
/// What a person says of a rollout: a line of <c>labels.jsonl</c>. A line says all that is said of its rollout, and the last one stands.
/// </summary>
public sealed record RolloutLabel
{
    /// <summary>The longest note, in characters.</summary>
    public const int LongestNote = 10_000;

    /// <summary>The rollout.</summary>
    public required string RolloutId { get; init; }

    /// <summary>When it was said.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Who said it, as they call themselves; at most 200 characters.</summary>
    public string? By { get; init; }

    /// <summary>Indexes (original order, from 0) of the best responses; null leaves what the batch says.</summary>
    public IReadOnlyList<int>? Best { get; init; }

    /// <summary>A score for each response, on the person's own scale; null leaves what the batch says.</summary>
    public IReadOnlyList<double>? Scores { get; init; }

    /// <summary>A comment.</summary>
    public string? Note { get; init; }

    /// <summary>Whether it says nothing: the line takes back what an earlier one said.</summary>
    public bool IsEmpty() => Best is null && Scores is null && string.IsNullOrEmpty(Note);

    /// <summary>Why the label can't be one of a rollout with so many responses; null where it can.</summary>
    public string? WhyNot(int responses)
    {
        if (Best is { } best && (best.Count == 0 || best.Any(index => index < 0 || index >= responses) || best.Distinct().Count() < best.Count))
        {
            return $"best names responses by numbers from 0 to {responses - 1}, each once";
        }

        return Scores is { } scores && (scores.Count != responses || scores.Any(static score => !double.IsFinite(score))) ? $"scores are {responses} numbers, one for each response"
            : Note?.Length > LongestNote ? $"the note is longer than {LongestNote:N0} characters"
            : By?.Length > 200 ? "the name is longer than 200 characters"
            : null;
    }

    /// <summary>The rollout with what the label says in place of what its batch says; one that doesn't fit the rollout says nothing.</summary>
    public Rollout ApplyTo(Rollout rollout) =>
        WhyNot(rollout.Responses.Count) is not null ? rollout : rollout with { Best = Best ?? rollout.Best, Scores = Scores ?? rollout.Scores };
}
