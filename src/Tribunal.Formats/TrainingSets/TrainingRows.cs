using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Training;

namespace Tribunal.Formats.TrainingSets;

// Rows as trainers read them: JSON Lines and Parquet have the same fields, named here. Turns come in two kinds, since a
// column of nulls named reasoning_content would be a field to some chat templates.

/// <summary>A turn.</summary>
internal sealed class TurnRow
{
    [JsonPropertyName("role")]
    public string Role { get; set; } = "";

    [JsonPropertyName("content")]
    public string Content { get; set; } = "";
}

/// <summary>A turn whose thinking stands apart.</summary>
internal sealed class ReasonedTurnRow
{
    [JsonPropertyName("role")]
    public string Role { get; set; } = "";

    [JsonPropertyName("content")]
    public string Content { get; set; } = "";

    [JsonPropertyName("reasoning_content")]
    public string? ReasoningContent { get; set; }
}

/// <summary>Where an example comes from.</summary>
internal abstract class TrainingRow
{
    [JsonPropertyName("rollout_id")]
    public string RolloutId { get; set; } = "";

    [JsonPropertyName("sample")]
    public int Sample { get; set; }

    [JsonPropertyName("judge")]
    public string Judge { get; set; } = "";

    [JsonPropertyName("domain")]
    public string? Domain { get; set; }

    [JsonPropertyName("hinted")]
    public bool Hinted { get; set; }

    [JsonPropertyName("simulated")]
    public bool Simulated { get; set; }
}

/// <summary>A whole conversation: TRL's conversational language modelling, verl's multi-turn SFT.</summary>
internal sealed class MessagesRow<TTurn> : TrainingRow
{
    [JsonPropertyName("messages")]
    [JsonPropertyOrder(-1)]
    public List<TTurn> Messages { get; set; } = [];
}

/// <summary>A conversation and its end: TRL's conversational prompt-completion, which trains on the completion alone.</summary>
internal sealed class CompletionRow<TTurn> : TrainingRow
{
    [JsonPropertyName("prompt")]
    [JsonPropertyOrder(-2)]
    public List<TurnRow> Prompt { get; set; } = [];

    [JsonPropertyName("completion")]
    [JsonPropertyOrder(-1)]
    public List<TTurn> Completion { get; set; } = [];
}

/// <summary>A conversation, its end and whether that is right: TRL's conversational unpaired preference.</summary>
internal sealed class LabelledRow<TTurn> : TrainingRow
{
    [JsonPropertyName("prompt")]
    [JsonPropertyOrder(-4)]
    public List<TurnRow> Prompt { get; set; } = [];

    [JsonPropertyName("completion")]
    [JsonPropertyOrder(-3)]
    public List<TTurn> Completion { get; set; } = [];

    [JsonPropertyName("label")]
    [JsonPropertyOrder(-2)]
    public bool Label { get; set; }

    [JsonPropertyName("reward")]
    [JsonPropertyOrder(-1)]
    public double Reward { get; set; }
}

/// <summary>A prompt for RL: the five fields of verl's RLHFDataset.</summary>
internal sealed class VerlRow
{
    [JsonPropertyName("data_source")]
    public string DataSource { get; set; } = "";

    [JsonPropertyName("prompt")]
    public List<TurnRow> Prompt { get; set; } = [];

    [JsonPropertyName("ability")]
    public string Ability { get; set; } = "judging";

    [JsonPropertyName("reward_model")]
    public RewardModelField RewardModel { get; set; } = new();

    [JsonPropertyName("extra_info")]
    public ExtraInfoField ExtraInfo { get; set; } = new();
}

/// <summary>verl's <c>reward_model</c>.</summary>
internal sealed class RewardModelField
{
    [JsonPropertyName("style")]
    public string Style { get; set; } = "rule";

    [JsonPropertyName("ground_truth")]
    public string GroundTruth { get; set; } = "";
}

/// <summary>verl's <c>extra_info</c>.</summary>
internal sealed class ExtraInfoField
{
    [JsonPropertyName("split")]
    public string Split { get; set; } = "train";

    [JsonPropertyName("index")]
    public long Index { get; set; }

    [JsonPropertyName("rollout_id")]
    public string RolloutId { get; set; } = "";

    [JsonPropertyName("domain")]
    public string? Domain { get; set; }

    [JsonPropertyName("order")]
    public List<int> Order { get; set; } = [];

    [JsonPropertyName("samples")]
    public int Samples { get; set; }

    [JsonPropertyName("reward_mean")]
    public double RewardMean { get; set; }

    [JsonPropertyName("simulated")]
    public bool Simulated { get; set; }
}
