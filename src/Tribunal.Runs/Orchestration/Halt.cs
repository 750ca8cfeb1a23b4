using System.Text.Json.Serialization;

namespace Tribunal.Runs.Orchestration;

/// <summary>Why a run stopped before its end.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HaltKind>))]
public enum HaltKind
{
    /// <summary>Someone pressed Ctrl-C, or the host is going down.</summary>
    [JsonStringEnumMemberName("interrupted")]
    Interrupted,

    /// <summary>Someone cancelled it.</summary>
    [JsonStringEnumMemberName("cancelled")]
    Cancelled,

    /// <summary>The limit on tokens or cost.</summary>
    [JsonStringEnumMemberName("limit")]
    Limit,

    /// <summary>Too few judgements are valid.</summary>
    [JsonStringEnumMemberName("valid-rate")]
    ValidRate,

    /// <summary>The judge can't be reached.</summary>
    [JsonStringEnumMemberName("unreachable")]
    Unreachable,

    /// <summary>The judge refuses the requests as such.</summary>
    [JsonStringEnumMemberName("rejected")]
    Rejected,

    /// <summary>The batch was changed or deleted.</summary>
    [JsonStringEnumMemberName("batch-changed")]
    BatchChanged,
}

/// <summary>A stop before the end.</summary>
/// <param name="Kind">Why.</param>
/// <param name="Detail">In words.</param>
public sealed record Halt(HaltKind Kind, string Detail);

/// <summary>Whether a run is through.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunStatus>))]
public enum RunStatus
{
    /// <summary>Every rollout has its verdict.</summary>
    [JsonStringEnumMemberName("complete")]
    Complete,

    /// <summary>It stopped before; it can be resumed.</summary>
    [JsonStringEnumMemberName("partial")]
    Partial,
}
