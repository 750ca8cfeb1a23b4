using System.Text.Json.Serialization;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.Verdicts;

/// <summary>Whether a rollout has rewards.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VerdictStatus>))]
public enum VerdictStatus
{
    /// <summary>It has.</summary>
    [JsonStringEnumMemberName("scored")]
    Scored,

    /// <summary>It has not; the reason says why. Never a reward of 0.</summary>
    [JsonStringEnumMemberName("unscorable")]
    Unscorable,
}

/// <summary>What the fan-in says of a rollout: a line of <c>verdicts.jsonl</c>.</summary>
public sealed record Verdict
{
    /// <summary>The rollout.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it has rewards.</summary>
    public required VerdictStatus Status { get; init; }

    /// <summary>A reward per response, original order, in [0, 1]; comparable inside a run. Null when unscorable.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<double>? Rewards { get; init; }

    /// <summary>An Elo rating per response, original order; left out where nobody asked for them (<see cref="Tournaments.TournamentOptions.KeepRatings"/>).</summary>
    public IReadOnlyList<double>? Ratings { get; init; }

    /// <summary>Original index of the best response.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public int? Best { get; init; }

    /// <summary>Original indexes from best to worst.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public IReadOnlyList<int>? Ranking { get; init; }

    /// <summary>
    /// In [0, 1]; 1 for one response alone. Where the run has learned how its judge judges: the probability that the whole pool, all
    /// judgements up to the policy's maximum, would choose <see cref="Best"/>. Elsewhere: the probability that it leads its closest
    /// rival, from a flat prior. It says nothing of who is right.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Confidence { get; init; }

    /// <summary>The probability that <see cref="Best"/> is right, in [0, 1], by a calibration on labels; left out without one.</summary>
    public double? Correctness { get; init; }

    /// <summary>Reward of the best minus reward of the runner-up, in [0, 1].</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Margin { get; init; }

    /// <summary>
    /// A 95 % interval, low and high, for the probability that <see cref="Best"/> beats its closest rival in one judgement, draws
    /// counting half. Given where the vote is a Bradley–Terry fit.
    /// </summary>
    public IReadOnlyList<double>? LeadInterval { get; init; }

    /// <summary>The route taken, in a run with a routing table (<see cref="Sampling.RoutingTable"/>).</summary>
    public string? Route { get; init; }

    /// <summary>What it used.</summary>
    public required VoteCounts Votes { get; init; }

    /// <summary>
    /// The mean grades of a rubric's criteria over the judgements that vote, of which the rewards are made; null, and left out, for other
    /// judges.
    /// </summary>
    public IReadOnlyList<CriterionGrades>? Criteria { get; init; }

    /// <summary>Why sampling stopped; null when nothing was drawn.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StopReason? Stop { get; init; }

    /// <summary>Tokens of everything drawn.</summary>
    public Usage Usage { get; init; }

    /// <summary>Why it is unscorable.</summary>
    public string? Reason { get; init; }

    /// <summary>How many forged delimiters and verdict strings the rollout held, when any.</summary>
    public int? Neutralised { get; init; }

    /// <summary>True where the rewards come from the simulated judge and mean nothing; left out otherwise.</summary>
    public bool? Simulated { get; init; }

    /// <summary>The probability that <see cref="Best"/> is right; null where nothing is best.</summary>
    /// <param name="calibration">What was learned from labels.</param>
    public double? CorrectnessBy(StoredCalibration calibration) =>
        Confidence is { } confidence ? calibration.Of(confidence, Margin ?? 0, Stop == StopReason.Exhausted) : null;

    /// <summary>The verdict with the grades that its judgements hold.</summary>
    /// <param name="rollout">The rollout: responses of one text share their grades.</param>
    /// <param name="voting">The judgements that vote.</param>
    public Verdict Graded(Rollout rollout, IReadOnlyList<Judgement> voting)
    {
        if (!voting.Any(static judgement => judgement.Criteria is not null))
        {
            return this;
        }

        var candidates = Candidates.Of(rollout);
        return this with { Criteria = CriterionGrades.Mean(voting, response => candidates[response]) };
    }
}
