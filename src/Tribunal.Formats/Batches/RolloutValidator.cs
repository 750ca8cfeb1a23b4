using System.IO.Hashing;
using System.Text;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Refuses rollouts that can't be judged, each with a reason for <c>invalid.jsonl</c>. Remembers the ids it saw as 64-bit
/// hashes, about 25 bytes each. Not safe for concurrent use.
/// </summary>
public sealed class RolloutValidator
{
    private const int IdCharacters = 256;

    // Hashes in place of ids, since a batch may have millions: that two of a million ids share one is less likely than one to ten million.
    private readonly HashSet<ulong> _ids = [];

    /// <summary>Why this rollout is refused: its form, or an id that an accepted rollout already has; null accepts it.</summary>
    public string? Check(Rollout rollout) => Fault(rollout, BatchLimits.Default)
        ?? (_ids.Add(XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(rollout.Id))) ? null : $"the id {rollout.Id} is a duplicate");

    /// <summary>Why a rollout's form is refused; null when it can be judged.</summary>
    public static string? Fault(Rollout rollout, BatchLimits limits)
    {
        if (rollout.Id.Length is 0 or > IdCharacters)
        {
            return rollout.Id.Length == 0 ? "id is empty" : $"id has {rollout.Id.Length} characters, more than {IdCharacters}";
        }

        if (rollout.Id.Any(char.IsControl))
        {
            return "id holds a control character";
        }

        if (rollout.Prompt.Count == 0 || rollout.Prompt.All(static turn => string.IsNullOrWhiteSpace(turn.Content)))
        {
            return "prompt is empty";
        }

        if (rollout.Prompt.Count > limits.Turns)
        {
            return $"prompt has {rollout.Prompt.Count} turns, more than {limits.Turns}";
        }

        int responses = rollout.Responses.Count;
        if (responses == 0 || responses > limits.Responses)
        {
            return responses == 0 ? "responses is empty" : $"there are {responses} responses, more than {limits.Responses}";
        }

        if (rollout.Responses.FirstOrDefault(response => response.Turns?.Count > limits.Turns) is { } longest)
        {
            return $"a response has {longest.Turns!.Count} turns, more than {limits.Turns}";
        }

        if (rollout.Responses.All(static response => response.Content.Length == 0))
        {
            return "every response is empty";
        }

        if (rollout.Best is { } best)
        {
            if (best.Count == 0)
            {
                return "best is empty";
            }

            if (best.Any(b => b < 0 || b >= responses))
            {
                return $"best is outside 0..{responses - 1}";
            }

            if (best.Distinct().Count() != best.Count)
            {
                return "best names a response twice";
            }
        }

        if (rollout.Scores is { } scores)
        {
            if (scores.Count != responses)
            {
                return $"there are {scores.Count} scores for {responses} responses";
            }

            if (!scores.All(double.IsFinite))
            {
                return "a score is not finite";
            }
        }

        return null;
    }
}
