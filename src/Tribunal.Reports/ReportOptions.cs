namespace Tribunal.Reports;

/// <summary>What a report takes in. Its size is bounded by these, whatever the run's.</summary>
public sealed record ReportOptions
{
    /// <summary>The batch, where it is no longer where the run found it.</summary>
    public string? Batch { get; init; }

    /// <summary>Rollouts shown as slowest, and as most contested; default 6 each.</summary>
    public int Cases { get; init; } = 6;

    /// <summary>Judgements shown of each such rollout; default 4.</summary>
    public int JudgementsPerCase { get; init; } = 4;

    /// <summary>Examples of each outcome without a verdict; default 3.</summary>
    public int Examples { get; init; } = 3;

    /// <summary>Labelled rollouts that accuracy against k is resampled on, drawn at random; default 500.</summary>
    public int ResampledRollouts { get; init; } = 500;

    /// <summary>Draw orders of the resampling; default 200, fewer where they would take long.</summary>
    public int Resamples { get; init; } = 200;

    /// <summary>Of the samples and resamples.</summary>
    public long Seed { get; init; } = 1;
}
