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

    /// <summary>Each meets some others, drawn by seed, in one round: about n·k/2 to n·k matches (RRM's reward for training, arXiv 2505.14674: 4 opponents).</summary>
    [JsonStringEnumMemberName("random")]
    Random,

    /// <summary>Some responses, drawn by seed, are anchors, which everyone meets, in one round.</summary>
    [JsonStringEnumMemberName("anchors")]
    Anchors,
}

/// <summary>What turns the matches of a round robin or a Swiss tournament into rewards.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RatingKind>))]
public enum RatingKind
{
    /// <summary>The voting rule over all judgements; Bradley–Terry unless it says otherwise.</summary>
    [JsonStringEnumMemberName("votes")]
    Votes,

    /// <summary>Elo over match results.</summary>
    [JsonStringEnumMemberName("elo")]
    Elo,
}

/// <summary>The tournament of a run.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record TournamentOptions
{
    /// <summary>Default: <see cref="TournamentKind.None"/>.</summary>
    public TournamentKind Kind { get; init; } = TournamentKind.None;

    /// <summary>Judgements per match for a fixed policy; null takes the policy's samples.</summary>
    public int? Votes { get; init; }

    /// <summary>Rounds of a Swiss tournament, 1 to n − 1; null plays ⌈log₂ n⌉, and fewer where n allows no more.</summary>
    public int? Rounds { get; init; }

    /// <summary>Opponents of each response (<c>random</c>), or anchors (<c>anchors</c>): 1 or more; null takes 4, and 2 anchors; no more than there are others.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Opponents { get; init; }

    /// <summary><see cref="Opponents"/>, with what it is where nothing is said.</summary>
    [JsonIgnore]
    public int MeetingsEach => Opponents ?? (Kind == TournamentKind.Anchors ? 2 : 4);

    /// <summary>Whether verdicts hold the Elo ratings themselves beside the rewards made of them; default false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool KeepRatings { get; init; }

    /// <summary>Whether all rollouts with the same number of candidates play the same bracket (knockout) and starting order (Swiss); default false.</summary>
    public bool SharedBracket { get; init; }

    /// <summary>What turns matches into rewards, for round robin and Swiss; default: the votes.</summary>
    public RatingKind Rating { get; init; } = RatingKind.Votes;

    /// <summary>The constants of Elo.</summary>
    public EloOptions Elo { get; init; } = new();

    /// <summary>Which responses are one team, as they have the same final answer; null for none.</summary>
    public TeamOptions? Teams { get; init; }
}
