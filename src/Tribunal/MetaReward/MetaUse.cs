using System.Text.Json.Serialization;

namespace Tribunal.MetaReward;

/// <summary>What meta rewards do to the vote.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MetaUse>))]
public enum MetaUse
{
    /// <summary>Judgements with the lowest meta rewards are dropped.</summary>
    [JsonStringEnumMemberName("filter")]
    Filter,

    /// <summary>Every judgement votes with a weight from its meta reward (softmax inside the rollout; CISC, arXiv 2502.06233).</summary>
    [JsonStringEnumMemberName("weight")]
    Weight,
}
