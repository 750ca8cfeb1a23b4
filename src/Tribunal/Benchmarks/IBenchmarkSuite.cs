using System.Text.Json.Serialization;
using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// A public benchmark of reward models: which of its published files it reads, what there is to judge, and its authors'
/// own scoring rule. Pure; the files are the pipeline's business.
/// </summary>
public interface IBenchmarkSuite
{
    /// <summary>The name on the command line, lower case.</summary>
    string Name { get; }

    /// <summary>The name people know.</summary>
    string Title { get; }

    /// <summary>Which files are expected and where their authors publish them; one sentence for people.</summary>
    string Source { get; }

    /// <summary>
    /// The files to read among those found (names relative to the folder, <c>/</c> between segments): authors publish
    /// unions, raw versions and results beside the data. All of them, unless a suite says otherwise.
    /// </summary>
    IReadOnlyList<string> Choose(IReadOnlyList<string> files) => files;

    /// <summary>
    /// What a record gives to judge: rollouts whose domain is the section they count in. One record may give several.
    /// </summary>
    /// <param name="record">The record as the batch readers give it.</param>
    /// <param name="file">Path of its file, <c>/</c> between segments; some suites keep the section there.</param>
    /// <exception cref="FormatException">The record is not one of this suite; the message says why.</exception>
    IReadOnlyList<Rollout> Items(Rollout record, string file);

    /// <summary>Scores by the authors' rule. Outcomes may come in any order; items without one are not counted.</summary>
    BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes);
}

/// <summary>A suite's score. Fractions, 0 to 1 unless the rule says otherwise.</summary>
public sealed record BenchmarkScore
{
    /// <summary>The figure on the authors' leaderboard; null when there is nothing to score.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? Overall { get; init; }

    /// <summary>The sections it is made of.</summary>
    public required IReadOnlyList<BenchmarkSection> Sections { get; init; }

    /// <summary>Sections of the benchmark without any item here: the overall figure is then over the others, and not comparable.</summary>
    public IReadOnlyList<string> Missing { get; init; } = [];

    /// <summary>Items scored.</summary>
    public int Items => Sections.Sum(static s => s.Items);

    /// <summary>Items for which the judge gave no decision; what they count is the rule's business, and never silently left out.</summary>
    public int Undecided => Sections.Sum(static s => s.Undecided);
}

/// <summary>One section of a suite.</summary>
public sealed record BenchmarkSection
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its score by the suite's rule; null without items.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public required double? Score { get; init; }

    /// <summary>Items in it.</summary>
    public required int Items { get; init; }

    /// <summary>Items without a decision.</summary>
    public int Undecided { get; init; }

    /// <summary>Further figures the authors report for it, by name.</summary>
    public IReadOnlyDictionary<string, double>? Details { get; init; }

    /// <summary>The best-of-k curve, k = 1..K, where the suite has one.</summary>
    public IReadOnlyList<double>? Curve { get; init; }
}
