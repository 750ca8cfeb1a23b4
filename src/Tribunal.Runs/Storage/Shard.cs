namespace Tribunal.Runs.Storage;

/// <summary>A slice of the batch: a line of <c>shards.jsonl</c>.</summary>
/// <param name="Index">From 0.</param>
/// <param name="Offset">First byte.</param>
/// <param name="Length">Bytes.</param>
/// <param name="FirstLine">Number of its first line, from 1.</param>
/// <param name="Rollouts">Valid rollouts in it.</param>
/// <param name="Skip">Line numbers in it that are invalid.</param>
public sealed record Shard(int Index, long Offset, long Length, long FirstLine, int Rollouts, IReadOnlyList<long>? Skip = null);
