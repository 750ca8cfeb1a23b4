using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Runs.Summary;

/// <summary>What one member of a panel did, and what its votes alone come to.</summary>
public sealed class MemberSums
{
    private static readonly IJudgingScheme Alone = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Listwise });

    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>Judgements by outcome.</summary>
    public OutcomeCounts Outcomes { get; set; }

    /// <summary>Tokens.</summary>
    public Usage Usage { get; set; }

    /// <summary>Rollouts with several responses on which the member and the panel both have a best.</summary>
    public long Compared { get; set; }

    /// <summary>Of these, with the same one.</summary>
    public long Agreed { get; set; }

    /// <summary>Rollouts with a label on which the member has a best.</summary>
    public long Labelled { get; set; }

    /// <summary>Of these, with a labelled best.</summary>
    public long Correct { get; set; }

    /// <summary>The vote of a member's judgements alone.</summary>
    internal static Verdict VoteOf(Rollout rollout, IReadOnlyList<Judgement> own) => Alone.Cast(rollout, own, stop: null);

    /// <param name="rollout">The rollout, with the labels that may be counted.</param>
    internal void Add(Rollout rollout, Verdict panel, IReadOnlyList<Judgement> own)
    {
        foreach (Judgement judgement in own)
        {
            Outcomes += OutcomeCounts.Of(judgement);
            Usage += judgement.Usage;
        }

        Verdict alone = VoteOf(rollout, own);
        if (rollout.Responses.Count > 1 && alone.Best is { } best && panel.Best is { } chosen)
        {
            Compared++;
            Agreed += best == chosen ? 1 : 0;
        }

        if (DomainSums.IsRight(rollout, alone) is { } right)
        {
            Labelled++;
            Correct += right ? 1 : 0;
        }
    }

    internal void Merge(MemberSums other)
    {
        Outcomes += other.Outcomes;
        Usage += other.Usage;
        Compared += other.Compared;
        Agreed += other.Agreed;
        Labelled += other.Labelled;
        Correct += other.Correct;
    }

    /// <param name="price">The judge's price; null where it is unknown.</param>
    /// <param name="weights">What the votes were weighed by; null where all weighed the same.</param>
    internal MemberSummary ToSummary(TokenPrice? price, PanelWeights? weights)
    {
        PanelWeight? own = weights?.Weights.FirstOrDefault(weight => weight.Judge == Judge && weight.Protocol == Protocol);
        return new MemberSummary
        {
            Judge = Judge,
            Protocol = Protocol,
            Judgements = Outcomes,
            ValidRate = Rate.Wilson(Outcomes.Valid, Outcomes.Drawn),
            Agreement = Rate.Wilson(Agreed, Compared),
            Accuracy = Rate.Wilson(Correct, Labelled),
            Usage = Usage,
            Cost = price?.Of(Usage),
            Weight = own?.Weight ?? weights?.Default ?? 1,
            WeightLater = own?.Later,
        };
    }
}

/// <summary>One member of a panel in a run's summary.</summary>
public sealed record MemberSummary
{
    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>The protocol's name.</summary>
    public required string Protocol { get; init; }

    /// <summary>Its judgements by outcome.</summary>
    public required OutcomeCounts Judgements { get; init; }

    /// <summary>Share of its judgements with a verdict.</summary>
    public Rate? ValidRate { get; init; }

    /// <summary>Share of rollouts on which its own vote has the panel's best.</summary>
    public Rate? Agreement { get; init; }

    /// <summary>Share of labelled rollouts whose best its own vote found; null without labels.</summary>
    public Rate? Accuracy { get; init; }

    /// <summary>Tokens.</summary>
    public Usage Usage { get; init; }

    /// <summary>Cost by its own price; null where that is unknown.</summary>
    public double? Cost { get; init; }

    /// <summary>What its votes weigh.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>What they weigh where they favour a response that was not shown first; null where it is the same.</summary>
    public double? WeightLater { get; init; }
}
