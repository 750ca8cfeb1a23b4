namespace Tribunal.Judgements;

/// <summary>Judgements by outcome.</summary>
public readonly record struct OutcomeCounts
{
    /// <summary>All.</summary>
    public long Drawn { get; init; }

    /// <summary>With a verdict.</summary>
    public long Valid { get; init; }

    /// <summary>Without one.</summary>
    public long Unparsable { get; init; }

    /// <summary>Cut off.</summary>
    public long Truncated { get; init; }

    /// <summary>Declined.</summary>
    public long Refused { get; init; }

    /// <summary>Never answered.</summary>
    public long Failed { get; init; }

    /// <summary>Those of one judgement.</summary>
    public static OutcomeCounts Of(Judgement judgement) => judgement.Outcome switch
    {
        JudgementOutcome.Valid => new OutcomeCounts { Drawn = 1, Valid = 1 },
        JudgementOutcome.Truncated => new OutcomeCounts { Drawn = 1, Truncated = 1 },
        JudgementOutcome.Refused => new OutcomeCounts { Drawn = 1, Refused = 1 },
        JudgementOutcome.Failed => new OutcomeCounts { Drawn = 1, Failed = 1 },
        _ => new OutcomeCounts { Drawn = 1, Unparsable = 1 },
    };

    /// <summary>Adds two.</summary>
    public static OutcomeCounts operator +(OutcomeCounts left, OutcomeCounts right) => new()
    {
        Drawn = left.Drawn + right.Drawn,
        Valid = left.Valid + right.Valid,
        Unparsable = left.Unparsable + right.Unparsable,
        Truncated = left.Truncated + right.Truncated,
        Refused = left.Refused + right.Refused,
        Failed = left.Failed + right.Failed,
    };
}
