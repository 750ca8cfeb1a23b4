using System.Text.Json.Serialization;

namespace Tribunal.Runs.Orchestration;

/// <summary>Which rollouts of a batch a run judges. They are copied into the run, and nothing else reads the original again.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record BatchSelection
{
    /// <summary>How many at most, 1 or more; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>The seed by which <see cref="Limit"/> takes them at random; null takes the first ones.</summary>
    public long? Shuffle { get; init; }

    /// <summary>The ids of those that may be taken; null for all.</summary>
    public IReadOnlyList<string>? Ids { get; init; }

    /// <summary>What is wrong with it, by the fields of requests; empty when nothing is.</summary>
    public IReadOnlyList<Problem> Problems()
    {
        var problems = new List<Problem>();
        if (Limit < 1)
        {
            problems.Add(new Problem("selection.limit", "1 or more is needed"));
        }

        if (Shuffle is not null && Limit is null)
        {
            problems.Add(new Problem("selection.shuffle", "it says which ones a limit takes, and there is none: verdicts stay in the batch's order"));
        }

        if (Ids is { Count: 0 })
        {
            problems.Add(new Problem("selection.ids", "one id at least is needed"));
        }

        return problems;
    }

    /// <summary>It in words, for who compares two.</summary>
    public override string ToString() =>
        string.Join(", ", ((string?[])[Limit is { } limit ? $"at most {limit}" : null, Shuffle is { } seed ? $"at random by {seed}" : null, Ids is { } ids ? $"ids {string.Join(' ', ids)}" : null]).OfType<string>());

    /// <summary>Selections are the same when their parts are.</summary>
    public bool Equals(BatchSelection? other) =>
        other is not null && Limit == other.Limit && Shuffle == other.Shuffle && (Ids ?? []).SequenceEqual(other.Ids ?? [], StringComparer.Ordinal);

    public override int GetHashCode() => HashCode.Combine(Limit, Shuffle, Ids?.Count);
}
