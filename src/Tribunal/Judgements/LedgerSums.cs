using Tribunal.Calibration;

namespace Tribunal.Judgements;

/// <summary>What judgements add up to.</summary>
/// <param name="Valid">With a verdict.</param>
/// <param name="Unparsable">Without one where it should stand.</param>
/// <param name="Truncated">Cut off.</param>
/// <param name="Refused">Declined.</param>
/// <param name="Failed">Never answered.</param>
/// <param name="Usage">Tokens.</param>
/// <param name="IsPlain">Whether each is valid, took one request and has nothing else to tell: there is no more to add up then.</param>
public readonly record struct LedgerSums(int Valid, int Unparsable, int Truncated, int Refused, int Failed, Usage Usage, bool IsPlain = true)
{
    /// <summary>Those of one judgement.</summary>
    public static LedgerSums Of(Judgement judgement)
    {
        JudgementOutcome outcome = judgement.Outcome;
        return new LedgerSums(
            Is(JudgementOutcome.Valid),
            Enum.IsDefined(outcome) ? Is(JudgementOutcome.Unparsable) : 1,
            Is(JudgementOutcome.Truncated),
            Is(JudgementOutcome.Refused),
            Is(JudgementOutcome.Failed),
            judgement.Usage,
            judgement is { Tries: null, Neutralised: null, PromptCut: false, Usage.Estimated: false } && outcome == JudgementOutcome.Valid);

        int Is(JudgementOutcome asked) => outcome == asked ? 1 : 0;
    }

    /// <summary>Adds two.</summary>
    public static LedgerSums operator +(LedgerSums left, LedgerSums right) => new(
        left.Valid + right.Valid,
        left.Unparsable + right.Unparsable,
        left.Truncated + right.Truncated,
        left.Refused + right.Refused,
        left.Failed + right.Failed,
        left.Usage + right.Usage,
        left.IsPlain && right.IsPlain);
}

/// <summary>How the order in which two responses are shown shows in who wins.</summary>
/// <param name="Decided">Judgements of two responses that name a winner.</param>
/// <param name="FirstShown">Of these, the one shown first won.</param>
/// <param name="Matched">Judgements matched with one of the same two in the opposite order: the j-th with the j-th.</param>
/// <param name="Flipped">Of these, the winner differed.</param>
public readonly record struct OrderEffects(int Decided, int FirstShown, int Matched, int Flipped);
