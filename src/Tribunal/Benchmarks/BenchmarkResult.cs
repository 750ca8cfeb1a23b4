using System.Text.Json.Serialization;

namespace Tribunal.Benchmarks;

/// <summary>What a benchmark run says: the authors' rule on a single judgement, and the same rule on our vote.</summary>
public sealed record BenchmarkResult
{
    /// <summary>The suite's name.</summary>
    public required string Suite { get; init; }

    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>How it was asked.</summary>
    public required string Protocol { get; init; }

    /// <summary>Judgements per item, or per pair of it, that the vote was over, on average.</summary>
    public required double JudgementsPerItem { get; init; }

    /// <summary>Whether the judge was simulated: such figures say nothing about any model.</summary>
    public bool Simulated { get; init; }

    /// <summary>The rule on the first judgement of each item, as the authors draw it.</summary>
    public required BenchmarkScore Single { get; init; }

    /// <summary>The rule on the verdicts of the vote.</summary>
    public required BenchmarkScore Vote { get; init; }

    /// <summary>One line for a leaderboard.</summary>
    [JsonIgnore]
    public string Line => FormattableString.Invariant(
        $"{Judge} {Protocol}{(Simulated ? " (simulated)" : "")}: {Suite} {Percent(Vote.Overall)} by vote of {JudgementsPerItem:0.#}, {Percent(Single.Overall)} by one judgement; {Vote.Items} items{(Vote.Missing.Count > 0 ? $", without {string.Join(", ", Vote.Missing)}" : "")}");

    private static string Percent(double? score) => score is { } value ? FormattableString.Invariant($"{100 * value:0.0}") : "–";
}

/// <summary>Source-generated JSON of benchmark results.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(BenchmarkResult))]
public sealed partial class BenchmarkJson : JsonSerializerContext;
