using System.Text.Json.Serialization;

namespace Tribunal.Tournaments;

/// <summary>How a pair judge ranks more than two responses.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TournamentKind>))]
public enum TournamentKind
{
    /// <summary>Round robin for pair judges over more than two responses, none otherwise.</summary>
    [JsonStringEnumMemberName("none")]
    None,

    /// <summary>Every pair once.</summary>
    [JsonStringEnumMemberName("round-robin")]
    RoundRobin,

    /// <summary>A seeded bracket: n − 1 matches.</summary>
    [JsonStringEnumMemberName("knockout")]
    Knockout,

    /// <summary>Rounds of pairings among equals.</summary>
    [JsonStringEnumMemberName("swiss")]
    Swiss,
}

/// <summary>The tournament of a run.</summary>
public sealed record TournamentOptions
{
    /// <summary>Default: <see cref="TournamentKind.None"/>.</summary>
    public TournamentKind Kind { get; init; } = TournamentKind.None;

    /// <summary>Judgements per match for a fixed policy; null takes the policy's samples.</summary>
    public int? Votes { get; init; }
}
