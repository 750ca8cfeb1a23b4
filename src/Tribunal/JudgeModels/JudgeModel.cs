using System.Text.Json.Serialization;

namespace Tribunal.JudgeModels;

/// <summary>
/// What a run, or an earlier one, has learned of its judge: the document <c>judge-model.json</c>. Empirical Bayes: the spread over
/// rollouts is the prior of each.
/// </summary>
public sealed record JudgeModel
{
    /// <summary>The form that this version writes and reads.</summary>
    public const int CurrentForm = 1;

    /// <summary>Rollouts (matches, for pairs) without which nothing is learned: the flat prior stands then.</summary>
    public const int Fewest = 24;

    /// <summary>Rollouts (matches) from which a domain has parameters of its own.</summary>
    public const int FewestOfDomain = 100;

    private static readonly Dictionary<string, JudgeModel> NoDomains = [];

    /// <summary>The document's form.</summary>
    public int Form { get; init; } = CurrentForm;

    /// <summary>The judge's model, or judges' models, that it tells of.</summary>
    public string? Judge { get; init; }

    /// <summary>The protocol.</summary>
    public string? Protocol { get; init; }

    /// <summary>For votes between two; null where there were too few.</summary>
    public PairModel? Pairs { get; init; }

    /// <summary>For scores of lists; null where there were too few.</summary>
    public ListModel? Lists { get; init; }

    /// <summary>Domains that have parameters of their own; null for none.</summary>
    public IReadOnlyDictionary<string, JudgeModel>? Domains { get; init; }

    /// <summary>Why nothing could be learned, or what else a reader should know; null for nothing.</summary>
    public string? Note { get; init; }

    /// <summary>Whether anything was learned.</summary>
    [JsonIgnore]
    public bool IsFitted => Pairs is not null || Lists is not null;

    /// <summary>The model of a domain's rollouts.</summary>
    public JudgeModel For(string? domain) => domain is not null && Domains?.GetValueOrDefault(domain) is { } own ? own : this;

    /// <summary>Models are the same when all that is in them is.</summary>
    public bool Equals(JudgeModel? other) => other is not null
        && (Form, Judge, Protocol, Pairs, Lists, Note) == (other.Form, other.Judge, other.Protocol, other.Pairs, other.Lists, other.Note)
        && (Domains ?? NoDomains).OrderBy(static domain => domain.Key, StringComparer.Ordinal).SequenceEqual((other.Domains ?? NoDomains).OrderBy(static domain => domain.Key, StringComparer.Ordinal));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Judge, Protocol, Pairs, Lists);

}
