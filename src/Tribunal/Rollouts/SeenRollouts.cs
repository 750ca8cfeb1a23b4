using System.Globalization;

namespace Tribunal.Rollouts;

/// <summary>
/// Names what a model was trained on by the texts themselves, whatever ids they go by, so that no accuracy is reported on it: 16
/// hexadecimal digits a rollout, ascending.
/// </summary>
public static class SeenRollouts
{
    /// <summary>A rollout's name.</summary>
    public static string NameOf(Rollout rollout)
    {
        string[] texts = [.. Enumerable.Range(0, rollout.Prompt.Count).Select(turn => ToolTurns.Text(rollout.Prompt, turn)), .. rollout.Responses.Select(static r => r.Content)];
        return StableHash.Of(1, texts).ToString("x16", CultureInfo.InvariantCulture);
    }

    /// <summary>The names of rollouts.</summary>
    public static string[] Of(IEnumerable<Rollout> rollouts) => [.. rollouts.Select(NameOf).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Whether a rollout is among the names.</summary>
    public static bool Has(string[]? names, Rollout rollout) => names is { Length: > 0 } && Array.BinarySearch(names, NameOf(rollout), StringComparer.Ordinal) >= 0;
}
