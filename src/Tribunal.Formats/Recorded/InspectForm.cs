using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// Logs of Inspect (repository UKGovernmentBEIS/inspect_ai) as JSON, or their samples as JSON Lines: what its model-graded scorers said. The
/// epochs of a sample are the responses of one rollout, and each scorer is a judgement of them all: C is 1, P ½, I and N 0. Scorers that
/// ask no model (<c>match</c>, <c>includes</c>, …) are left out.
/// </summary>
internal static class InspectForm
{
    /// <summary>Whether a record is a whole log.</summary>
    public static bool IsLog(JsonElement root) => root.TryGetProperty("eval", out _) && root.TryGetProperty("samples", out JsonElement samples) && samples.ValueKind == JsonValueKind.Array;

    /// <summary>Whether a record is one sample of a log.</summary>
    public static bool IsSample(JsonElement root) => root.TryGetProperty("epoch", out _) && root.TryGetProperty("input", out _) && root.TryGetProperty("scores", out _);

    public static IEnumerable<RecordedLine> Read(JsonElement root, long number, ImportOptions options)
    {
        if (!IsLog(root))
        {
            return [Rollout([root], $"{Id(root)}/{Scalar(root, "epoch")}", number, options)];
        }

        return root.GetProperty("samples").EnumerateArray().Index().GroupBy(static sample => Id(sample.Item), StringComparer.Ordinal)
            .Select(group =>
            {
                int record = group.First().Index + 1;
                return RecordedLine.Reading(record, () => Rollout([.. group.Select(static sample => sample.Item)], group.Key, record, options));
            });
    }

    private static RecordedLine Rollout(JsonElement[] epochs, string id, long number, ImportOptions options)
    {
        // A sample that ended with an error has no answer; the other epochs are graded without it.
        JsonElement[] answered = [.. epochs.Where(static sample => Answer(sample) is not null)];
        if (answered.Length == 0)
        {
            throw new FormatException($"sample {id} has no answer{(JsonText.TryGet(epochs[0], "error", out JsonElement error) && Scalar(error, "message") is { } said ? $": {said}" : "")}");
        }

        string[] scorers = [.. answered.SelectMany(static sample => Scores(sample)).Where(static score => IsModelGraded(score)).Select(static score => score.Name).Distinct()];
        if (scorers.Length == 0)
        {
            string others = string.Join(", ", answered.SelectMany(static sample => Scores(sample)).Select(static score => score.Name).Distinct());
            throw new FormatException($"no model graded sample {id}: {(others.Length == 0 ? "it has no scores" : $"its scores are of {others}")}. Its answers are for tribunal score");
        }

        JsonElement first = answered[0];
        return new RecordedLine
        {
            Line = number,
            Rollout = new Rollout
            {
                Id = id,
                Prompt = Prompt(first),
                Responses = [.. answered.Select(sample => new Response(Answer(sample)!, answered.Length > 1 ? $"epoch {Scalar(sample, "epoch")}" : null))],
                Reference = JsonText.TryGet(first, "target", out JsonElement target) ? RolloutForm.ReadReference(target, "target") : null,
            },
            Judgements = [.. scorers.Select((scorer, sample) => Judgement(id, sample, [.. answered.Select(epoch => ScoreOf(epoch, scorer))], options))],
        };
    }

    private static TracedJudgement Judgement(string id, int sample, JsonElement[] scores, ImportOptions options) =>
        GradedResponses.Judgement(
            id, sample, scores.Select(Grader).FirstOrDefault(static judge => judge is not null) ?? options.Judge, [.. scores.Select(Grade)], (0, 1),
            "no grade from 0 to 1, and none of C, P, I and N, was recorded") with
        {
            Text = GradedResponses.Said([.. scores.Select(static score => Scalar(score, "explanation"))]),
        };

    // A grade that the scorer could not find in the answer is recorded as incorrect.
    private static double? Grade(JsonElement score) => score.ValueKind != JsonValueKind.Object || Scalar(score, "explanation")?.StartsWith("Grade not found", StringComparison.OrdinalIgnoreCase) == true ? null
        : !JsonText.TryGet(score, "value", out JsonElement value) ? null
        : value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.True => 1,
            JsonValueKind.False => 0,
            JsonValueKind.String => value.GetString() switch { "C" => 1, "P" => 0.5, "I" or "N" => 0, _ => null },
            _ => null,
        };

    private static bool IsModelGraded(JsonProperty score) => score.Name.Contains("model_graded", StringComparison.Ordinal) || Grading(score.Value) is not null;

    // Who wrote the last turn of what the scorer asked.
    private static string? Grader(JsonElement score) => Grading(score) is { } turns && turns.GetArrayLength() > 0 ? Scalar(turns[turns.GetArrayLength() - 1], "model") : null;

    private static JsonElement? Grading(JsonElement score) =>
        score.ValueKind == JsonValueKind.Object && JsonText.TryGet(score, "metadata", out JsonElement metadata) && metadata.ValueKind == JsonValueKind.Object
        && JsonText.TryGet(metadata, "grading", out JsonElement grading) && grading.ValueKind == JsonValueKind.Array ? grading : null;

    private static JsonProperty[] Scores(JsonElement sample) => JsonText.TryGet(sample, "scores", out JsonElement scores) && scores.ValueKind == JsonValueKind.Object ? [.. scores.EnumerateObject()] : [];

    private static JsonElement ScoreOf(JsonElement sample, string scorer) => JsonText.TryGet(sample, "scores", out JsonElement scores) && scores.ValueKind == JsonValueKind.Object && scores.TryGetProperty(scorer, out JsonElement score) ? score : default;

    // What a solver put before the question is a part of it.
    private static IReadOnlyList<Message> Prompt(JsonElement sample)
    {
        IReadOnlyList<Message> asked = Turns.Read(Whole(sample, sample.GetProperty("input")));
        return asked.Any(static turn => turn.Role == "system") || !(JsonText.TryGet(sample, "messages", out JsonElement said) && said.ValueKind == JsonValueKind.Array) ? asked
            : [.. said.EnumerateArray().TakeWhile(static turn => Scalar(turn, "role") == "system").SelectMany(turn => Turns.Read(turn)), .. asked];
    }

    private static string? Answer(JsonElement sample)
    {
        if (!(JsonText.TryGet(sample, "output", out JsonElement output) && output.ValueKind == JsonValueKind.Object))
        {
            return null;
        }

        if (JsonText.TryGet(output, "completion", out JsonElement completion) && completion.ValueKind == JsonValueKind.String && completion.GetString() is { Length: > 0 })
        {
            return Whole(sample, completion).GetString();
        }

        return JsonText.TryGetPath(output, "choices.0.message.content", out JsonElement content) && RolloutForm.ReadContent(content) is { Length: > 0 } text ? text : null;
    }

    // Long texts may be kept apart.
    private static JsonElement Whole(JsonElement sample, JsonElement text)
    {
        const string Mark = "attachment://";
        return text.ValueKind == JsonValueKind.String && text.GetString() is { } name && name.StartsWith(Mark, StringComparison.Ordinal)
            ? JsonText.TryGet(sample, "attachments", out JsonElement kept) && kept.TryGetProperty(name[Mark.Length..], out JsonElement whole) ? whole : throw new FormatException($"{name} is not among the attachments")
            : text;
    }

    private static string Id(JsonElement sample) => Scalar(sample, "id") ?? throw new FormatException("a sample has no id");

    private static string? Scalar(JsonElement from, string name) => from.ValueKind == JsonValueKind.Object && JsonText.TryGet(from, name, out JsonElement value) ? JsonText.Scalar(value) : null;
}
