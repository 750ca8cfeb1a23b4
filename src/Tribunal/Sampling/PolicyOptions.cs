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

/// <summary>What is taken for known of a rollout before it is judged.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<PriorKind>))]
public enum PriorKind
{
    /// <summary>How the judge judges other rollouts, once enough of them are judged; nothing before.</summary>
    [JsonStringEnumMemberName("learned")]
    Learned,

    /// <summary>Nothing.</summary>
    [JsonStringEnumMemberName("flat")]
    Flat,
}

/// <summary>The sampling policy of a run.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PolicyOptions
{
    /// <summary>The most judgements that a rollout or a match may have.</summary>
    internal const int MostSamples = 1024;

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

    /// <summary>For <c>adaptive</c>, <c>certified</c> and <c>budget</c>: what is taken for known before a rollout is judged; default learned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public PriorKind Prior { get; init; }

    /// <summary>Whether a run learns from its first wave how its judge judges. A budget learns from everyone's minimum.</summary>
    [JsonIgnore]
    public bool Learns => Kind is PolicyKind.Adaptive or PolicyKind.Certified && Prior == PriorKind.Learned;

    /// <summary>
    /// How the judgements of a rollout or match grow from round to round, above 1, for the other policies; default 2: 2, 4, 8, 16, 24, 32. They
    /// are rounded up to even numbers, so that presentation orders stay balanced; no round adds more than 8 or a quarter of <see cref="Max"/>.
    /// </summary>
    public double Growth { get; init; } = 2;

    /// <summary>
    /// For <c>adaptive</c>: sampling ends once the predictive probability that <see cref="Max"/> judgements would reach
    /// <see cref="Confidence"/> falls below this, in [0, 1); default 0: it goes on, for near ties are where the last judgements change the most verdicts. 0.1 ends most of
    /// them at three quarters of <see cref="Max"/>.
    /// </summary>
    public double Futility { get; init; }

    /// <summary>
    /// For <c>adaptive</c> over lists: a difference of mean scores that doesn't matter, as a share of the score range, in [0, 1); default
    /// 0.03, about a quarter of a point of 1 to 10. Sampling ends once it is as sure as <see cref="Confidence"/> that nobody leads the
    /// leader by more. 0 lets near ties run to <see cref="Max"/>.
    /// </summary>
    public double Indifference { get; init; } = 0.03;

    /// <summary>For <c>budget</c>: total judgements over the batch. One of the three totals must be given.</summary>
    public long? Judgements { get; init; }

    /// <summary>For <c>budget</c>: total tokens over the batch, input and output together.</summary>
    public long? Tokens { get; init; }

    /// <summary>For <c>budget</c>: total money over the batch, in the price table's currency.</summary>
    public double? Cost { get; init; }

    /// <summary>Whether another policy only adds to what this one draws: more samples of the fixed policy, nothing else.</summary>
    public bool IsExtendedBy(PolicyOptions other) => Kind == PolicyKind.Fixed && other.Samples > Samples && (this with { Samples = other.Samples }) == other;
}
