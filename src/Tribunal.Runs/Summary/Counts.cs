using Tribunal.Judgements;

namespace Tribunal.Runs.Summary;

/// <summary>Requests to the judge by how they ended.</summary>
public readonly record struct RequestCounts
{
    /// <summary>Sent.</summary>
    public long Sent { get; init; }

    /// <summary>Answered 429.</summary>
    public long Throttled { get; init; }

    /// <summary>Answered 5xx.</summary>
    public long Unavailable { get; init; }

    /// <summary>Connections that broke.</summary>
    public long Reset { get; init; }

    /// <summary>Timed out.</summary>
    public long TimedOut { get; init; }

    /// <summary>Answered with what is no chat completion.</summary>
    public long Malformed { get; init; }

    /// <summary>Cut off and drawn again with a larger budget.</summary>
    public long Redrawn { get; init; }

    /// <summary>Those of one judgement: one request where it says no more.</summary>
    public static RequestCounts Of(Judgement judgement) => judgement.Tries is not { } tries ? new RequestCounts { Sent = 1 } : new RequestCounts
    {
        Sent = tries.Requests,
        Throttled = tries.Throttled,
        Unavailable = tries.Unavailable,
        Reset = tries.Reset,
        TimedOut = tries.TimedOut,
        Malformed = tries.Malformed,
        Redrawn = tries.Truncated,
    };

    /// <summary>Adds two.</summary>
    public static RequestCounts operator +(RequestCounts left, RequestCounts right) => new()
    {
        Sent = left.Sent + right.Sent,
        Throttled = left.Throttled + right.Throttled,
        Unavailable = left.Unavailable + right.Unavailable,
        Reset = left.Reset + right.Reset,
        TimedOut = left.TimedOut + right.TimedOut,
        Malformed = left.Malformed + right.Malformed,
        Redrawn = left.Redrawn + right.Redrawn,
    };
}

/// <summary>Hinted judgements, which no other figure counts.</summary>
/// <param name="Outcomes">By outcome.</param>
/// <param name="Usage">Tokens.</param>
public readonly record struct HintedCounts(OutcomeCounts Outcomes, Usage Usage)
{
    /// <summary>Adds two.</summary>
    public static HintedCounts operator +(HintedCounts left, HintedCounts right) => new(left.Outcomes + right.Outcomes, left.Usage + right.Usage);
}

/// <summary>Meta rewards of valid judgements.</summary>
public readonly record struct MetaCounts
{
    /// <summary>Judgements that have one.</summary>
    public long Given { get; init; }

    /// <summary>Judgements that have none, though the run asks for them.</summary>
    public long Missing { get; init; }

    /// <summary>Tokens of the meta reward model.</summary>
    public Usage Usage { get; init; }

    /// <summary>Judgements whose text its server cut.</summary>
    public long Cut { get; init; }

    /// <summary>The lowest; null where there is none.</summary>
    public double? Lowest { get; init; }

    /// <summary>The highest; null where there is none.</summary>
    public double? Highest { get; init; }

    /// <summary>That of one judgement.</summary>
    public static MetaCounts Of(Judgement judgement)
    {
        if (judgement.Outcome != JudgementOutcome.Valid)
        {
            return default;
        }

        MetaCounts counts = judgement.Meta is { } meta ? new MetaCounts { Given = 1, Lowest = meta, Highest = meta } : new MetaCounts { Missing = 1 };
        return counts with { Usage = judgement.MetaUsage ?? default, Cut = judgement.MetaCut ? 1 : 0 };
    }

    /// <summary>Adds two.</summary>
    public static MetaCounts operator +(MetaCounts left, MetaCounts right) => new()
    {
        Given = left.Given + right.Given,
        Missing = left.Missing + right.Missing,
        Usage = left.Usage + right.Usage,
        Cut = left.Cut + right.Cut,
        Lowest = right.Lowest is { } low && !(left.Lowest <= low) ? low : left.Lowest,
        Highest = right.Highest is { } high && !(left.Highest >= high) ? high : left.Highest,
    };
}
