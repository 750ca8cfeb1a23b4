using System.Text.Json.Serialization;

namespace Tribunal.Sampling;

/// <summary>When to stop sampling.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PolicyKind>))]
public enum PolicyKind
{
    /// <summary>The same number of judgements for every rollout or match.</summary>
    [JsonStringEnumMemberName("fixed")]
    Fixed,

    /// <summary>Until the leader leads with the confidence asked for, by a posterior. One response alone leads from the first round on.</summary>
    [JsonStringEnumMemberName("adaptive")]
    Adaptive,

    /// <summary>Until an anytime-valid e-process certifies the leader.</summary>
    [JsonStringEnumMemberName("certified")]
    Certified,

    /// <summary>A total over the whole batch, given where it changes the most verdicts.</summary>
    [JsonStringEnumMemberName("budget")]
    Budget,
}

/// <summary>The sampling policy of a run.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PolicyOptions
{
    /// <summary>Default: <see cref="PolicyKind.Fixed"/>.</summary>
    public PolicyKind Kind { get; init; } = PolicyKind.Fixed;

    /// <summary>Judgements per rollout (per match in a tournament) for <c>fixed</c>, 1 to 1,024; default 8.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>The first round of the other policies, 1 to <see cref="Max"/>; default 2.</summary>
    public int Min { get; init; } = 2;

    /// <summary>The most judgements per rollout or match for the other policies, up to 1,024; default 32.</summary>
    public int Max { get; init; } = 32;

    /// <summary>Probability that the leader leads (<c>adaptive</c>) or 1 − the error promised (<c>certified</c>), in (½, 1); default 0.95.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>
    /// How a round grows over the one before, above 1, for the other policies; default 2: 2, 4, 8, … judgements. Rounds are
    /// rounded up to even numbers, so that presentation orders stay balanced.
    /// </summary>
    public double Growth { get; init; } = 2;

    /// <summary>
    /// For <c>adaptive</c>: sampling ends once the predictive probability that <see cref="Max"/> judgements would reach
    /// <see cref="Confidence"/> falls below this, in [0, 1); default 0.1. 0 gives up only where the judge sees no difference at all.
    /// </summary>
    public double Futility { get; init; } = 0.1;

    /// <summary>For <c>budget</c>: total judgements over the batch. One of the three totals must be given.</summary>
    public long? Judgements { get; init; }

    /// <summary>For <c>budget</c>: total tokens over the batch, input and output together.</summary>
    public long? Tokens { get; init; }

    /// <summary>For <c>budget</c>: total money over the batch, in the price table's currency.</summary>
    public double? Cost { get; init; }
}
