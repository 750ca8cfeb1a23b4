using System.Buffers;
using System.Globalization;
using System.IO.Hashing;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Batches;

/// <summary>
/// Recognises a record's dataset shape by its fields and makes one rollout of it. Known answers become <c>best</c>; the
/// order is the record's own (chosen before rejected), and is shuffled by seed when it is shown to a judge. Fields that a
/// shape does not use are kept as metadata. A record without an id gets one from its number and content.
/// </summary>
internal static class RolloutShapes
{
    // In order: the first whose fields are all there reads the record.
    private static readonly Shape[] Shapes =
    [
        new(["responses", "prompt"], OwnForm),
        new(["response_A", "response_B", "question"], JudgeBench),
        new(["response_1", "scores"], BestOfK),
        new(["response_1", "response_2", "winner"], PreferenceByWinner),
        new(["output_1", "output_2", "input"], LlmBar),
        new(["bon_best", "loser_list"], RmbBestOfN),
        new(["chosen", "reject", "conversation_input"], RmbPair),
        new(["instruction", "completions"], UltraFeedback),
        new(["chosen", "rejected"], Preference),
        new(["prompt", "completion"], static record => Single(record, "completion")),
        new(["prompt", "response"], static record => Single(record, "response")),
    ];

    /// <summary>Reads one record.</summary>
    /// <param name="root">The record.</param>
    /// <param name="raw">Its bytes, which a missing id is derived from.</param>
    /// <param name="number">Its line or record number.</param>
    /// <exception cref="JsonException">It has no shape known, or a field is missing or of the wrong type.</exception>
    public static Rollout Read(JsonElement root, ReadOnlySpan<byte> raw, long number)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("the record is not a JSON object");
        }

        foreach (Shape shape in Shapes)
        {
            if (Array.TrueForAll(shape.Fields, field => JsonText.TryGet(root, field, out _)))
            {
                var derived = XxHash3.HashToUInt64(raw);
                return shape.Read(new Record(root, string.Create(CultureInfo.InvariantCulture, $"row-{number}-{derived:x16}")));
            }
        }

        string fields = string.Join(", ", root.EnumerateObject().Take(12).Select(static p => p.Name));
        throw new JsonException(fields.Length == 0
            ? "the record is empty"
            : $"the record has none of the shapes known (prompt and responses; prompt, chosen and rejected; …); its fields are {fields}");
    }

    private static Rollout OwnForm(Record record) => RolloutForm.Read(record.Root, record.Id("id"));

    // Questions come with several response models, but pair ids are unique.
    private static Rollout JudgeBench(Record record)
    {
        string label = record.Text("label");
        return record.Rollout(record.Id("pair_id"), Turn(record.Text("question")), [record.Text("response_A"), record.Text("response_B")]) with
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
    private static Rollout BestOfK(Record record)
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
        return record.Rollout(record.Peek("model_name") is { } model ? $"{id}/{model}" : id, record.Prompt(), responses) with
        {
            Best = Maxima(scores),
            Scores = scores,
        };
    }

    private static Rollout PreferenceByWinner(Record record) =>
        record.Rollout(record.Id("question_id"), record.Prompt(), [record.Text("response_1"), record.Text("response_2")]) with
        {
            Best = record.Text("winner") switch
            {
                "model_a" or "model_1" or "response_1" => [0],
                "model_b" or "model_2" or "response_2" => [1],
                "tie" or "tie (bothbad)" or "both_bad" => [0, 1],
                _ => throw new JsonException("winner is none of model_a, model_b and tie"),
            },
        };

    private static Rollout LlmBar(Record record)
    {
        List<int>? best = record.OptionalText("label") switch
        {
            null => null,
            "1" => [0],
            "2" => [1],
            _ => throw new JsonException("label is neither 1 nor 2"),
        };
        return record.Rollout(record.Id("id"), Turn(record.Text("input")), [record.Text("output_1"), record.Text("output_2")]) with { Best = best };
    }

    private static Rollout RmbBestOfN(Record record)
    {
        var responses = new List<Response> { RmbAnswer(record.Take("bon_best")) };
        responses.AddRange(record.Array("loser_list").Select(RmbAnswer));
        return record.Rollout(record.Id("bon_uid"), record.Turns("conversation_input"), responses) with { Best = [0], Domain = record.OptionalText("category_path") };
    }

    private static Rollout RmbPair(Record record) =>
        record.Rollout(record.Id("pair_uid"), record.Turns("conversation_input"), [RmbAnswer(record.Take("chosen")), RmbAnswer(record.Take("reject"))]) with
        {
            Best = [0],
            Domain = record.OptionalText("category_path"),
        };

    private static Response RmbAnswer(JsonElement answer) =>
        answer.ValueKind == JsonValueKind.Object && JsonText.TryGet(answer, "answer", out JsonElement text)
            ? new Response(JsonText.Of(text, "answer"))
            : throw new JsonException("answer is missing");

    private static Rollout UltraFeedback(Record record)
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

        Rollout rollout = record.Rollout(record.Id("id"), Turn(record.Text("instruction")), responses) with { Domain = record.OptionalText("source") };
        return scores.Count == responses.Count && scores.Count > 0 ? rollout with { Best = Maxima(scores), Scores = scores } : rollout;
    }

    private static Rollout Single(Record record, string field)
    {
        JsonElement response = record.Take(field);
        Response only = response.ValueKind == JsonValueKind.Array
            ? new Response(OnlyTurn(RolloutForm.ReadPrompt(response), field))
            : new Response(JsonText.Of(response, field));
        return record.Rollout(record.Id("id"), record.Prompt(), [only]) with { Domain = record.Peek("domain") ?? record.Peek("subset") };
    }

    // Also RewardBench (strings), RewardBench 2 (lists, the first num_correct are correct) and RM-Bench (three styles each).
    private static Rollout Preference(Record record)
    {
        JsonElement chosen = record.Take("chosen");
        JsonElement rejected = record.Take("rejected");
        if (IsTextList(chosen) && IsTextList(rejected))
        {
            List<Response> responses = [.. chosen.EnumerateArray().Concat(rejected.EnumerateArray()).Select(static r => new Response(r.GetString()!))];
            return Labelled(record, record.Prompt(), responses, [.. Enumerable.Range(0, chosen.GetArrayLength())]);
        }

        (IReadOnlyList<Message> prompt, string good, string bad) = (chosen.ValueKind, rejected.ValueKind) switch
        {
            (JsonValueKind.String, JsonValueKind.String) => record.Has("prompt")
                ? (record.Prompt(), chosen.GetString()!, rejected.GetString()!)
                : ImplicitPrompt.FromTexts(chosen.GetString()!, rejected.GetString()!),
            (JsonValueKind.Array, JsonValueKind.Array) =>
                ImplicitPrompt.FromTurns(RolloutForm.ReadPrompt(chosen), RolloutForm.ReadPrompt(rejected), record.Has("prompt") ? record.Prompt() : []),
            _ => throw new JsonException("chosen and rejected are not both strings or both lists of turns"),
        };
        Rollout rollout = Labelled(record, prompt, [new Response(good), new Response(bad)], [0]);
        return record.Number("score_chosen") is { } high && record.Number("score_rejected") is { } low ? rollout with { Scores = [high, low] } : rollout;
    }

    // RewardBench's ids are unique within a subset.
    private static Rollout Labelled(Record record, IReadOnlyList<Message> prompt, List<Response> responses, List<int> best)
    {
        string? subset = record.Peek("subset");
        string id = record.Has("id") ? record.Id("id") : record.Id("prompt_id");
        return record.Rollout(subset is null ? id : $"{subset}/{id}", prompt, responses) with
        {
            Best = best,
            Domain = subset ?? record.Peek("domain"),
        };
    }

    private static bool IsTextList(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && value.EnumerateArray().All(static item => item.ValueKind == JsonValueKind.String);

    private static string OnlyTurn(IReadOnlyList<Message> turns, string field) =>
        turns is [var only] ? only.Content : throw new JsonException($"{field} has {turns.Count} turns; one is judged");

    private static List<Message> Turn(string text) => [new Message("user", text)];

    private static List<int> Maxima(List<double> scores)
    {
        double max = scores.Count == 0 ? 0 : scores.Max();
        return [.. Enumerable.Range(0, scores.Count).Where(i => scores[i] == max)];
    }

    private sealed record Shape(string[] Fields, Func<Record, Rollout> Read);

    /// <summary>A record's fields, and which of them a shape has used.</summary>
    private sealed class Record(JsonElement root, string derivedId)
    {
        private readonly HashSet<string> _used = new(StringComparer.Ordinal);

        public JsonElement Root => root;

        public void Used(string name) => _used.Add(name);

        public bool Has(string name) => JsonText.TryGet(root, name, out _);

        /// <summary>The field as an id, or one derived from the record's number and content.</summary>
        public string Id(string name)
        {
            if (!Has(name))
            {
                return derivedId;
            }

            JsonElement value = Take(name);
            return JsonText.Scalar(value) ?? throw new JsonException($"{name} is neither a string nor a number");
        }

        public JsonElement Take(string name)
        {
            _used.Add(name);
            return JsonText.TryGet(root, name, out JsonElement value) ? value : throw new JsonException($"{name} is missing");
        }

        public string Text(string name) => JsonText.Of(Take(name), name);

        public string? OptionalText(string name) => Has(name) ? JsonText.Scalar(Take(name)) : null;

        /// <summary>A scalar that also stays in the metadata.</summary>
        public string? Peek(string name) => JsonText.TryGet(root, name, out JsonElement value) ? JsonText.Scalar(value) : null;

        public double? Number(string name) => JsonText.TryGet(root, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

        public JsonElement.ArrayEnumerator Array(string name) =>
            Take(name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : throw new JsonException($"{name} is not a list");

        public List<double> Numbers(string name) =>
        [
            .. Array(name).Select(item => item.ValueKind switch
            {
                JsonValueKind.Number => item.GetDouble(),
                JsonValueKind.True => 1,
                JsonValueKind.False => 0,
                _ => throw new JsonException($"{name} is not a list of numbers"),
            }),
        ];

        public IReadOnlyList<Message> Prompt() => RolloutForm.ReadPrompt(Take("prompt"));

        public IReadOnlyList<Message> Turns(string name) => RolloutForm.ReadPrompt(Take(name));

        public Rollout Rollout(string id, IReadOnlyList<Message> prompt, List<string> responses) =>
            Rollout(id, prompt, responses.ConvertAll(static text => new Response(text)));

        public Rollout Rollout(string id, IReadOnlyList<Message> prompt, List<Response> responses) =>
            new() { Id = id, Prompt = prompt, Responses = responses, Metadata = Rest() };

        private JsonElement? Rest()
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                foreach (JsonProperty property in root.EnumerateObject())
                {
                    if (!_used.Contains(property.Name) && property.Value.ValueKind != JsonValueKind.Null)
                    {
                        property.WriteTo(writer);
                    }
                }

                writer.WriteEndObject();
            }

            if (buffer.WrittenCount <= 2)
            {
                return null;
            }

            var reader = new Utf8JsonReader(buffer.WrittenSpan);
            return JsonElement.ParseValue(ref reader);
        }
    }
}
