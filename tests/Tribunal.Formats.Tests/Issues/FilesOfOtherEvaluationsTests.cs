using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>
/// What users of promptfoo, Inspect, lm_eval, RewardBench 2 and NeMo Gym have at hand was refused as a record "of none of the shapes known",
/// though its model-graded scorers hold judgements; OpenAI's and Argilla's preference pairs were read without their label, where they were read.
/// </summary>
public sealed class FilesOfOtherEvaluationsTests
{
    private const string Promptfoo = """
        {"evalId":"e","results":{"version":3,"results":[
          {"testIdx":0,"promptIdx":0,"prompt":{"raw":"q","label":"{{q}}"},"provider":{"id":"openai:m","label":""},"response":{"output":"x"},"gradingResult":{"pass":true,"score":0.9,"reason":"r","componentResults":[
            {"pass":true,"score":0.9,"reason":"good","tokensUsed":{"total":12,"prompt":10,"completion":2},"assertion":{"type":"llm-rubric","value":"is right","provider":"openai:gpt-4o"}},
            {"pass":false,"score":0,"reason":"no","assertion":{"type":"contains","value":"z"}},
            {"pass":true,"score":1,"reason":"terse","assertion":{"type":"g-eval","value":"is short"}}]},"testCase":{"options":{"provider":{"id":"openai:o3"}}}},
          {"testIdx":0,"promptIdx":0,"prompt":{"raw":"q"},"provider":{"id":"openai:n","label":"ours"},"response":{"output":{"a":1}},"gradingResult":{"componentResults":[
            {"score":0.2,"reason":"bad","assertion":{"type":"llm-rubric","value":"is right"}},
            {"score":7,"reason":"long","assertion":{"type":"g-eval","value":"is short"}}]}},
          {"testIdx":0,"promptIdx":0,"prompt":{"raw":"q"},"provider":{"id":"openai:p"},"error":"timed out","gradingResult":null},
          {"testIdx":1,"promptIdx":0,"prompt":{"raw":"[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"t\"}]"},"provider":{"id":"openai:m"},"response":{"output":"x"},"gradingResult":{"componentResults":[{"score":1,"assertion":{"type":"llm-rubric"}}]}},
          {"testIdx":2,"promptIdx":0,"prompt":{"raw":"u"},"provider":{"id":"openai:m"},"response":{"output":"x"},"gradingResult":{"componentResults":[{"score":1,"assertion":{"type":"equals"}}]}}]}}
        """;

    private const string Inspect = """
        {"version":2,"eval":{"task":"t"},"samples":[
          {"id":1,"epoch":1,"input":"q","target":"2","messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"x"}],"output":{"completion":"x"},"scores":{
            "model_graded_qa":{"value":"C","answer":"x","explanation":"GRADE: C","metadata":{"grading":[{"role":"user","content":"…"},{"role":"assistant","content":"GRADE: C","model":"gpt-4o"}]}},"match":{"value":"I"}}},
          {"id":1,"epoch":2,"input":"q","target":"2","output":{"completion":"y"},"scores":{"model_graded_qa":{"value":"P","explanation":"GRADE: P"}}},
          {"id":2,"epoch":1,"input":[{"role":"user","content":"r"}],"target":["3","three"],"output":{"choices":[{"message":{"content":[{"type":"text","text":"z"}]}}]},"scores":{"model_graded_fact":{"value":"I","explanation":"Grade not found in model output: hm"}}},
          {"id":3,"epoch":1,"input":"s","target":"4","output":{"completion":"attachment://a1"},"attachments":{"a1":"long"},"scores":{"quality":{"value":0.75,"metadata":{"grading":[]}}}},
          {"id":4,"epoch":1,"input":"t","target":"5","output":{"completion":"z"},"scores":{"match":{"value":"C"}}}]}
        """;

    [Fact]
    public async Task Model_graded_assertions_of_promptfoo_are_judgements_of_the_outputs_of_a_test()
    {
        List<RecordedLine> lines = await ImportAsync(Promptfoo);
        Assert.Equal(["x", """{"a":1}"""], lines[0].Rollout!.Responses.Select(static response => response.Content));
        Assert.Equal(["openai:m", "ours"], lines[0].Rollout!.Responses.Select(static response => response.Id));
        Assert.Equal("q", Assert.Single(lines[0].Rollout!.Prompt).Content);
        Assert.Equal(["openai:gpt-4o", "openai:o3"], lines[0].Judgements.Select(static judgement => judgement.Judge));
        Assert.Equal([JudgementOutcome.Valid, JudgementOutcome.Unparsable], lines[0].Judgements.Select(static judgement => judgement.Outcome));
        Assert.Equal([0.9, 0.2], lines[0].Judgements[0].Scores);
        Assert.Equal([0, 1], lines[0].Judgements[0].Scale);
        Assert.Equal(new Usage(10, 2), lines[0].Judgements[0].Usage);
        Assert.Equal("Response 1: good\n\nResponse 2: bad", lines[0].Judgements[0].Text);
        Assert.Equal("a grade is not from 0 to 1", lines[0].Judgements[1].Why);
        Assert.Equal(["system", "user"], lines[1].Rollout!.Prompt.Select(static turn => turn.Role));
        Assert.Equal((5L, "no model graded test-2/prompt-0: of promptfoo's assertions those that a model grades (llm-rubric, g-eval, factuality, …) are judgements"), (lines[2].Line, lines[2].Error));
    }

    [Fact]
    public async Task Model_graded_scorers_of_Inspect_are_judgements_of_the_epochs_of_a_sample()
    {
        List<RecordedLine> lines = await ImportAsync(Inspect);
        Assert.Equal(["x", "y"], lines[0].Rollout!.Responses.Select(static response => response.Content));
        Assert.Equal(["s", "q"], lines[0].Rollout!.Prompt.Select(static turn => turn.Content));
        Assert.Equal("2", lines[0].Rollout!.Reference);
        Assert.Equal([1, 0.5], Assert.Single(lines[0].Judgements).Scores);
        Assert.Equal("gpt-4o", lines[0].Judgements[0].Judge);
        Assert.Equal("z", Assert.Single(lines[1].Rollout!.Responses).Content);
        Assert.Equal(JudgementOutcome.Unparsable, Assert.Single(lines[1].Judgements).Outcome);
        Assert.Equal("long", Assert.Single(lines[2].Rollout!.Responses).Content);
        Assert.Equal([0.75], Assert.Single(lines[2].Judgements).Scores);
        Assert.Equal("no model graded sample 4: its scores are of match. Its answers are for tribunal score", lines[3].Error);
    }

    [Fact]
    public async Task Rows_of_their_own_are_rollouts_of_their_own()
    {
        const string Row = """{"prompt":{"raw":"q"},"provider":"m","response":{"output":"x"},"gradingResult":{"componentResults":[{"score":1,"reason":"r","assertion":{"type":"llm-rubric"}}]}}""";
        const string Sample = """{"id":7,"epoch":2,"input":"q","target":"2","output":{"completion":"x"},"scores":{"model_graded_qa":{"value":"C"}}}""";
        List<RecordedLine> lines = await ImportAsync(Row + "\n" + Sample + "\n");
        Assert.Equal(["row-1", "7/2"], lines.Select(static line => line.Rollout!.Id));
        Assert.Equal(["r", ""], lines.Select(static line => line.Judgements[0].Text ?? ""));
    }

    [Fact]
    public async Task Score_files_of_RewardBench_2_hold_a_score_for_each_completion()
    {
        List<RecordedLine> lines = await ImportAsync("""{"id":["1","2"],"subset":["Factuality","Ties"],"text":[["a","b","c"],["a","b"]],"results":[1.0,0.0],"scores":[[5.0,1.0,-2.5],[[3.0],[null]]],"num_correct":[1,1],"model":"m"}""");
        Assert.Equal(["Factuality/1", "Ties/2"], lines.Select(static line => line.Judgements[0].RolloutId));
        Assert.Equal([5, 1, -2.5], lines[0].Judgements[0].Scores);
        Assert.Equal(JudgementOutcome.Unparsable, lines[1].Judgements[0].Outcome);
    }

    [Fact]
    public async Task Annotations_of_AlpacaEval_are_scores_of_both_outputs()
    {
        const string Row = """{"instruction":"q","output_1":"x","generator_1":"base","dataset":"helpful_base","output_2":"y","generator_2":"m","annotator":"weighted","preference":1.75,"raw_completion":null}""";
        List<RecordedLine> lines = await ImportAsync($"[{Row},{Row.Replace("1.75", "null", StringComparison.Ordinal).Replace("\"q\"", "\"r\"", StringComparison.Ordinal)}]");
        Assert.Equal(["base", "m"], lines[0].Rollout!.Responses.Select(static response => response.Id));
        Assert.Equal([0.25, 0.75], lines[0].Judgements[0].Scores);
        Assert.Equal(("weighted", "helpful_base"), (lines[0].Judgements[0].Judge, lines[0].Rollout!.Domain));
        Assert.Equal(JudgementOutcome.Unparsable, lines[1].Judgements[0].Outcome);
    }

    [Fact]
    public async Task A_fraction_is_not_offered_as_the_label_of_several_responses()
    {
        var unread = new UnreadLabels();
        unread.Add(Assert.Single(await BatchSamples.ReadAsync("""{"instruction":"q","output_1":"x","output_2":"y","preference":1.93}""")).Rollout!);
        Assert.Equal(0, unread.Count);
        unread.Add(Assert.Single(await BatchSamples.ReadAsync("""{"instruction":"q","output_1":"x","output_2":"y","preference":2}""")).Rollout!);
        Assert.Equal((1, "preference"), (unread.Count, unread.Field));
    }

    [Theory]
    [InlineData("""{"doc_id":0,"doc":{"question":"q"},"target":"2","arguments":{"gen_args_0":{"arg_0":"q"}},"resps":[["x"]],"filtered_resps":["x"],"filter":"none"}""", "--prompt-field arguments.gen_args_0.arg_0 --responses-field resps.0")]
    [InlineData(Promptfoo, "tribunal import takes what its model-graded assertions said")]
    [InlineData("""{"prompt":{"raw":"q"},"response":{"output":"x"},"gradingResult":null}""", "--prompt-field prompt.raw --responses-field response.output")]
    [InlineData(Inspect, "tribunal import takes what its model-graded scorers said")]
    [InlineData("""{"id":1,"epoch":1,"input":"q","output":{"completion":"x"},"scores":{}}""", "--prompt-field input --responses-field output.completion")]
    [InlineData("""{"responses_create_params":{"input":[{"role":"user","content":"q"}]},"response":{"output":[]},"reward":1.0}""", "--prompt-field responses_create_params.input --responses-field response.output")]
    [InlineData("""{"content":["q","x"],"rewards":1.0,"input_lengths":2,"idx":0}""", "--prompt-field content.0 --responses-field content.1")]
    public async Task A_batch_of_another_tool_is_named_with_what_reads_it(string content, string advice) =>
        Assert.Contains(advice, Assert.Single(await BatchSamples.ReadAsync(content)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"input":{"messages":[{"role":"user","content":"q"}],"tools":[]},"preferred_output":[{"role":"assistant","content":"x"}],"non_preferred_output":[{"role":"assistant","content":"y"}]}""")]
    [InlineData("""{"source":"s","instruction":"q","chosen_response":"x","rejected_response":"y","chosen_avg_rating":5.0}""")]
    [InlineData("""{"domain":"general","context":[{"role":"user","content":"q"}],"original_response":"o","good_edited_response":"x","bad_edited_response":"y","feedback":["f"]}""")]
    public async Task Pairs_under_other_names_have_their_label(string content)
    {
        BatchLine line = Assert.Single(await BatchSamples.ReadAsync(content));
        Assert.Null(line.Error);
        Assert.Equal("q", Assert.Single(line.Rollout!.Prompt).Content);
        Assert.Equal(["x", "y"], line.Rollout.Responses.Select(static response => response.Content));
        Assert.Equal([0], line.Rollout.Best);
    }

    private static async Task<List<RecordedLine>> ImportAsync(string content)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(content));
        return await LedgerImport.ReadAsync(stream).ToListAsync();
    }
}
