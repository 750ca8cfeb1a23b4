using System.Text.Json.Serialization;

namespace Tribunal.Training;

/// <summary>The sets of training data that a labelled ledger yields.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainingForm>))]
public enum TrainingForm
{
    /// <summary>Rejection-sampled trajectories to imitate (<see cref="SpctRejection"/>).</summary>
    [JsonStringEnumMemberName("spct")]
    Spct,

    /// <summary>Distilled RM-R1 traces to imitate (<see cref="RmR1Distillation"/>).</summary>
    [JsonStringEnumMemberName("rm-r1")]
    RmR1,

    /// <summary>Prompts with their answers, for RL with a verifiable reward of ±1 (<see cref="OutcomeRewards"/>).</summary>
    [JsonStringEnumMemberName("rlvr")]
    Rlvr,

    /// <summary>RRM trajectories with rewards of ±1 (<see cref="RrmRewards"/>).</summary>
    [JsonStringEnumMemberName("rrm")]
    Rrm,

    /// <summary>Judgements with their correctness, for a meta reward model (<see cref="MetaLabels"/>).</summary>
    [JsonStringEnumMemberName("meta")]
    Meta,
}

/// <summary>Why a line of the ledger is not in the training data.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DropReason>))]
public enum DropReason
{
    /// <summary>Its rollout is not in the batch.</summary>
    [JsonStringEnumMemberName("not-in-batch")]
    NotInBatch,

    /// <summary>Its domain was excluded.</summary>
    [JsonStringEnumMemberName("excluded-domain")]
    ExcludedDomain,

    /// <summary>The same sample of the same judge was there before.</summary>
    [JsonStringEnumMemberName("repeated")]
    Repeated,

    /// <summary>It was asked by another protocol than the run's, or its prompt is not known (imported judgements).</summary>
    [JsonStringEnumMemberName("prompt-unknown")]
    PromptUnknown,

    /// <summary>Its order or its pair does not fit the rollout.</summary>
    [JsonStringEnumMemberName("misfit")]
    Misfit,

    /// <summary>Nothing is known of the rollout's responses.</summary>
    [JsonStringEnumMemberName("unlabelled")]
    Unlabelled,

    /// <summary>What is known does not tell the responses shown apart.</summary>
    [JsonStringEnumMemberName("no-contrast")]
    NoContrast,

    /// <summary>It is several answers, each about one response, and the label is about all of them.</summary>
    [JsonStringEnumMemberName("several-calls")]
    SeveralCalls,

    /// <summary>No answer came.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>The judge or a content filter declined.</summary>
    [JsonStringEnumMemberName("refused")]
    Refused,

    /// <summary>The token budget cut it off.</summary>
    [JsonStringEnumMemberName("truncated")]
    Truncated,

    /// <summary>It has no verdict that can be read.</summary>
    [JsonStringEnumMemberName("unparsable")]
    Unparsable,

    /// <summary>Its verdict is not the label's.</summary>
    [JsonStringEnumMemberName("incorrect")]
    Incorrect,

    /// <summary>The expected verdict stands in it, but not at its end.</summary>
    [JsonStringEnumMemberName("verdict-elsewhere")]
    VerdictElsewhere,

    /// <summary>Every trajectory of its item is correct.</summary>
    [JsonStringEnumMemberName("too-easy")]
    TooEasy,

    /// <summary>It is not among the first N trajectories of its item.</summary>
    [JsonStringEnumMemberName("beyond-n")]
    BeyondN,

    /// <summary>It was hinted, and this form takes no hinted trajectories.</summary>
    [JsonStringEnumMemberName("hinted")]
    Hinted,

    /// <summary>The ledger holds no text of it.</summary>
    [JsonStringEnumMemberName("no-text")]
    NoText,
}
