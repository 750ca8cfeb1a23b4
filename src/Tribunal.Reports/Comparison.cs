using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Benchmarks;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Reports;

/// <summary>Runs over the same rollouts, side by side.</summary>
public sealed record Comparison
{
    /// <summary>The runs, the first being what the others are measured against.</summary>
    public required IReadOnlyList<ComparedRun> Runs { get; init; }

    /// <summary>Rollouts that every run has a verdict line for.</summary>
    public required long Shared { get; init; }

    /// <summary>Of these, with a label.</summary>
    public required long Labelled { get; init; }

    /// <summary>Every other run against the first.</summary>
    public required IReadOnlyList<PairedDifference> Differences { get; init; }

    /// <summary>The same by domain, the largest first, bounded.</summary>
    public IReadOnlyList<ComparedDomain> Domains { get; init; } = [];

    /// <summary>Rollouts on which runs chose different responses: the surest of them, bounded.</summary>
    public required IReadOnlyList<Disagreement> Disagreements { get; init; }

    /// <summary>Results of benchmarks among what was compared.</summary>
    public IReadOnlyList<BenchmarkResult> Benchmarks { get; init; } = [];

    /// <summary>Draws of the bootstrap.</summary>
    public int Resamples { get; init; }

    /// <summary>Seed of the bootstrap.</summary>
    public long Seed { get; init; }

    /// <summary>What a reader should know.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];
}

/// <summary>One run of a comparison.</summary>
public sealed record ComparedRun
{
    /// <summary>Its name, unique in the comparison.</summary>
    public required string Name { get; init; }

    /// <summary>Judge's model.</summary>
    public required string Model { get; init; }

    /// <summary>Protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>Whether the judge was simulated.</summary>
    public bool Simulated { get; init; }

    /// <summary>Of the shared rollouts, with rewards.</summary>
    public required long Scored { get; init; }

    /// <summary>Accuracy on the shared labelled rollouts; unscorable ones count as wrong, so that runs stay comparable. Null without labels.</summary>
    public Rate? Accuracy { get; init; }

    /// <summary>Judgements a shared rollout.</summary>
    public required double JudgementsPerRollout { get; init; }

    /// <summary>Tokens on the shared rollouts.</summary>
    public required Usage Usage { get; init; }

    /// <summary>Cost on the shared rollouts; null where no price is known.</summary>
    public double? Cost { get; init; }
}

/// <summary>Runs over the rollouts of a domain.</summary>
/// <param name="Name">The domain.</param>
/// <param name="Shared">Rollouts of it that every run has a verdict line for.</param>
/// <param name="Labelled">Of these, with a label.</param>
/// <param name="Accuracy">Each run's accuracy, in the order of the runs; null without labels.</param>
/// <param name="Differences">Every other run against the first.</param>
public sealed record ComparedDomain(string Name, long Shared, long Labelled, IReadOnlyList<Rate?> Accuracy, IReadOnlyList<PairedDifference> Differences);

/// <summary>A run against the first, on the same labelled rollouts.</summary>
public sealed record PairedDifference
{
    /// <summary>The run.</summary>
    public required string Run { get; init; }

    /// <summary>What it is measured against.</summary>
    public required string Against { get; init; }

    /// <summary>Share of shared, scored rollouts on which both chose the same response; null when there are none.</summary>
    public double? Agreement { get; init; }

    /// <summary>Accuracy minus the other's, in [−1, 1]; null without labels.</summary>
    public double? Difference { get; init; }

    /// <summary>Lower end of its 95 % bootstrap percentile interval over rollouts.</summary>
    public double? Low { get; init; }

    /// <summary>Upper end.</summary>
    public double? High { get; init; }

    /// <summary>Rollouts that only this run got right.</summary>
    public long OnlyThis { get; init; }

    /// <summary>Rollouts that only the other got right.</summary>
    public long OnlyOther { get; init; }

    /// <summary>McNemar's exact two-sided test on these two counts; null without labels.</summary>
    public double? McNemar { get; init; }
}

/// <summary>A rollout on which runs differ.</summary>
/// <param name="Id">The rollout.</param>
/// <param name="Domain">Its domain, where known.</param>
/// <param name="Best">Labelled best, where known.</param>
/// <param name="Choices">Each run's best response, in the order of the runs; null where unscorable.</param>
/// <param name="Confidences">Each run's confidence.</param>
public sealed record Disagreement(string Id, string? Domain, IReadOnlyList<int>? Best, IReadOnlyList<int?> Choices, IReadOnlyList<double?> Confidences)
{
    /// <summary>Its texts, for people; not in the JSON. Null where the batch is gone.</summary>
    [JsonIgnore]
    public Rollout? Rollout { get; init; }
}

/// <summary>Source-generated JSON of comparisons.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Comparison))]
public sealed partial class ComparisonJson : JsonSerializerContext;
