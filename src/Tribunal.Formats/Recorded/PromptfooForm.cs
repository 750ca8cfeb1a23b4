using System.Globalization;
using System.Text.Json;
using Tribunal.Formats.Lines;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Recorded;

/// <summary>
/// promptfoo's results (repository promptfoo/promptfoo, <c>eval -o results.json</c> or <c>.jsonl</c>): of each output the grades that a model
/// gave it. Outputs of one test and one rendered prompt are the responses of one rollout; each model-graded assertion is a judgement of
/// them all, with scores from 0 to 1. Assertions that no model graded are left out. A row of JSON Lines is a rollout of its own.
/// </summary>
internal static class PromptfooForm
{
    private static readonly HashSet<string> ModelGraded = new(StringComparer.Ordinal)
    {
        "llm-rubric", "search-rubric", "agent-rubric", "g-eval", "model-graded-closedqa", "model-graded-factuality", "factuality", "answer-relevance",
        "context-faithfulness", "context-recall", "context-relevance", "conversation-relevance", "select-best",
    };

    /// <summary>Whether a record is a whole file of results.</summary>
    public static bool IsResultFile(JsonElement root) =>
        root.TryGetProperty("results", out JsonElement results) && (IsRows(results) || (results.ValueKind == JsonValueKind.Object && results.TryGetProperty("results", out results) && IsRows(results)));

    /// <summary>Whether a record is the result of one output.</summary>
    public static bool IsRow(JsonElement root) => root.ValueKind == JsonValueKind.Object && root.TryGetProperty("gradingResult", out _) && root.TryGetProperty("prompt", out _);

    public static IEnumerable<RecordedLine> Read(JsonElement root, long number, ImportOptions options)
    {
        if (IsRow(root))
        {
            return [Rollout([root], $"row-{number}", number, options)];
        }

        JsonElement rows = root.GetProperty("results");
        rows = rows.ValueKind == JsonValueKind.Array ? rows : rows.GetProperty("results");
        return rows.EnumerateArray().Index()
            .GroupBy(static row => (Test: Number(row.Item, "testIdx") ?? -1 - row.Index, Prompt: Prompt(row.Item)))
            .Select((group, at) =>
            {
                int record = group.First().Index + 1;
                string test = group.Key.Test >= 0 ? $"test-{group.Key.Test}" : $"row-{at + 1}";
                return RecordedLine.Reading(record, () => Rollout([.. group.Select(static row => row.Item)], $"{test}/prompt-{Number(group.First().Item, "promptIdx") ?? 0}", record, options));
            });
    }

    private static bool IsRows(JsonElement value) => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && IsRow(value[0]);

    private static RecordedLine Rollout(JsonElement[] rows, string id, long number, ImportOptions options)
    {
        // An output that its provider failed to give is none; the others of its test are graded without it.
        JsonElement[] answered = [.. rows.Where(static row => Output(row) is not null)];
        if (answered.Length == 0)
        {
            throw new FormatException($"{id} has no output: {JsonText.TextOf(rows[0], "error") ?? "the provider gave none"}");
        }

        Grade[][] grades = [.. answered.Select(static row => Grades(row).ToArray())];
        int judgements = grades.Max(static own => own.Length);
        if (judgements == 0)
        {
            throw new FormatException($"no model graded {id}: of promptfoo's assertions those that a model grades (llm-rubric, g-eval, factuality, …) are judgements");
        }

        return new RecordedLine
        {
            Line = number,
            Rollout = new Rollout { Id = id, Prompt = Turns(Prompt(answered[0]) ?? throw new FormatException("prompt.raw is missing")), Responses = Responses(answered) },
            Judgements = [.. Enumerable.Range(0, judgements).Select(sample => Judgement(id, sample, [.. grades.Select(own => own.ElementAtOrDefault(sample))], options))],
        };
    }

    private static TracedJudgement Judgement(string id, int sample, Grade?[] grades, ImportOptions options) =>
        GradedResponses.Judgement(
            id, sample, grades.Select(static grade => grade?.Judge).FirstOrDefault(static judge => judge is not null) ?? options.Judge, [.. grades.Select(static grade => grade?.Score)], (0, 1),
            grades.Any(static grade => grade is null) ? "an output has no such grade" : "a grade is not from 0 to 1") with
        {
            Text = GradedResponses.Said([.. grades.Select(static grade => grade?.Reason)]),
            Usage = grades.Aggregate(default(Usage), static (sum, grade) => sum + (grade?.Usage ?? default)),
        };

    private static IEnumerable<Grade> Grades(JsonElement row) => row.TryGetProperty("gradingResult", out JsonElement result) && result.ValueKind == JsonValueKind.Object
        && JsonText.TryGet(result, "componentResults", out JsonElement components) && components.ValueKind == JsonValueKind.Array
        ? components.EnumerateArray().Where(IsModelGraded).Select(component => new Grade(
            JsonText.TryGet(component, "score", out JsonElement score) && score.ValueKind == JsonValueKind.Number ? score.GetDouble() : null,
            JsonText.TextOf(component, "reason"),
            Provider(component.GetProperty("assertion")) ?? (JsonText.TryGet(row, "testCase", out JsonElement test) && test.ValueKind == JsonValueKind.Object && JsonText.TryGet(test, "options", out JsonElement given) ? Provider(given) : null),
            UsageOf(component)))
        : [];

    private static bool IsModelGraded(JsonElement component) =>
        component.ValueKind == JsonValueKind.Object && JsonText.TryGet(component, "assertion", out JsonElement assertion) && JsonText.TextOf(assertion, "type") is { } type && ModelGraded.Contains(type);

    private static Usage UsageOf(JsonElement component) => JsonText.TryGet(component, "tokensUsed", out JsonElement tokens) && tokens.ValueKind == JsonValueKind.Object
        ? new Usage(Number(tokens, "prompt") ?? 0, Number(tokens, "completion") ?? 0) : default;

    private static List<Response> Responses(JsonElement[] rows)
    {
        // The same provider may answer a test several times.
        var named = new Dictionary<string, int>(StringComparer.Ordinal);
        var responses = new List<Response>();
        foreach (JsonElement row in rows)
        {
            string? name = Provider(row);
            int times = name is null ? 0 : named[name] = named.GetValueOrDefault(name) + 1;
            responses.Add(new Response(Output(row)!, times > 1 ? string.Create(CultureInfo.InvariantCulture, $"{name}/{times}") : name));
        }

        return responses;
    }

    // A name, or an object with a label of the user's or an id.
    private static string? Provider(JsonElement from) => !(from.ValueKind == JsonValueKind.Object && JsonText.TryGet(from, "provider", out JsonElement provider)) ? null
        : provider.ValueKind == JsonValueKind.String ? provider.GetString()
        : JsonText.TextOf(provider, "label") is { Length: > 0 } label ? label
        : JsonText.TextOf(provider, "id");

    // An answer in JSON is shown as it was graded, as a text.
    private static string? Output(JsonElement row) =>
        JsonText.TryGet(row, "response", out JsonElement response) && response.ValueKind == JsonValueKind.Object && JsonText.TryGet(response, "output", out JsonElement output)
            ? output.ValueKind == JsonValueKind.String ? output.GetString() : output.GetRawText() : null;

    private static string? Prompt(JsonElement row) => JsonText.TryGet(row, "prompt", out JsonElement prompt) ? prompt.ValueKind == JsonValueKind.String ? prompt.GetString() : JsonText.TextOf(prompt, "raw") : null;

    // Chat prompts are turns written as JSON.
    private static IReadOnlyList<Message> Turns(string prompt)
    {
        if (prompt.AsSpan().TrimStart().StartsWith("["))
        {
            try
            {
                using JsonDocument turns = JsonDocument.Parse(prompt);
                return RolloutForm.ReadPrompt(turns.RootElement);
            }
            catch (JsonException)
            {
                // A text that begins with a bracket.
            }
        }

        return [new Message("user", prompt)];
    }

    private static int? Number(JsonElement from, string name) => JsonText.TryGet(from, name, out JsonElement value) && value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) ? number : null;

    private sealed record Grade(double? Score, string? Reason, string? Judge, Usage Usage);
}
