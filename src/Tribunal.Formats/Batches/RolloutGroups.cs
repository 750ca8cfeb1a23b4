using System.Runtime.CompilerServices;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>Records of one response each that are one rollout together.</summary>
internal static class RolloutGroups
{
    private const string ByPrompt = "prompt";

    /// <summary>What a record is grouped by.</summary>
    /// <exception cref="JsonException">It has no such field, or not a text or a number in it.</exception>
    public static string KeyOf(JsonElement root, Rollout rollout, string field) =>
        field == ByPrompt
            ? string.Join('\u001e', rollout.Prompt.Select((turn, i) => $"{turn.Role}\u001f{ToolTurns.Text(rollout.Prompt, i)}"))
            : (JsonText.TryGetPath(root, field, out JsonElement value) ? JsonText.Scalar(value) : null) ?? throw new JsonException($"{field} is missing, or no text or number to group by");

    /// <summary>
    /// The groups in the order of their first records, whose number, id and metadata are theirs; then come the records that can't
    /// be used. A group has labels where each of its records has.
    /// </summary>
    public static async IAsyncEnumerable<BatchLine> GroupAsync(
        IAsyncEnumerable<BatchLine> lines, BatchLimits limits, bool labelled, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var groups = new OrderedDictionary<string, List<BatchLine>>(StringComparer.Ordinal);
        var refused = new List<BatchLine>();
        await foreach (BatchLine line in lines.WithCancellation(cancellationToken))
        {
            if (line is not { Rollout: { } rollout, Group: { } key })
            {
                refused.Add(line);
            }
            else if (!groups.TryGetValue(key, out List<BatchLine>? group))
            {
                groups.Add(key, [line]);
            }
            else if (Conversation.AreSame(group[0].Rollout!.Prompt, rollout.Prompt))
            {
                group.Add(line);
            }
            else
            {
                refused.Add(line with { Rollout = null, Error = $"its prompt is another than that of record {group[0].Line}, with which it is grouped" });
            }
        }

        foreach (List<BatchLine> group in groups.Values)
        {
            Rollout rollout = Join([.. group.Select(static line => line.Rollout!)]);
            if (labelled && rollout is { Best: null, Scores: [_, _, ..] scores })
            {
                rollout = rollout with { Best = LabelFields.Maxima(scores) };
            }

            yield return RolloutValidator.Fault(rollout, limits) is { } reason
                ? group[0] with { Rollout = null, Error = reason }
                : group[0] with { Rollout = rollout };
        }

        foreach (BatchLine line in refused)
        {
            yield return line;
        }
    }

    private static Rollout Join(IReadOnlyList<Rollout> rollouts)
    {
        if (rollouts is [var only])
        {
            return only;
        }

        int[] starts = [.. rollouts.Select((_, i) => rollouts.Take(i).Sum(static rollout => rollout.Responses.Count))];
        int[] best = [.. rollouts.SelectMany((rollout, i) => (rollout.Best ?? []).Select(b => b + starts[i]))];
        return rollouts[0] with
        {
            Responses = [.. rollouts.SelectMany(static rollout => rollout.Responses.Select(response => response.Id is null && rollout.Responses.Count == 1 ? response with { Id = rollout.Id } : response))],
            Best = best.Length > 0 ? best : null,
            Scores = rollouts.All(static rollout => rollout.Scores is not null) ? [.. rollouts.SelectMany(static rollout => rollout.Scores!)] : null,
        };
    }
}
