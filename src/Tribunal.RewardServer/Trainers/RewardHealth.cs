namespace Tribunal.RewardServer.Trainers;

/// <summary>What <c>/healthz</c> says; without the server's key, where it has one, no more than whether the judge answers.</summary>
/// <param name="Ready">Whether the judge answers.</param>
/// <param name="Detail">What it said.</param>
/// <param name="Waiting">Rollouts gathering or being judged.</param>
/// <param name="Judgements">Judgements drawn since the start.</param>
/// <param name="Remembered">Questions that cost nothing.</param>
internal sealed record RewardHealth(bool Ready, string? Detail, int? Waiting, long? Judgements, long? Remembered);
