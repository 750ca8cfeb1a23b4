namespace Tribunal.Runs.Orchestration;

/// <summary>A line of a round's plan. The sample's number says its order, pair and seed.</summary>
/// <param name="Rollout">Position in the shard, from 0.</param>
/// <param name="Sample">Number of the sample.</param>
/// <param name="Hint">The displayed position, from 0, that the prompt names as the best; null for ordinary samples.</param>
/// <param name="Route">The route, in a run with a routing table.</param>
public sealed record PlannedDraw(int Rollout, int Sample, int? Hint = null, string? Route = null);
