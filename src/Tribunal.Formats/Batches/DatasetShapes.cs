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
        new(["conversation_a", "conversation_b", "winner"], ArenaBattle),
        new(["winner_model_a", "winner_model_b", "response_a", "response_b", "prompt"], ArenaTable),
        new(["response1", "response2", "overall_preference"], static record => Strength(record, "response1", "response2", "overall_preference")),
        new(["response_1", "response_2", "preference_strength"], static record => Strength(record, "response_1", "response_2", "preference_strength")),
        new(["response_0", "response_1", "better_response_id", "prompt"], SafeRlhf),
        new(["prompt", "answers", "num_responses"], Nectar),
        new(["response_1", "scores", "prompt"], BestOfK),
        new(["response_1", "response_2", "winner", "prompt"], PreferenceByWinner),
        new(["output_1", "output_2", "input"], LlmBar),
        new(["bon_best", "loser_list"], RmbBestOfN),
        new(["chosen", "reject", "conversation_input"], RmbPair),
        new(["instruction", "completions"], UltraFeedback),
        new(["input", "preferred_output", "non_preferred_output"], OpenAiPreference),
        new(["chosen_response", "rejected_response"], static record => Better(record, "chosen_response", "rejected_response")),
        new(["good_edited_response", "bad_edited_response"], static record => Better(record, "good_edited_response", "bad_edited_response")),
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
            Best = LabelFields.Maxima(scores),
            Scores = scores,
        };
    }

    private static Rollout PreferenceByWinner(BatchRecord record) =>
        record.Rollout(record.Id("question_id"), Prompt(record), [record.Text("response_1"), record.Text("response_2")]) with
        {
            Best = Winner(record),
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
        return scores.Count == responses.Count && scores.Count > 0 ? rollout with { Best = LabelFields.Maxima(scores), Scores = scores } : rollout;
    }

    // LMSYS's and LMArena's votes, and MT-Bench's, which are about the first turns of a conversation and name it several times.
    private static Rollout ArenaBattle(BatchRecord record)
    {
        int? turns = record.Peek("judge") is not null && record.Number("turn") is >= 1 and <= 1000 and var turn ? (int)turn * 2 : null;
        (IReadOnlyList<Message> prompt, Response one, Response other) = ImplicitPrompt.FromTurns(Said("conversation_a", "model_side_a"), Said("conversation_b", "model_side_b"), [], "conversation_a and conversation_b");
        string id = record.Id(record.Has("id") ? "id" : "question_id");
        return record.Rollout(record.Peek("judge") is { } judge ? $"{id}/{record.Peek("model_a")}/{record.Peek("model_b")}/{judge}/{record.Peek("turn")}" : id, prompt, [one, other]) with
        {
            Best = Winner(record),
        };

        IReadOnlyList<Message> Said(string name, string side)
        {
            IReadOnlyList<Message> said = Turns.Read(record.Take(name));
            return [.. Before(record, said, side), .. said.Take(turns ?? int.MaxValue)];
        }
    }

    // A later vote of a session is about its own turns (evaluation_order); what was said before them stands in the whole conversation alone.
    private static IReadOnlyList<Message> Before(BatchRecord record, IReadOnlyList<Message> said, string side)
    {
        if (record.Number("evaluation_order") is <= 1 || !JsonText.TryGet(record.Root, "full_conversation", out JsonElement whole)
            || (whole.ValueKind == JsonValueKind.String ? EncodedLists.Of(whole.GetString()!) : whole) is not { ValueKind: JsonValueKind.Array } rounds)
        {
            return [];
        }

        Message[][] all = [.. rounds.EnumerateArray().Select(round => (Message[])[Turn(round, "user"), Turn(round, side)])];
        string[] asked = [.. said.Where(static turn => turn.Role == "user").Select(static turn => turn.Content)];
        int at = all.Length - asked.Length;
        while (at >= 0 && !all.Skip(at).Take(asked.Length).Select(static round => round[0].Content).SequenceEqual(asked, StringComparer.Ordinal))
        {
            at--;
        }

        return at < 0 && all.Length > asked.Length
            ? throw new JsonException("full_conversation holds more turns than the vote is about, and not these among them")
            : [.. all.Take(at).SelectMany(static round => round)];

        static Message Turn(JsonElement round, string name) =>
            round.ValueKind == JsonValueKind.Object && JsonText.TryGet(round, name, out JsonElement turn) && Turns.IsTurn(turn) ? Turns.Read(turn)[0] : throw new JsonException($"a round of full_conversation has no {name}");
    }

    // OpenAI's preference fine-tuning.
    private static Rollout OpenAiPreference(BatchRecord record) =>
        record.Rollout(record.Id("id"), Turns.Read(record.Take("input.messages")), [Response.Of(Turns.Read(record.Take("preferred_output"))), Response.Of(Turns.Read(record.Take("non_preferred_output")))]) with { Best = [0] };

    private static Rollout Better(BatchRecord record, string better, string worse) =>
        record.Rollout(record.Id("id"), PromptFields.Require(record), [record.Text(better), record.Text(worse)]) with { Best = [0], Domain = record.Peek("domain") };

    private static IReadOnlyList<int> Winner(BatchRecord record) =>
        ResponseFields.BestOf(record.Text("winner")) ?? throw new JsonException("winner is none of model_a, model_b and tie");

    // The same as a table: texts, or lists of texts as JSON, one for each round.
    private static Rollout ArenaTable(BatchRecord record)
    {
        string[] asked = Rounds("prompt"), one = Rounds("response_a"), other = Rounds("response_b");
        if (asked.Length != one.Length || asked.Length != other.Length)
        {
            throw new JsonException("prompt, response_a and response_b are not as many rounds");
        }

        (IReadOnlyList<Message> prompt, Response first, Response second) = ImplicitPrompt.FromTurns(Said(one), Said(other), [], "response_a and response_b");
        bool Won(string name) => record.Number(name) is > 0;
        return record.Rollout(record.Id("id"), prompt, [first, second]) with
        {
            Best = (Won("winner_model_a"), Won("winner_model_b"), Won("winner_tie")) switch
            {
                (true, false, false) => [0],
                (false, true, false) => [1],
                (false, false, true) => [0, 1],
                (false, false, false) => null,
                _ => throw new JsonException("more than one of winner_model_a, winner_model_b and winner_tie is set"),
            },
        };

        Message[] Said(string[] answers) => [.. asked.Zip(answers).SelectMany(static round => (Message[])[new Message("user", round.First), new Message("assistant", round.Second)])];

        string[] Rounds(string name)
        {
            string text = record.Text(name);
            return EncodedLists.Of(text) is { } list && list.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String) ? [.. list.EnumerateArray().Select(static item => item.GetString()!)] : [text];
        }
    }

    // HelpSteer's preferences: below 0 the first is better, above 0 the second.
    private static Rollout Strength(BatchRecord record, string first, string second, string strength) =>
        record.Rollout(record.Id("id"), PromptFields.Require(record), [record.Text(first), record.Text(second)]) with
        {
            Best = record.Number(strength) switch
            {
                < 0 => [0],
                > 0 => [1],
                0 => [0, 1],
                _ => throw new JsonException($"{strength} is not a number"),
            },
            Domain = record.OptionalText("domain"),
        };

    private static Rollout SafeRlhf(BatchRecord record) =>
        record.Rollout(record.Id("id"), PromptFields.Require(record), [record.Text("response_0"), record.Text("response_1")]) with
        {
            Best = record.Number("better_response_id") switch { 0 => [0], 1 => [1], _ => throw new JsonException("better_response_id is neither 0 nor 1") },
        };

    // Ranks from 1, the best.
    private static Rollout Nectar(BatchRecord record)
    {
        JsonElement[] answers = [.. record.Array("answers")];
        double[] scores = [.. answers.Select(static answer => JsonText.TryGet(answer, "rank", out JsonElement rank) && rank.ValueKind == JsonValueKind.Number ? -rank.GetDouble() : throw new JsonException("an answer has no rank"))];
        return record.Rollout(record.Id("id"), PromptFields.Require(record), [.. answers.Select(RmbAnswer)]) with
        {
            Best = LabelFields.Maxima(scores),
            Scores = scores,
        };
    }

    private static IReadOnlyList<Message> Prompt(BatchRecord record) => RolloutForm.ReadPrompt(record.Take("prompt"));

    private sealed record Shape(string[] Fields, Func<BatchRecord, Rollout> Read);
}
