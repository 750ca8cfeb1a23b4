using Tribunal.Rollouts;

namespace Tribunal.Training;

/// <summary>
/// The known answer to one question put to a judge: a whole list of responses, a pair of them, or a response alone. The
/// batch's <c>best</c> decides; where it does not tell the responses shown apart, <c>scores</c> do. A response of the same text as one
/// of the best is one of them.
/// </summary>
public sealed record Label
{
    private Label(IReadOnlyList<int> shown, IReadOnlyList<int> best, int? truth) => (Shown, Best, Truth) = (shown, best, truth);

    /// <summary>Original indexes of the responses shown, ascending; 1 or more.</summary>
    public IReadOnlyList<int> Shown { get; }

    /// <summary>Those of <see cref="Shown"/> that are best, ascending: at least one and not all of them. Empty for a response alone.</summary>
    public IReadOnlyList<int> Best { get; }

    /// <summary>For a response alone, 0 or 1: whether it is right. Null otherwise.</summary>
    public int? Truth { get; }

    /// <summary>The label of a question; null where nothing is known, or what is known tells the responses not apart.</summary>
    /// <param name="rollout">The rollout.</param>
    /// <param name="pair">The two original indexes shown; null for all responses.</param>
    public static Label? Of(Rollout rollout, IReadOnlyList<int>? pair)
    {
        int n = rollout.Responses.Count;
        int[] shown = pair is null ? [.. Enumerable.Range(0, n)] : [.. pair.Order()];
        if (shown.Length == 0 || shown[0] < 0 || shown[^1] >= n || (pair is not null && (shown.Length != 2 || shown[0] == shown[1])))
        {
            return null;
        }

        if (shown.Length == 1)
        {
            // To be the best of one says nothing; only a score does.
            return rollout.Scores is [0 or 1] ? new Label(shown, [], (int)rollout.Scores[0]) : null;
        }

        var texts = Candidates.Of(rollout);
        return Among(shown, rollout.Best ?? [], texts)
            ?? (rollout.Scores is { } scores && scores.Count == n && shown.Max(s => scores[s]) is var top ? Among(shown, [.. shown.Where(s => scores[s] == top)], texts) : null);
    }

    /// <summary>Whether the batch says anything of the rollout's responses.</summary>
    public static bool IsGiven(Rollout rollout) => rollout.Best is { Count: > 0 } || rollout.Scores is { Count: > 0 };

    private static Label? Among(int[] shown, IReadOnlyList<int> best, Candidates texts)
    {
        int[] here = [.. shown.Where(s => best.Any(b => b == s || (b >= 0 && b < texts.Responses && texts[b] == texts[s])))];
        return here.Length > 0 && here.Length < shown.Length ? new Label(shown, here, truth: null) : null;
    }
}
