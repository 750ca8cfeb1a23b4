using System.Text.Json.Serialization;

namespace Tribunal.Sampling;

/// <summary>Why sampling stopped.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StopReason>))]
public enum StopReason
{
    /// <summary>The fixed number was drawn.</summary>
    [JsonStringEnumMemberName("fixed")]
    Fixed,

    /// <summary>The posterior reached the confidence asked for.</summary>
    [JsonStringEnumMemberName("confident")]
    Confident,

    /// <summary>The e-process certified the leader.</summary>
    [JsonStringEnumMemberName("certified")]
    Certified,

    /// <summary>The maximum was drawn, or more judgements can't separate the leaders.</summary>
    [JsonStringEnumMemberName("exhausted")]
    Exhausted,

    /// <summary>The run's budget or limit ended it.</summary>
    [JsonStringEnumMemberName("budget")]
    Budget,

    /// <summary>The run has not ended: this is over the judgements that it has so far.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}
