namespace Tribunal.Judgements;

/// <summary>What the verdict used.</summary>
public sealed record VoteCounts
{
    /// <summary>Judgements drawn.</summary>
    public int Drawn { get; init; }

    /// <summary>With a verdict.</summary>
    public int Valid { get; init; }

    /// <summary>Without one where it should stand.</summary>
    public int Unparsable { get; init; }

    /// <summary>Cut off.</summary>
    public int Truncated { get; init; }

    /// <summary>Declined.</summary>
    public int Refused { get; init; }

    /// <summary>Never answered.</summary>
    public int Failed { get; init; }

    /// <summary>Valid judgements that voted, after the meta filter.</summary>
    public int Kept { get; init; }
}
