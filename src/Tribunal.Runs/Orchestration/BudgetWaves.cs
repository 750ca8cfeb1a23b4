namespace Tribunal.Runs.Orchestration;

/// <summary>How a batch-wide budget is spent: a pilot for every rollout, then shares by what each wave has shown.</summary>
internal static class BudgetWaves
{
    /// <summary>The most waves of a run under the budget policy, the pilot included; each halves what is left.</summary>
    public const int Most = 8;
}
