using System.Globalization;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// prometheus-eval results (repository prometheus-eval/prometheus-eval): records of its evaluation scripts with
/// <c>prometheus_output</c> and <c>prometheus_score</c> over several runs, in their three modes (one response graded; chosen
/// and rejected graded apart; A against B), and BiGGen-Bench result files, one object of records by id.
/// </summary>
internal static class PrometheusForm
{
    private const string InstructionMark = "###The instruction to evaluate:";
    private const string ResponseMark = "###Response to evaluate:";
    private const string ReferenceMark = "###Reference Answer";
    private const string RubricMark = "###Score Rubrics:";
    private const double Lowest = 1;
    private const double Highest = 5;

    /// <summary>Whether an object holds records by id, each with a response and a score.</summary>
    public static bool IsResultFile(JsonElement root)
    {
        using JsonElement.ObjectEnumerator records = root.EnumerateObject();
        return records.MoveNext() && IsResult(records.Current.Value);
    }

    public static IEnumerable<RecordedLine> Read(JsonElement root, long number, ImportOptions options)
    {
        if (root.TryGetProperty("prometheus_score", out JsonElement scores))
        {
            yield return Runs(root, scores, number, options);
            yield break;
        }

        int record = 0;
        foreach (JsonProperty property in root.EnumerateObject())
        {
            record++;
            long at = record;
            yield return RecordedLine.Reading(at, () => IsResult(property.Value)
                ? Result(property.Name, property.Value, at, options)
                : throw new FormatException($"{property.Name} is not a result: response or score is missing"));
        }
    }

    private static bool IsResult(JsonElement record) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty("response", out _) && record.TryGetProperty("score", out _);

    private static RecordedLine Result(string key, JsonElement record, long number, ImportOptions options)
    {
        string id = JsonText.TextOf(record, "response_model_name") is { } model ? $"{JsonText.TextOf(record, "id") ?? key}/{model}" : JsonText.TextOf(record, "id") ?? key;
        var prompt = new List<Message>();
        if (JsonText.TextOf(record, "system_prompt") is { Length: > 0 } system)
        {
            prompt.Add(new Message("system", system));
        }

        prompt.Add(new Message("user", JsonText.TextOf(record, "input") ?? throw new FormatException("input is missing")));
        var rollout = new Rollout
        {
            Id = id,
            Prompt = prompt,
            Responses = [new Response(JsonText.TextOf(record, "response") ?? throw new FormatException("response is not a string"), JsonText.TextOf(record, "response_model_name"))],
            Reference = JsonText.TextOf(record, "reference_answer"),
            Domain = JsonText.TextOf(record, "capability"),
        };
        string judge = JsonText.TextOf(record, "eval_model_name") ?? options.Judge;
        JsonElement score = record.GetProperty("score");
        JsonElement feedback = record.TryGetProperty("feedback", out JsonElement said) ? said : default;
        JsonElement[] runs = score.ValueKind == JsonValueKind.Array ? [.. score.EnumerateArray()] : [score];
        return new RecordedLine
        {
            Line = number,
            Rollout = rollout,
            Judgements = [.. runs.Select((run, sample) => Graded(id, sample, judge, [run], Run(feedback, sample)))],
        };
    }

    private static RecordedLine Runs(JsonElement root, JsonElement scores, long number, ImportOptions options)
    {
        if (scores.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("prometheus_score is not a list of runs");
        }

        JsonElement outputs = root.TryGetProperty("prometheus_output", out JsonElement said) ? said : default;
        string id = JsonText.TryGet(root, "idx", out JsonElement index) || JsonText.TryGet(root, "id", out index)
            ? JsonText.Scalar(index) ?? throw new FormatException("the id is neither a string nor a number")
            : string.Create(CultureInfo.InvariantCulture, $"row-{number}");
        if (JsonText.TextOf(root, "orig_response_A") is { } a && JsonText.TextOf(root, "orig_response_B") is { } b)
        {
            return Compared(root, id, a, b, scores, outputs, number, options);
        }

        if (root.TryGetProperty("chosen_instruction", out JsonElement good) && root.TryGetProperty("rejected_instruction", out JsonElement bad))
        {
            return GradedApart(root, id, Parts(JsonText.Of(good, "chosen_instruction")), Parts(JsonText.Of(bad, "rejected_instruction")), scores, outputs, number, options);
        }

        (string Instruction, string Response, string? Reference) parts = JsonText.TextOf(root, "orig_instruction") is { } instruction && JsonText.TextOf(root, "orig_response") is { } response
            ? (instruction, response, JsonText.TextOf(root, "orig_reference_answer"))
            : Parts(JsonText.TextOf(root, "instruction") ?? throw new FormatException("the record has neither orig_instruction and orig_response nor instruction"));
        return new RecordedLine
        {
            Line = number,
            Rollout = new Rollout { Id = id, Prompt = [new Message("user", parts.Instruction)], Responses = [new Response(parts.Response)], Reference = parts.Reference, Domain = JsonText.TextOf(root, "category") },
            Judgements = [.. scores.EnumerateArray().Select((score, sample) => Graded(id, sample, options.Judge, [score], Run(outputs, sample)))],
        };
    }

    private static RecordedLine Compared(JsonElement root, string id, string a, string b, JsonElement scores, JsonElement outputs, long number, ImportOptions options) => new()
    {
        Line = number,
        Rollout = new Rollout
        {
            Id = id,
            Prompt = [new Message("user", JsonText.TextOf(root, "orig_instruction") ?? throw new FormatException("orig_instruction is missing"))],
            Responses = [new Response(a), new Response(b)],
            Best = JsonText.TextOf(root, "orig_preference") switch { "A" => [0], "B" => [1], _ => null },
            Domain = JsonText.TextOf(root, "source"),
        },
        Judgements =
        [
            .. scores.EnumerateArray().Select((score, sample) =>
            {
                string? verdict = JsonText.Scalar(score)?.ToUpperInvariant();
                return new TracedJudgement
                {
                    RolloutId = id,
                    Sample = sample,
                    Protocol = "imported",
                    Judge = options.Judge,
                    Order = [0, 1],
                    Pair = [0, 1],
                    Outcome = verdict is "A" or "B" or "TIE" ? JudgementOutcome.Valid : JudgementOutcome.Unparsable,
                    Winner = verdict switch { "A" => 0, "B" => 1, _ => null },
                    Why = verdict is "A" or "B" or "TIE" ? null : "no verdict was recorded",
                    Text = Run(outputs, sample),
                };
            }),
        ],
    };

    private static RecordedLine GradedApart(
        JsonElement root,
        string id,
        (string Instruction, string Response, string? Reference) good,
        (string Instruction, string Response, string? Reference) bad,
        JsonElement scores,
        JsonElement outputs,
        long number,
        ImportOptions options)
    {
        if (scores.GetArrayLength() != 2 || scores[0].ValueKind != JsonValueKind.Array || scores[1].ValueKind != JsonValueKind.Array
            || scores[0].GetArrayLength() != scores[1].GetArrayLength())
        {
            throw new FormatException("prometheus_score is not as many grades for the chosen as for the rejected response");
        }

        bool tie = root.TryGetProperty("tie", out JsonElement tied) && JsonText.Scalar(tied) == "1";
        return new RecordedLine
        {
            Line = number,
            Rollout = new Rollout
            {
                Id = id,
                Prompt = [new Message("user", good.Instruction)],
                Responses = [new Response(good.Response), new Response(bad.Response)],
                Best = tie ? [0, 1] : [0],
                Reference = good.Reference,
                Domain = JsonText.TextOf(root, "source"),
            },
            Judgements =
            [
                .. Enumerable.Range(0, scores[0].GetArrayLength()).Select(sample => Graded(
                    id, sample, options.Judge, [scores[0][sample], scores[1][sample]], outputs.ValueKind == JsonValueKind.Array && outputs.GetArrayLength() == 2 ? Run(outputs[0], sample) : null)),
            ],
        };
    }

    // −1 and null stand for an answer that could not be read; a number off the scale is no grade either.
    private static TracedJudgement Graded(string id, int sample, string judge, JsonElement[] grades, string? text) =>
        GradedResponses.Judgement(
            id, sample, judge, [.. grades.Select(static grade => grade.ValueKind == JsonValueKind.Number ? grade.GetDouble() : (double?)null)], (Lowest, Highest), "no grade from 1 to 5 was recorded") with
        {
            Text = text,
        };

    private static (string Instruction, string Response, string? Reference) Parts(string prompt)
    {
        int instruction = prompt.IndexOf(InstructionMark, StringComparison.Ordinal);
        int response = prompt.IndexOf(ResponseMark, StringComparison.Ordinal);
        if (instruction < 0 || response < instruction)
        {
            throw new FormatException("the prompt does not hold an instruction and a response to evaluate");
        }

        int reference = prompt.IndexOf(ReferenceMark, response, StringComparison.Ordinal);
        int rubric = prompt.IndexOf(RubricMark, response, StringComparison.Ordinal);
        int end = reference >= 0 ? reference : rubric >= 0 ? rubric : prompt.Length;
        string? answer = null;
        if (reference >= 0)
        {
            string rest = prompt[(prompt.IndexOf(':', reference) + 1)..(rubric > reference ? rubric : prompt.Length)].Trim();
            answer = rest.Length == 0 ? null : rest;
        }

        return (prompt[(instruction + InstructionMark.Length)..response].Trim(), prompt[(response + ResponseMark.Length)..end].Trim(), answer);
    }

    private static string? Run(JsonElement outputs, int sample) => outputs.ValueKind switch
    {
        JsonValueKind.String when sample == 0 => outputs.GetString(),
        JsonValueKind.Array when sample < outputs.GetArrayLength() && outputs[sample].ValueKind == JsonValueKind.String => outputs[sample].GetString(),
        _ => null,
    };
}
