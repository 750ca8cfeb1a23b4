using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Runs.Summary;

/// <summary>How far confidences can be taken at their word.</summary>
/// <param name="All">The reliability of all labelled verdicts, as voted.</param>
/// <param name="HeldBack">Temperature scaling, fitted on about half of them and told on the other; null with fewer than 20.</param>
public sealed record CalibrationSummary(Reliability All, CalibrationReport? HeldBack);

/// <summary>Agreement with labels, over all or in a domain.</summary>
/// <param name="Rollouts">Verdicts.</param>
/// <param name="Scored">Verdicts with rewards.</param>
/// <param name="Accuracy">Share of labelled, scored rollouts whose best is a labelled best; null without labels.</param>
/// <param name="Chance">What guessing would give.</param>
/// <param name="Usage">Tokens.</param>
public sealed record DomainSummary(long Rollouts, long Scored, Rate? Accuracy, double? Chance, Usage Usage)
{
    /// <summary>Whether the judge is significantly worse than guessing: more votes then make it worse.</summary>
    public bool BelowChance => Accuracy is not null && Chance is not null && Accuracy.High < Chance;
}

/// <summary><c>summary.json</c>: what came of a run.</summary>
public sealed record RunSummary
{
    /// <summary>The run.</summary>
    public required string RunId { get; init; }

    /// <summary>Whether it is through.</summary>
    public required RunStatus Status { get; init; }

    /// <summary>Why it stopped before its end.</summary>
    public Halt? Halt { get; init; }

    /// <summary>True where rewards come from the simulated judge and mean nothing.</summary>
    public required bool Simulated { get; init; }

    /// <summary>Where the judgements come from that no scoring drew; null for a batch that was scored.</summary>
    public RunOrigin? Origin { get; init; }

    /// <summary>Judge.</summary>
    public required string Judge { get; init; }

    /// <summary>Model.</summary>
    public required string Model { get; init; }

    /// <summary>Protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>Rollouts in the batch.</summary>
    public long Rollouts { get; init; }

    /// <summary>With rewards.</summary>
    public long Scored { get; init; }

    /// <summary>Without.</summary>
    public long Unscorable { get; init; }

    /// <summary>Refused lines.</summary>
    public long Invalid { get; init; }

    /// <summary>Judgements by outcome.</summary>
    public required OutcomeCounts Judgements { get; init; }

    /// <summary>Requests by how they ended.</summary>
    public required RequestCounts Requests { get; init; }

    /// <summary>Tokens.</summary>
    public Usage Usage { get; init; }

    /// <summary>Cost from the price table; null where no price is known.</summary>
    public double? Cost { get; init; }

    /// <summary>What the cost was reckoned with; null where no price is known.</summary>
    public TokenPrice? Price { get; init; }

    /// <summary>Share of judgements with a verdict.</summary>
    public Rate? ValidRate { get; init; }

    /// <summary>Of judgements matched with one in the opposite order, the share that chose another response.</summary>
    public Rate? FlipRate { get; init; }

    /// <summary>Share of decided pair judgements that chose the response shown first; ½ is unbiased.</summary>
    public Rate? FirstShownRate { get; init; }

    /// <summary>Verdicts by why sampling stopped.</summary>
    public required IReadOnlyDictionary<string, long> Stops { get; init; }

    /// <summary>All rollouts.</summary>
    public required DomainSummary Overall { get; init; }

    /// <summary>By domain.</summary>
    public required IReadOnlyDictionary<string, DomainSummary> Domains { get; init; }

    /// <summary>By route, in a run with a routing table.</summary>
    public IReadOnlyDictionary<string, DomainSummary>? Routes { get; init; }

    /// <summary>Each member of the panel that judged; null for one judge.</summary>
    public IReadOnlyList<MemberSummary>? Members { get; init; }

    /// <summary>Where the members' weights come from: equal, labelled, one-coin, dawid-skene; null where they were given, and for one judge.</summary>
    public string? Weighing { get; init; }

    /// <summary>What stopping early saved, and what it goes by; null under the fixed policy.</summary>
    public AdaptivitySummary? Adaptivity { get; init; }

    /// <summary>Reliability of the verdicts' <c>correctness</c>, where <c>best</c> is given and a calibration was.</summary>
    public Reliability? Correctness { get; init; }

    /// <summary>Each criterion that responses were graded by, by its id, 200 at most; null where no rubric graded.</summary>
    public IReadOnlyList<CriterionSummary>? Criteria { get; init; }

    /// <summary>Calibration, where <c>best</c> is given.</summary>
    public CalibrationSummary? Calibration { get; init; }

    /// <summary>Delimiters and verdict strings neutralised in rollouts, and in how many rollouts.</summary>
    public Neutralisation? Neutralised { get; init; }

    /// <summary>Hinted samples, which no other figure counts; null when there are none.</summary>
    public HintedSamples? Hinted { get; init; }

    /// <summary>The commonest reasons why judgements have no verdict, the commonest first; null where all have one.</summary>
    public IReadOnlyList<FailureReason>? Reasons { get; init; }

    /// <summary>Tokens of the meta reward model, which neither <see cref="Usage"/> nor any limit counts; null where none was asked or told.</summary>
    public Usage? MetaUsage { get; init; }

    /// <summary>Judgements whose usage the server did not report, so that an estimate stands for it; null for none.</summary>
    public long? Estimated { get; init; }

    /// <summary>Judgements whose prompt the server cut, by its own count of tokens; null for none.</summary>
    public long? PromptsCut { get; init; }

    /// <summary>What a reader should know: a judge below chance, a low valid rate.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>Forged verdict strings made inert.</summary>
/// <param name="Rollouts">Rollouts that held any.</param>
/// <param name="Strings">Strings in all.</param>
public sealed record Neutralisation(long Rollouts, long Strings);

/// <summary>Samples whose prompt named the best response: training data, on top of all other figures.</summary>
/// <param name="Drawn">Drawn.</param>
/// <param name="Valid">With a verdict.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="Cost">Cost; null where no price is known.</param>
public sealed record HintedSamples(long Drawn, long Valid, Usage Usage, double? Cost = null);
