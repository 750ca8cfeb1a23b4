using System.Text.Json.Serialization;

namespace Tribunal.Formats.TrainingSets;

// Rows as trainers read them: JSON Lines and Parquet have the same fields, named here where camel case doesn't say it. Turns come in
// two kinds, since a column of nulls named reasoning_content would be a field to some chat templates.

/// <summary>A turn.</summary>
internal sealed record TurnRow(string Role, string Content);

/// <summary>A turn whose thinking stands apart.</summary>
internal sealed record ReasonedTurnRow(string Role, string Content, [property: JsonPropertyName("reasoning_content")] string? ReasoningContent);

/// <summary>Where an example comes from.</summary>
internal abstract record TrainingRow
{
    [JsonPropertyName("rollout_id")]
    public string RolloutId { get; init; } = "";

    public int Sample { get; init; }

    public string Judge { get; init; } = "";

    public string? Domain { get; init; }

    public bool Hinted { get; init; }

    public bool Simulated { get; init; }
}

/// <summary>A whole conversation: TRL's conversational language modelling, verl's multi-turn SFT.</summary>
internal sealed record MessagesRow<TTurn>([property: JsonPropertyOrder(-1)] IReadOnlyList<TTurn> Messages) : TrainingRow;

/// <summary>A conversation and its end: TRL's conversational prompt-completion, which trains on the completion alone.</summary>
internal sealed record CompletionRow<TTurn>(
    [property: JsonPropertyOrder(-2)] IReadOnlyList<TurnRow> Prompt, [property: JsonPropertyOrder(-1)] IReadOnlyList<TTurn> Completion) : TrainingRow;

/// <summary>A conversation, its end and whether that is right: TRL's conversational unpaired preference.</summary>
internal sealed record LabelledRow<TTurn>(
    [property: JsonPropertyOrder(-4)] IReadOnlyList<TurnRow> Prompt,
    [property: JsonPropertyOrder(-3)] IReadOnlyList<TTurn> Completion,
    [property: JsonPropertyOrder(-2)] bool Label,
    [property: JsonPropertyOrder(-1)] double Reward) : TrainingRow;

/// <summary>A prompt for RL: the five fields of verl's RLHFDataset.</summary>
internal sealed record VerlRow(
    [property: JsonPropertyName("data_source")] string DataSource,
    IReadOnlyList<TurnRow> Prompt,
    string Ability,
    [property: JsonPropertyName("reward_model")] RewardModelField RewardModel,
    [property: JsonPropertyName("extra_info")] ExtraInfoField ExtraInfo);

/// <summary>verl's <c>reward_model</c>.</summary>
internal sealed record RewardModelField(string Style, [property: JsonPropertyName("ground_truth")] string GroundTruth);

/// <summary>verl's <c>extra_info</c>.</summary>
internal sealed record ExtraInfoField(
    string Split,
    long Index,
    [property: JsonPropertyName("rollout_id")] string RolloutId,
    string? Domain,
    IReadOnlyList<int> Order,
    int Samples,
    [property: JsonPropertyName("reward_mean")] double RewardMean,
    bool Simulated);
