using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Functions.Durable;

/// <summary>What an orchestration brings into its run's record, so that every client sees the same of either host.</summary>
/// <param name="RunId">The run.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Progress">How far it is; null leaves what is there.</param>
/// <param name="Reason">Why, where it ended without results.</param>
public sealed record RunReport(string RunId, RunState State, RunProgress? Progress = null, string? Reason = null);
