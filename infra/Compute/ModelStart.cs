namespace Tribunal.Infra.Compute;

/// <summary>
/// How long a model server may take until it listens. With <c>w</c> the checkpoint, <c>T</c> the share's throughput, <c>N</c>
/// the download's, and <c>all</c> what every replica of every model on the share reads when they start together:
/// <code>
/// first  = w / min(N, T) + w / T       downloaded to the share, then read from it
/// later  = all / T                     the share's throughput is for all replicas that read
/// start  = ⌈max(first, later) + 3 min⌉ the engine compiles, profiles and captures graphs
/// </code>
/// With weights in the image there is nothing to read but the image's own disk.
/// </summary>
public static class ModelStart
{
    /// <summary>What a start-up probe can wait: ten failures, 240 seconds apart.</summary>
    public const int MostMinutes = 40;

    /// <summary>What a region's line to the model hub gives at least, in MiB/s.</summary>
    private const double DownloadMiBps = 100;

    /// <summary>Reading from the image's disk, in MiB/s.</summary>
    private const double ImageMiBps = 200;

    private const double EngineMinutes = 3;

    /// <summary>Minutes until a server listens, counted from the container's start.</summary>
    /// <param name="storedGiB">The checkpoint.</param>
    /// <param name="togetherGiB">What all replicas on the share read when all start at once.</param>
    /// <param name="shareMiBps">The share's throughput; null: the weights are in the image.</param>
    public static int Minutes(double storedGiB, double togetherGiB, double? shareMiBps)
    {
        double stored = storedGiB * 1024;
        double seconds = shareMiBps is { } share
            ? Math.Max((stored / Math.Min(DownloadMiBps, share)) + (stored / share), togetherGiB * 1024 / share)
            : stored / ImageMiBps;
        return Math.Max(2, (int)Math.Ceiling((seconds / 60) + EngineMinutes));
    }
}
