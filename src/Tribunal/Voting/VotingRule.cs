using System.Text.Json.Serialization;

namespace Tribunal.Voting;

/// <summary>How judgements become one verdict.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VotingRule>))]
public enum VotingRule
{
    /// <summary>Sum for lists, Bradley–Terry for pairs.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>S*_i = Σ_j S_ij (DeepSeek-GRM, arXiv 2504.02495).</summary>
    [JsonStringEnumMemberName("sum")]
    Sum,

    /// <summary>The mean score.</summary>
    [JsonStringEnumMemberName("mean")]
    Mean,

    /// <summary>One vote per judgement for its best response.</summary>
    [JsonStringEnumMemberName("majority")]
    Majority,

    /// <summary>Bradley–Terry with ties (Davidson 1970).</summary>
    [JsonStringEnumMemberName("btd")]
    BradleyTerryDavidson,
}
