namespace Tribunal.Runs.Steps;

/// <summary>Settings of the steps.</summary>
public sealed record ActivityOptions
{
    /// <summary>The share of judgements below which a run stops, and a deployment's alert fires, where nothing else is said.</summary>
    public const double DefaultValidRateFloor = 0.3;

    /// <summary>Judgements one activity draws, 1 to 4,096; default 64, a few minutes of a GPU app's time.</summary>
    public int DrawsPerChunk { get; init; } = 64;

    /// <summary>Judgements that a shard is cut to hold, about (in one round, where a tournament has several); default 512.</summary>
    public int DrawsPerShard { get; init; } = 512;

    /// <summary>
    /// Shards that one orchestration of a host with histories goes through, 1 or more; default 128: a thousand events or so, replayed in
    /// milliseconds, and long beside the window, whose shards end one by one where a stretch ends.
    /// </summary>
    public int ShardsPerInstance { get; init; } = 128;

    /// <summary>Judgements under way at once in one activity; null takes the judge's concurrency.</summary>
    public int? ConcurrencyPerChunk { get; init; }

    /// <summary>The run stops when, after <see cref="RunMonitor.ValidRateAfter"/> judgements, fewer than this share have a verdict; in [0, 1].</summary>
    public double ValidRateFloor { get; init; } = DefaultValidRateFloor;
}
