namespace Tribunal.Judgements;

/// <summary>What judgements add up to.</summary>
/// <param name="Valid">With a verdict.</param>
/// <param name="Unparsable">Without one where it should stand.</param>
/// <param name="Truncated">Cut off.</param>
/// <param name="Refused">Declined.</param>
/// <param name="Failed">Never answered.</param>
/// <param name="Usage">Tokens.</param>
internal readonly record struct LedgerSums(int Valid, int Unparsable, int Truncated, int Refused, int Failed, Usage Usage)
{
    /// <summary>Those of one judgement.</summary>
    public static LedgerSums Of(Judgement judgement)
    {
        ArgumentNullException.ThrowIfNull(judgement);
        var one = new LedgerSums { Usage = judgement.Usage };
        return judgement.Outcome switch
        {
            JudgementOutcome.Valid => one with { Valid = 1 },
            JudgementOutcome.Truncated => one with { Truncated = 1 },
            JudgementOutcome.Refused => one with { Refused = 1 },
            JudgementOutcome.Failed => one with { Failed = 1 },
            _ => one with { Unparsable = 1 },
        };
    }

    /// <summary>Adds two.</summary>
    public static LedgerSums operator +(LedgerSums left, LedgerSums right) => new(
        left.Valid + right.Valid,
        left.Unparsable + right.Unparsable,
        left.Truncated + right.Truncated,
        left.Refused + right.Refused,
        left.Failed + right.Failed,
        left.Usage + right.Usage);
}
