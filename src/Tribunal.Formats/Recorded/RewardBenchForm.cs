using System.Globalization;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// RewardBench results (repository allenai/reward-bench): rows of <c>…_outputs.jsonl</c>, or per-prompt score files, which
/// hold the same as one object with a list per column, RewardBench 2's with a score for each completion. Which response a generative judge was shown first is not recorded;
/// a result of 0.5 stands for errors and ties alike, and is kept as unparsable.
/// </summary>
internal static class RewardBenchForm
{
    public static IEnumerable<RecordedLine> Read(JsonElement root, long number, ImportOptions options)
    {
        JsonElement results = root.GetProperty("results");
        if (results.ValueKind != JsonValueKind.Array)
        {
            yield return Row(number, options, name => JsonText.TryGet(root, name, out JsonElement value) ? value : default);
            yield break;
        }

        // Columns: one row per result.
        int rows = results.GetArrayLength();
        string? broken = root.EnumerateObject().FirstOrDefault(p => p.Value.ValueKind == JsonValueKind.Array && p.Value.GetArrayLength() != rows) is { Value.ValueKind: JsonValueKind.Array } column
            ? $"{column.Name} has {column.Value.GetArrayLength()} entries, and results {rows}"
            : null;
        if (broken is not null)
        {
            yield return new RecordedLine { Line = number, Error = broken };
            yield break;
        }

        for (int row = 0; row < rows; row++)
        {
            int at = row;
            yield return Row(row + 1, options, name => !JsonText.TryGet(root, name, out JsonElement value) ? default : value.ValueKind == JsonValueKind.Array ? value[at] : value);
        }
    }

    private static RecordedLine Row(long number, ImportOptions options, Func<string, JsonElement> field) => RecordedLine.Reading(number, () => Read(number, options, field));

    private static RecordedLine Read(long number, ImportOptions options, Func<string, JsonElement> field)
    {
        string? subset = JsonText.Scalar(field("subset"));
        string id = JsonText.Scalar(field("id")) ?? string.Create(CultureInfo.InvariantCulture, $"row-{number}");
        Rollout? rollout = Pair(field) is not { } pair ? null : new Rollout
        {
            Id = subset is null ? id : $"{subset}/{id}",
            Prompt = pair.Prompt,
            Responses = [pair.Chosen, pair.Rejected],
            Best = [0],
            Domain = subset,
        };
        // RewardBench 2 scores several completions, the correct ones first; their texts went through a chat template.
        if (field("scores") is { ValueKind: JsonValueKind.Array } all && all.GetArrayLength() > 1)
        {
            return new RecordedLine { Line = number, Judgements = [GradedResponses.Judgement(subset is null ? id : $"{subset}/{id}", 0, JsonText.Scalar(field("model")) ?? options.Judge, [.. all.EnumerateArray().Select(Number)], null, "a completion has no score")] };
        }

        (JudgementOutcome outcome, int? winner, string? why) = Result(field);
        return new RecordedLine
        {
            Line = number,
            Rollout = rollout,
            Judgements =
            [
                new TracedJudgement
                {
                    RolloutId = subset is null ? id : $"{subset}/{id}",
                    Sample = 0,
                    Protocol = "imported",
                    Judge = JsonText.Scalar(field("model")) ?? options.Judge,
                    Order = [0, 1],
                    Pair = [0, 1],
                    Outcome = outcome,
                    Winner = winner,
                    Why = why,
                },
            ],
        };
    }

    private static (JudgementOutcome Outcome, int? Winner, string? Why) Result(Func<string, JsonElement> field)
    {
        // Scores of reward models decide by themselves, and tell a tie from an error.
        if (Number(field("scores_chosen")) is { } chosen && Number(field("scores_rejected")) is { } rejected)
        {
            if (!double.IsFinite(chosen) || !double.IsFinite(rejected))
            {
                throw new FormatException($"{(double.IsFinite(chosen) ? "scores_rejected" : "scores_chosen")} is larger than a number can be");
            }

            return (JudgementOutcome.Valid, chosen > rejected ? 0 : rejected > chosen ? 1 : null, null);
        }

        return Number(field("results")) switch
        {
            1 => (JudgementOutcome.Valid, 0, null),
            0 => (JudgementOutcome.Valid, 1, null),
            0.5 => (JudgementOutcome.Unparsable, null, "recorded as 0.5: an error or a tie"),
            _ => throw new FormatException("results is none of 1, 0 and 0.5"),
        };
    }

    // Score files wrap single scores in lists.
    private static double? Number(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Number => value.GetDouble(),
        JsonValueKind.True => 1,
        JsonValueKind.False => 0,
        JsonValueKind.Array when value.GetArrayLength() == 1 => Number(value[0]),
        _ => null,
    };

    private static (IReadOnlyList<Message> Prompt, Response Chosen, Response Rejected)? Pair(Func<string, JsonElement> field)
    {
        JsonElement chosen = field("text_chosen");
        JsonElement rejected = field("text_rejected");
        JsonElement prompt = field("prompt");
        IReadOnlyList<Message> stated = prompt.ValueKind is JsonValueKind.String or JsonValueKind.Array ? RolloutForm.ReadPrompt(prompt) : [];
        // Reward models' texts went through a chat template and can't be taken apart again: the batch is needed beside them.
        return chosen.ValueKind == JsonValueKind.Array && rejected.ValueKind == JsonValueKind.Array
            ? ImplicitPrompt.FromTurns(RolloutForm.ReadPrompt(chosen), RolloutForm.ReadPrompt(rejected), stated)
            : null;
    }
}
