using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>Public datasets whose records are recognised by fields that only they have.</summary>
internal static class DatasetShapes
{
    // In order: the first whose fields are all there reads the record.
    private static readonly Shape[] Shapes =
    [
        new(["response_A", "response_B", "question"], JudgeBench),
        new(["response_1", "scores", "prompt"], BestOfK),
        new(["response_1", "response_2", "winner", "prompt"], PreferenceByWinner),
        new(["output_1", "output_2", "input"], LlmBar),
        new(["bon_best", "loser_list"], RmbBestOfN),
        new(["chosen", "reject", "conversation_input"], RmbPair),
        new(["instruction", "completions"], UltraFeedback),
    ];

    /// <summary>Reads a record of one of these datasets; null where it is of none.</summary>
    /// <exception cref="JsonException">A field is missing or of the wrong type.</exception>
    public static Rollout? Read(BatchRecord record) =>
        Array.Find(Shapes, shape => Array.TrueForAll(shape.Fields, record.Has))?.Read(record);

    // Questions come with several response models, but pair ids are unique.
    private static Rollout JudgeBench(BatchRecord record)
    {
        string label = record.Text("label");
        return record.Rollout(record.Id("pair_id"), [new Message("user", record.Text("question"))], [record.Text("response_A"), record.Text("response_B")]) with
        {
            Best = label switch
            {
                "A>B" => [0],
                "B>A" => [1],
                _ => throw new JsonException("label is neither A>B nor B>A"),
            },
            Domain = record.OptionalText("source"),
        };
    }

    // One question appears once per model that answered it.
    private static Rollout BestOfK(BatchRecord record)
    {
        var responses = new List<string>();
        while (record.Root.TryGetProperty($"response_{responses.Count + 1}", out JsonElement response) && response.ValueKind == JsonValueKind.String)
        {
            string name = $"response_{responses.Count + 1}";
            record.Used(name);
            responses.Add(response.GetString()!);
        }

        List<double> scores = record.Numbers("scores");
        if (scores.Count != responses.Count)
        {
            throw new JsonException($"there are {scores.Count} scores for {responses.Count} responses");
        }

        string id = record.Id("question_id");
        return record.Rollout(record.Peek("model_name") is { } model ? $"{id}/{model}" : id, Prompt(record), responses) with
        {
            Best = Maxima(scores),
            Scores = scores,
        };
    }

    private static Rollout PreferenceByWinner(BatchRecord record) =>
        record.Rollout(record.Id("question_id"), Prompt(record), [record.Text("response_1"), record.Text("response_2")]) with
        {
            Best = ResponseFields.BestOf(record.Text("winner")) ?? throw new JsonException("winner is none of model_a, model_b and tie"),
        };

    private static Rollout LlmBar(BatchRecord record)
    {
        List<int>? best = record.OptionalText("label") switch
        {
            null => null,
            "1" => [0],
            "2" => [1],
            _ => throw new JsonException("label is neither 1 nor 2"),
        };
        return record.Rollout(record.Id("id"), PromptFields.Require(record), [record.Text("output_1"), record.Text("output_2")]) with { Best = best };
    }

    private static Rollout RmbBestOfN(BatchRecord record)
    {
        var responses = new List<Response> { RmbAnswer(record.Take("bon_best")) };
        responses.AddRange(record.Array("loser_list").Select(RmbAnswer));
        return record.Rollout(record.Id("bon_uid"), RolloutForm.ReadPrompt(record.Take("conversation_input")), responses) with { Best = [0], Domain = record.OptionalText("category_path") };
    }

    private static Rollout RmbPair(BatchRecord record) =>
        record.Rollout(record.Id("pair_uid"), RolloutForm.ReadPrompt(record.Take("conversation_input")), [RmbAnswer(record.Take("chosen")), RmbAnswer(record.Take("reject"))]) with
        {
            Best = [0],
            Domain = record.OptionalText("category_path"),
        };

    private static Response RmbAnswer(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && JsonText.TryGet(answer, "answer", out JsonElement text)
            ? new Response(JsonText.Of(text, "answer"))
            : throw new JsonException("answer is missing");

    private static Rollout UltraFeedback(BatchRecord record)
    {
        var responses = new List<Response>();
        var scores = new List<double>();
        foreach (JsonElement completion in record.Array("completions"))
        {
            if (completion.ValueKind == JsonValueKind.String)
            {
                responses.Add(new Response(completion.GetString()!));
                continue;
            }

            if (completion.ValueKind != JsonValueKind.Object || !JsonText.TryGet(completion, "response", out JsonElement response))
            {
                throw new JsonException("a completion has no response");
            }

            responses.Add(new Response(JsonText.Of(response, "response")));
            if ((JsonText.TryGet(completion, "overall_score", out JsonElement score) || JsonText.TryGet(completion, "fine-grained_score", out score))
                && score.ValueKind == JsonValueKind.Number)
            {
                scores.Add(score.GetDouble());
            }
        }

        Rollout rollout = record.Rollout(record.Id("id"), PromptFields.Require(record), responses) with { Domain = record.OptionalText("source") };
        return scores.Count == responses.Count && scores.Count > 0 ? rollout with { Best = Maxima(scores), Scores = scores } : rollout;
    }

    private static IReadOnlyList<Message> Prompt(BatchRecord record) => RolloutForm.ReadPrompt(record.Take("prompt"));

    private static List<int> Maxima(List<double> scores)
    {
        double max = scores.Count == 0 ? 0 : scores.Max();
        return [.. Enumerable.Range(0, scores.Count).Where(i => scores[i] == max)];
    }

    private sealed record Shape(string[] Fields, Func<BatchRecord, Rollout> Read);
}
