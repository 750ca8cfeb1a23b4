using Tribunal.Rollouts;

namespace Tribunal.Judgements;

/// <summary>A rollout and what the ledger holds of it.</summary>
/// <param name="Rollout">The rollout.</param>
/// <param name="Ledger">Its judgements, in any order.</param>
public sealed record RolloutLedger(Rollout Rollout, IReadOnlyList<Judgement> Ledger);
