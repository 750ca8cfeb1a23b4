using System.Text;
using System.Text.Json;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Recorded;

/// <summary>Each format on records in the shape its tool writes.</summary>
public sealed class LedgerImportTests
{
    private const string LedgerLine =
        """{"rolloutId":"a","protocol":"imported","judge":"GPT-4/CoT","sample":0,"order":[1,0],"scores":null,"pair":[0,1],"winner":0,"outcome":"valid","finish":"stop","text":"Output (b) is better."}""";

    [Fact]
    public async Task Ledger_lines()
    {
        List<RecordedLine> lines = await ReadAsync(
            LedgerLine + "\n"
            + LedgerLine + "\n"
            + LedgerLine.Replace("\"sample\":0", "\"sample\":1", StringComparison.Ordinal) + "\n"
            + LedgerLine[..60] + "\n"
            + LedgerLine.Replace("\"winner\":0", "\"winner\":2", StringComparison.Ordinal) + "\n"
            + LedgerLine.Replace("\"judge\":\"GPT-4/CoT\",", "", StringComparison.Ordinal) + "\n"
            + LedgerLine.Replace("\"pair\":[0,1]", "\"pair\":[1,0]", StringComparison.Ordinal) + "\n"
            + LedgerLine.Replace("\"order\":[1,0]", "\"order\":[1,1]", StringComparison.Ordinal) + "\n"
            + """{"something":"else"}""");
        Judgement first = Assert.Single(lines[0].Judgements);
        Assert.Equal(("a", 0, "GPT-4/CoT", (int?)0), (first.RolloutId, first.Sample, first.Judge, first.Winner));
        Assert.Equal("sample 0 of a was there before", lines[1].Error);
        Assert.Null(lines[2].Error);
        Assert.Contains("not valid JSON", lines[3].Error, StringComparison.Ordinal);
        Assert.Equal((5, "winner is not one of the pair"), (lines[4].Line, lines[4].Error));
        Assert.Contains("judge", lines[5].Error, StringComparison.Ordinal);
        Assert.Equal("pair is not two ascending indexes", lines[6].Error);
        Assert.Equal("order is not an order of responses", lines[7].Error);
        Assert.Contains("none of the formats known", lines[8].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task JudgeBench_outputs_hold_both_games()
    {
        const string Pair = """{"pair_id":"u","original_id":1,"source":"mmlu-pro-law","question":"q","response_model":"m","response_A":"a","response_B":"b","label":"B>A","judge_name":"vanilla","judgments":""";
        List<RecordedLine> lines = await ReadAsync(
            Pair + """[{"judgment":{"judge_model":"gpt-4o","prompt":"…","response":"[[B]]"},"decision":"B>A"},{"judgment":{"judge_model":"gpt-4o","response":"[[B]]"},"decision":"B>A"}]}""" + "\n"
            + Pair.Replace("\"u\"", "\"v\"", StringComparison.Ordinal) + """[{"judgment":{},"decision":"A=B"},null]}""" + "\n"
            + Pair.Replace("\"u\"", "\"w\"", StringComparison.Ordinal) + "[]}\n");
        Assert.Equal(["u", "v"], lines.Take(2).Select(static l => l.Rollout!.Id));
        Assert.Equal([1], lines[0].Rollout!.Best);
        // The same answer in both orders names different responses.
        Assert.Equal([1, 0], lines[0].Judgements.Select(static j => j.Winner!.Value));
        Assert.Equal([[0, 1], [1, 0]], lines[0].Judgements.Select(static j => j.Order));
        Assert.Equal(["gpt-4o", "vanilla"], [lines[0].Judgements[0].Judge, lines[1].Judgements[0].Judge]);
        Assert.Equal([JudgementOutcome.Valid, JudgementOutcome.Unparsable], lines[1].Judgements.Select(static j => j.Outcome));
        Assert.Null(lines[1].Judgements[0].Winner);
        Assert.Equal((3, "judgments are not one or two games"), (lines[2].Line, lines[2].Error));
    }

    [Fact]
    public async Task RewardBench_rows()
    {
        const string Turns = """ "text_chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"good"}],"text_rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"bad"}]""";
        List<RecordedLine> lines = await ReadAsync(
            $$"""
            {"prompt":"p","results":1,"scores_chosen":2.5,"scores_rejected":[0.5],{{Turns}},"subset":"donotanswer","id":7}
            {"prompt":"p","results":0,"scores_chosen":1.0,"scores_rejected":1.0,"text_chosen":"<|user|>p","text_rejected":"<|user|>p","subset":"donotanswer","id":8}
            {"results":2,{{Turns}},"id":9}
            """);
        Assert.Equal("donotanswer/7", lines[0].Rollout!.Id);
        Assert.Equal(["good", "bad"], lines[0].Rollout!.Responses.Select(static r => r.Content));
        Assert.Equal(0, lines[0].Judgements[0].Winner);
        Assert.Null(lines[1].Rollout);
        Assert.Equal((JudgementOutcome.Valid, (int?)null), (lines[1].Judgements[0].Outcome, lines[1].Judgements[0].Winner));
        Assert.Equal((3, "results is none of 1, 0 and 0.5"), (lines[2].Line, lines[2].Error));
    }

    [Fact]
    public async Task RewardBench_columns()
    {
        const string Turns = """[{"role":"user","content":"p"},{"role":"assistant","content":"x"}]""";
        List<RecordedLine> lines = await ReadAsync(
            $$"""
            {
                "chat_template": "raw",
                "id": [1, 2],
                "model": "openai/gpt",
                "results": [0, 0.5],
                "subset": ["math-prm", "math-prm"],
                "text_chosen": [{{Turns}}, {{Turns}}],
                "text_rejected": [{{Turns}}, {{Turns}}]
            }
            """);
        Assert.Equal(["math-prm/1", "math-prm/2"], lines.Select(static l => l.Rollout!.Id));
        Assert.Equal(1, lines[0].Judgements[0].Winner);
        Assert.Equal("openai/gpt", lines[0].Judgements[0].Judge);
        Assert.Equal((JudgementOutcome.Unparsable, "recorded as 0.5: an error or a tie"), (lines[1].Judgements[0].Outcome, lines[1].Judgements[0].Why));
        Assert.Equal("subset has 1 entries, and results 2", Assert.Single(await ReadAsync("""{"results":[1,0],"text_chosen":["a","b"],"subset":["x"]}""")).Error);
    }

    [Fact]
    public async Task Prometheus_grades_of_one_response()
    {
        string prompt = JsonSerializer.Serialize(
            "###Task Description:\nGrade.\n\n###The instruction to evaluate:\nSay hi\n\n###Response to evaluate:\nHi!\n\n###Reference Answer (Score 5):\nHello\n\n###Score Rubrics:\n[Nice?]\n\n###Feedback: ");
        List<RecordedLine> lines = await ReadAsync(
            $$"""
            {"idx":4,"instruction":{{prompt}},"gpt4_score":[5],"prometheus_output":["Good [RESULT] 5","?","Fine [RESULT] 4"],"prometheus_score":[5,null,4]}
            {"orig_instruction":"Say hi","orig_response":"Hi!","orig_reference_answer":"Hello","prometheus_output":["x"],"prometheus_score":[3]}
            {"instruction":"nothing","prometheus_score":[3]}
            {"instruction":{{prompt}},"prometheus_score":3}
            """,
            new ImportOptions { Judge = "prometheus-7b-v2.0" });
        Assert.Equal(("4", "Say hi", "Hi!", "Hello"), (lines[0].Rollout!.Id, lines[0].Rollout!.Prompt[0].Content, lines[0].Rollout!.Responses[0].Content, lines[0].Rollout!.Reference));
        Assert.Equal([JudgementOutcome.Valid, JudgementOutcome.Unparsable, JudgementOutcome.Valid], lines[0].Judgements.Select(static j => j.Outcome));
        Assert.Equal([4.0], lines[0].Judgements[2].Scores);
        Assert.Equal("prometheus-7b-v2.0", lines[0].Judgements[0].Judge);
        Assert.Equal("Hi!", lines[1].Rollout!.Responses[0].Content);
        Assert.Equal((3, "the prompt does not hold an instruction and a response to evaluate"), (lines[2].Line, lines[2].Error));
        Assert.Equal("prometheus_score is not a list of runs", lines[3].Error);
    }

    [Fact]
    public async Task Prometheus_pairs_compared_and_graded_apart()
    {
        const string Part = "###The instruction to evaluate:\\nSay hi\\n\\n###Response to evaluate:\\n";
        List<RecordedLine> lines = await ReadAsync(
            $$"""
            {"orig_instruction":"Say hi","orig_response_A":"Hi","orig_response_B":"Go away","orig_preference":"A","prometheus_output":["…","…","…"],"prometheus_score":["A","b",null]}
            {"source":"harmless","chosen_instruction":"{{Part}}Hi","rejected_instruction":"{{Part}}Go away","tie":0,"prometheus_output":[["a","b"],["c","d"]],"prometheus_score":[[5,null],[3,4]]}
            {"chosen_instruction":"{{Part}}Hi","rejected_instruction":"{{Part}}Go away","prometheus_score":[[5],[3,4]]}
            """);
        Assert.Equal([0, 1, null], lines[0].Judgements.Select(static j => j.Winner));
        Assert.Equal(JudgementOutcome.Unparsable, lines[0].Judgements[2].Outcome);
        Assert.Equal([0], lines[0].Rollout!.Best);
        Assert.Equal([5.0, 3.0], lines[1].Judgements[0].Scores);
        Assert.Equal(JudgementOutcome.Unparsable, lines[1].Judgements[1].Outcome);
        Assert.Equal(["Hi", "Go away"], lines[1].Rollout!.Responses.Select(static r => r.Content));
        Assert.Contains("not as many grades", lines[2].Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task BiGGen_Bench_results_are_one_object()
    {
        List<RecordedLine> lines = await ReadAsync(
            """
            {
                "planning_0": {
                    "id": "planning_0", "capability": "planning", "system_prompt": "You plan.", "input": "Plan!",
                    "reference_answer": "A plan", "response": "My plan", "response_model_name": "m", "feedback": "Good", "score": 4, "eval_model_name": "prometheus-8x7b"
                },
                "planning_1": { "id": "planning_1", "input": "Plan!", "response": "?", "score": null },
                "planning_2": { "id": "planning_2" }
            }
            """);
        Assert.Equal("planning_0/m", lines[0].Rollout!.Id);
        Assert.Equal(["system", "user"], lines[0].Rollout!.Prompt.Select(static t => t.Role));
        Assert.Equal([4.0], lines[0].Judgements[0].Scores);
        Assert.Equal(("prometheus-8x7b", "Good"), (lines[0].Judgements[0].Judge, lines[0].Judgements[0].Text));
        Assert.Equal(JudgementOutcome.Unparsable, lines[1].Judgements[0].Outcome);
        Assert.Equal((3, "planning_2 is not a result: response or score is missing"), (lines[2].Line, lines[2].Error));
    }

    [Fact]
    public async Task A_truncated_file_gives_its_line()
    {
        BatchFormatException exception = await Assert.ThrowsAsync<BatchFormatException>(() => ReadAsync("{\n  \"planning_0\": {\n    \"id\": \"planning_0\",\n    \"input\": \"Pl"));
        Assert.Contains("on line 4", exception.Message, StringComparison.Ordinal);
        exception = await Assert.ThrowsAsync<BatchFormatException>(() => ReadAsync($"[\n{LedgerLine},\n{LedgerLine[..50]}"));
        Assert.Contains("record 2", exception.Message, StringComparison.Ordinal);
        Assert.Contains("on line 3", exception.Message, StringComparison.Ordinal);
        byte[] packed = BatchSamples.Gzip(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 100).Select(static i => LedgerLine.Replace("\"a\"", $"\"a{i}\"", StringComparison.Ordinal) + "\n"))));
        Assert.Equal(100, (await ReadAsync(packed)).Count(static l => l.Error is null));
        await Assert.ThrowsAsync<BatchFormatException>(() => ReadAsync(packed[..^20]));
    }

    private static Task<List<RecordedLine>> ReadAsync(string content, ImportOptions? options = null) => ReadAsync(Encoding.UTF8.GetBytes(content), options);

    private static async Task<List<RecordedLine>> ReadAsync(byte[] content, ImportOptions? options = null)
    {
        using var stream = new MemoryStream(content);
        return await LedgerImport.ReadAsync(stream, options).ToListAsync();
    }
}
