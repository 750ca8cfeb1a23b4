using System.Text.Json.Serialization;
using Tribunal.Formats.Batches;
using Tribunal.Calibration;
using Tribunal.JudgeModels;
using Tribunal.MetaReward;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Training;
using Tribunal.Voting;

namespace Tribunal.Runs.Orchestration;

/// <summary>
/// What to evaluate: the queue message, the HTTP body, the orchestration's input and the manifest's core. Names and blob
/// paths only, never URLs. Unknown fields are refused by name.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EvaluationRequest
{
    /// <summary>The batch: a path inside the rollouts container, or a local path.</summary>
    public required string Batch { get; init; }

    /// <summary>Which fields of the batch's records hold what, and how they are grouped; null goes by the names known.</summary>
    public BatchFields? Fields { get; init; }

    /// <summary>Which rollouts of the batch are judged; null for all.</summary>
    public BatchSelection? Selection { get; init; }

    /// <summary>How much of trajectories judges are shown; null shows them whole, without thoughts.</summary>
    public TrajectoryView? Trajectories { get; init; }

    /// <summary>A judge's name in the configuration; null takes the configured default.</summary>
    public string? Judge { get; init; }

    /// <summary>A protocol of the catalog, or <c>auto</c>.</summary>
    public string Protocol { get; init; } = "auto";

    /// <summary>The path of a protocol file, as that of the batch: inside the rollouts container, or local; null for the catalog's protocol.</summary>
    public string? ProtocolFile { get; init; }

    /// <summary>The path of a rubric file, as that of the batch: criteria by rollout, by domain or for all; null for none beside those of the rollouts.</summary>
    public string? RubricFile { get; init; }

    /// <summary>Several judges, each of which judges every rollout; null for one judge.</summary>
    public JudgePanel? Judges { get; init; }

    /// <summary>When to stop sampling.</summary>
    public PolicyOptions Policy { get; init; } = new();

    /// <summary>The meta reward model.</summary>
    public MetaOptions Meta { get; init; } = new();

    /// <summary>How a pair judge ranks more than two.</summary>
    public TournamentOptions Tournament { get; init; } = new();

    /// <summary>Judge, protocol, thinking budget and policy by a rollout's domain or the perceived task type; null for one way for all.</summary>
    public RoutingTable? Routing { get; init; }

    /// <summary>How judgements become a verdict.</summary>
    public VotingRule Rule { get; init; } = VotingRule.Auto;

    /// <summary>Weights of judges, from <c>tribunal train panel</c>; null weighs all alike.</summary>
    public PanelWeights? Panel { get; init; }

    /// <summary>What an earlier run has learned of the judge (<c>judge-model.json</c>); null learns it anew.</summary>
    public JudgeModel? Prior { get; init; }

    /// <summary>How confidences become probabilities of being right, from <c>tribunal calibrate</c>; null gives none.</summary>
    public StoredCalibration? Calibration { get; init; }

    /// <summary>Which labelled items get a hinted sample for training data after their ordinary ones; default none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public HintMode Hint { get; init; }

    /// <summary>Presentation orders, sampling seeds and tie breaks derive from it.</summary>
    public long Seed { get; init; }

    /// <summary>When to stop spending.</summary>
    public SpendLimits Limits { get; init; } = new();

    /// <summary>
    /// Whether, once the run has ended, what failed is drawn once more and voted on again; default no. It is part of no run: asking
    /// for one with it and without it is asking for the same. Not under the budget policy, whose total the failed ones were part of.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool RetryFailed { get; init; }

    /// <summary>The run's name, and so its folder or prefix; null derives one from the batch and the request.</summary>
    public string? Output { get; init; }

    /// <summary>
    /// Whether another request only asks for more judgements of the same: its run is this one's, extended. A knockout or Swiss bracket is
    /// drawn for its number of votes, and can't be.
    /// </summary>
    public bool IsExtendedBy(EvaluationRequest other) => Policy.IsExtendedBy(other.Policy) && Tournament.Kind is not (TournamentKind.Knockout or TournamentKind.Swiss);

    /// <summary>The protocol and rubric files that it names, each once.</summary>
    public IReadOnlyList<string> ProtocolFiles() =>
    [
        .. ((string?[])[ProtocolFile, RubricFile, .. Judges?.Members.Select(static member => member?.ProtocolFile) ?? [], .. Routing?.Routes.Select(static route => route?.ProtocolFile) ?? []])
            .OfType<string>().Distinct(StringComparer.Ordinal),
    ];
}

/// <summary>Limits of a run; reaching one ends it with exit code 4, resumable.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record SpendLimits
{
    /// <summary>Tokens, input and output together.</summary>
    public long? Tokens { get; init; }

    /// <summary>Money, in the price table's currency.</summary>
    public double? Cost { get; init; }
}
