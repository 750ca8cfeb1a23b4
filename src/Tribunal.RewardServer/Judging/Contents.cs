using Tribunal.Rollouts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What is judged, but for the responses.</summary>
/// <param name="Key">The prompt's key.</param>
/// <param name="Prompt">The prompt.</param>
/// <param name="Reference">The reference answer.</param>
/// <param name="Schedule">Who meets whom, where it is another schedule than the server's; empty otherwise.</param>
internal sealed record Contents(UInt128 Key, IReadOnlyList<Message> Prompt, string? Reference, string Schedule)
{
    /// <summary>The rubric; null where there is none but the server's own.</summary>
    public Rubric? Rubric { get; init; }
}
