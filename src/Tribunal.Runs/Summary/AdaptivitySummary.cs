using Tribunal.JudgeModels;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Runs.Summary;

/// <summary>What stopping early saved, and what the run believes of its judge.</summary>
public sealed record AdaptivitySummary
{
    /// <summary>Judgements drawn.</summary>
    public long Drawn { get; init; }

    /// <summary>Judgements of the whole pool: the policy's maximum for every rollout, or for every match that was played.</summary>
    public long Pool { get; init; }

    /// <summary>Judgements that were not drawn.</summary>
    public long SavedJudgements { get; init; }

    /// <summary>Tokens that they would have taken, at the mean of those drawn.</summary>
    public long SavedTokens { get; init; }

    /// <summary>Seconds of the judge that they would have taken, likewise: requests one after the other, GPU seconds where one is served at a time.</summary>
    public double SavedSeconds { get; init; }

    /// <summary>The prior: <c>learned</c> from this run's first wave, <c>given</c>, or <c>flat</c>.</summary>
    public required string Prior { get; init; }

    /// <summary>The probability that two judgements of a pair in the same order agree; null for lists and where nothing was learned.</summary>
    public double? SelfAgreement { get; init; }

    /// <summary>The same in opposite orders.</summary>
    public double? AgreementAcrossOrders { get; init; }

    /// <summary>For lists: what two judgements' scores of a response have in common, as a share of their variance inside a rollout, in [0, 1].</summary>
    public double? Reliability { get; init; }

    /// <summary>
    /// What being shown first is worth: of pairs in log-odds, of lists in shares of the score range over being shown last; null where
    /// nothing was learned.
    /// </summary>
    public double? OrderEffect { get; init; }

    /// <summary>
    /// How many independent judgements those of a rollout are worth, on average: n / (1 + (n − 1)ρ), ρ being what two have in common
    /// (L. Kish 1965). Null where nothing was learned.
    /// </summary>
    public double? EffectiveJudgements { get; init; }

    /// <summary>Why nothing was learned; null where something was.</summary>
    public string? Note { get; init; }

    internal static AdaptivitySummary? Of(EvaluationRequest request, SummaryPart sums, JudgeModel? learned)
    {
        long drawn = sums.Outcomes.Drawn;
        if (sums.Pool == 0 || drawn == 0)
        {
            return null;
        }

        JudgeModel? model = request.Policy.Learns ? learned ?? request.Prior : null;
        bool fitted = model is { IsFitted: true };
        long saved = Math.Max(0, sums.Pool - drawn);
        double each = (double)drawn * request.Policy.Max / sums.Pool;
        double? common = model?.Pairs is { } pairs ? 1 / ((2 * pairs.Concentration) + 1) : model?.Lists?.Reliability;
        return new AdaptivitySummary
        {
            Drawn = drawn,
            Pool = sums.Pool,
            SavedJudgements = saved,
            SavedTokens = (long)((double)sums.Domains.Values.Sum(static domain => domain.Usage.Total) / drawn * saved),
            SavedSeconds = Math.Round(sums.JudgeMs / drawn * saved / 1000, 1),
            Prior = !fitted ? "flat" : request.Prior is null ? "learned" : "given",
            SelfAgreement = model?.Pairs?.Agreement,
            AgreementAcrossOrders = model?.Pairs?.AgreementAcrossOrders,
            Reliability = model?.Lists?.Reliability,
            OrderEffect = model?.Pairs?.First ?? model?.Lists?.First,
            EffectiveJudgements = common is { } rho ? Math.Round(each / (1 + (Math.Max(0, each - 1) * rho)), 2) : null,
            Note = fitted ? null : model?.Note,
        };
    }
}
