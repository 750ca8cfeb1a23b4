namespace Tribunal.Reports;

/// <summary>What a comparison takes in.</summary>
public sealed record CompareOptions
{
    /// <summary>The batch with the labels, where it is no longer where the runs found it.</summary>
    public string? Batch { get; init; }

    /// <summary>Draws of the bootstrap; default 2,000.</summary>
    public int Resamples { get; init; } = 2000;

    /// <summary>Seed of the bootstrap; default 1.</summary>
    public long Seed { get; init; } = 1;
}
