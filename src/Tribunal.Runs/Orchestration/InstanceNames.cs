using System.Globalization;

namespace Tribunal.Runs.Orchestration;

/// <summary>Names of a run's instances below its own. Those of an attempt are its own: an engine keeps what became of an earlier one's.</summary>
public static class InstanceNames
{
    /// <summary>The instance of a stretch of shards.</summary>
    public static string Stretch(string runId, long attempt, int wave, int first) => string.Create(CultureInfo.InvariantCulture, $"{runId}-{attempt:x}-{wave}-from-{first}");

    /// <summary>The instance of a shard.</summary>
    public static string Shard(string runId, long attempt, int wave, int shard) => string.Create(CultureInfo.InvariantCulture, $"{runId}-{attempt:x}-{wave}-{shard}");
}
