using System.Text.Json.Serialization;

namespace Tribunal.Runs.Storage;

/// <summary>Where a run's judgements come from, when no batch was scored for them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunOrigin>))]
public enum RunOrigin
{
    /// <summary>Another tool recorded them.</summary>
    [JsonStringEnumMemberName("imported")]
    Imported,

    /// <summary>Other runs or files hold them: they were voted on again.</summary>
    [JsonStringEnumMemberName("voted")]
    Voted,

    /// <summary>A server judged what its clients sent.</summary>
    [JsonStringEnumMemberName("served")]
    Served,
}

/// <summary>Origins for people.</summary>
public static class RunOrigins
{
    /// <summary>A sentence on where a run's judgements come from.</summary>
    public static string Say(this RunOrigin origin) => origin switch
    {
        RunOrigin.Imported => "Imported: another tool recorded these judgements; they were voted on here.",
        RunOrigin.Voted => "Voted again: these judgements were there before, and no judge was asked.",
        _ => "Served: a server judged what its clients sent, and these are the rewards that it told them.",
    };
}
