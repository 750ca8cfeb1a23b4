namespace Tribunal.Pipeline.Runs;

/// <summary>How a batch-wide budget is spent: a pilot for every rollout, then shares by what each wave has shown.</summary>
public static class BudgetWaves
{
    /// <summary>Waves of a run under the budget policy, the pilot included.</summary>
    public const int Count = 4;
}
