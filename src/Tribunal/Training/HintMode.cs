using System.Text.Json.Serialization;

namespace Tribunal.Training;

/// <summary>Which items of a run get a hinted sample after their ordinary ones (SPCT, arXiv 2504.02495, hinted sampling).</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HintMode>))]
public enum HintMode
{
    /// <summary>None.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Labelled items that no ordinary sample got right.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,

    /// <summary>Every labelled item.</summary>
    [JsonStringEnumMemberName("all")]
    All,
}
