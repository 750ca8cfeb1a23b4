using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Batches;

/// <summary>One record in the shape each dataset is published in.</summary>
public sealed class RolloutShapesTests
{
    [Fact]
    public async Task Own_form_without_an_id_gets_a_stable_one()
    {
        const string Line = """{"prompt":"p","responses":["x",{"content":"y"}],"best":1}""";
        List<BatchLine> lines = await BatchSamples.ReadAsync($"{Line}\n{Line}\n");
        List<BatchLine> again = await BatchSamples.ReadAsync($"{Line}\n{Line}\n");
        Assert.Equal(2, lines.Select(static l => l.Rollout!.Id).Distinct().Count());
        Assert.Equal(lines.Select(static l => l.Rollout!.Id), again.Select(static l => l.Rollout!.Id));
        Assert.Equal([1], lines[0].Rollout!.Best);
    }

    [Fact]
    public async Task Numbers_are_ids_too() => Assert.Equal("17", (await OneAsync("""{"id":17,"prompt":"p","responses":["x"]}""")).Id);

    [Fact]
    public async Task Preference_of_strings()
    {
        Rollout rollout = await OneAsync("""{"prompt":"2+2?","chosen":"4","rejected":"5","margin":0.4,"score_chosen":9,"score_rejected":3,"source":null}""");
        Assert.Equal([new Message("user", "2+2?")], rollout.Prompt);
        Assert.Equal([new Response("4"), new Response("5")], rollout.Responses);
        Assert.Equal([0], rollout.Best);
        Assert.Equal([9.0, 3.0], rollout.Scores);
        Assert.Equal("""{"margin":0.4,"score_chosen":9,"score_rejected":3}""", rollout.Metadata!.Value.GetRawText());
    }

    [Fact]
    public async Task Preference_in_conversations()
    {
        Rollout rollout = await OneAsync(
            """{"prompt":[{"role":"user","content":"hi"}],"chosen":[{"role":"assistant","content":"hello"}],"rejected":[{"role":"assistant","content":"go away"}]}""");
        Assert.Equal([new Message("user", "hi")], rollout.Prompt);
        Assert.Equal(["hello", "go away"], rollout.Responses.Select(static r => r.Content));
    }

    [Fact]
    public async Task Preference_with_an_implicit_prompt()
    {
        Rollout rollout = await OneAsync(
            """
            {"prompt":"hi","chosen":[{"role":"system","content":"s"},{"role":"user","content":"hi"},{"role":"assistant","content":"hello"}],"rejected":[{"role":"system","content":"s"},{"role":"user","content":"hi"},{"role":"assistant","content":"go away"}]}
            """);
        Assert.Equal([new Message("system", "s"), new Message("user", "hi")], rollout.Prompt);
        Assert.Equal(["hello", "go away"], rollout.Responses.Select(static r => r.Content));
    }

    [Fact]
    public async Task Identical_conversations_still_leave_a_response()
    {
        Rollout rollout = await OneAsync(
            """{"chosen":[{"role":"user","content":"hi"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"hi"},{"role":"assistant","content":"x"}]}""");
        Assert.Equal([new Message("user", "hi")], rollout.Prompt);
        Assert.Equal(["x", "x"], rollout.Responses.Select(static r => r.Content));
    }

    [Fact]
    public async Task Conversations_that_part_at_a_users_turn_are_refused() =>
        Assert.Contains(
            "part at a user's turn",
            await ErrorAsync(
                """{"chosen":[{"role":"user","content":"a"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"b"},{"role":"assistant","content":"y"}]}"""),
            StringComparison.Ordinal);

    [Fact]
    public async Task Hh_rlhf_transcripts_become_turns()
    {
        Rollout rollout = await OneAsync(
            """{"chosen":"\n\nHuman: hi\n\nAssistant: hello\n\nHuman: joke?\n\nAssistant: Knock knock.","rejected":"\n\nHuman: hi\n\nAssistant: hello\n\nHuman: joke?\n\nAssistant: No."}""");
        Assert.Equal([new Message("user", "hi"), new Message("assistant", "hello"), new Message("user", "joke?")], rollout.Prompt);
        Assert.Equal(["Knock knock.", "No."], rollout.Responses.Select(static r => r.Content));
    }

    [Fact]
    public async Task Plain_texts_part_at_a_word()
    {
        Rollout rollout = await OneAsync("""{"chosen":"The sky is blue.","rejected":"The sky is black."}""");
        Assert.Equal([new Message("user", "The sky is")], rollout.Prompt);
        Assert.Equal(["blue.", "black."], rollout.Responses.Select(static r => r.Content));
        Assert.Contains("no prompt", await ErrorAsync("""{"chosen":"blue","rejected":"red"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task RewardBench()
    {
        Rollout rollout = await OneAsync(
            """{"prompt":"p","chosen":"good","chosen_model":"m1","rejected":"bad","rejected_model":"m2","subset":"alpacaeval-easy","id":30}""");
        Assert.Equal("alpacaeval-easy/30", rollout.Id);
        Assert.Equal("alpacaeval-easy", rollout.Domain);
        Assert.Equal([0], rollout.Best);
        Assert.Equal("m1", rollout.Metadata!.Value.GetProperty("chosen_model").GetString());
    }

    [Fact]
    public async Task RewardBench_2()
    {
        Rollout rollout = await OneAsync(
            """{"id":"tied:3","prompt":"Name a colour","chosen":["red","blue"],"rejected":["dog","cat","tree"],"num_correct":2,"subset":"Ties","models":["a"]}""");
        Assert.Equal("Ties/tied:3", rollout.Id);
        Assert.Equal(["red", "blue", "dog", "cat", "tree"], rollout.Responses.Select(static r => r.Content));
        Assert.Equal([0, 1], rollout.Best);
    }

    [Fact]
    public async Task RM_Bench_is_one_rollout_of_six()
    {
        Rollout rollout = await OneAsync("""{"id":8,"prompt":"p","chosen":["c","cd","cm"],"rejected":["r","rd","rm"],"domain":"chat"}""");
        Assert.Equal(["c", "cd", "cm", "r", "rd", "rm"], rollout.Responses.Select(static r => r.Content));
        Assert.Equal([0, 1, 2], rollout.Best);
        Assert.Equal("chat", rollout.Domain);
    }

    [Theory]
    [InlineData("A>B", 0)]
    [InlineData("B>A", 1)]
    public async Task JudgeBench(string label, int best)
    {
        Rollout rollout = await OneAsync(
            $$"""{"pair_id":"u-1","original_id":1420,"source":"mmlu-pro-law","question":"q","response_model":"m","response_A":"a","response_B":"b","label":"{{label}}"}""");
        Assert.Equal("u-1", rollout.Id);
        Assert.Equal("mmlu-pro-law", rollout.Domain);
        Assert.Equal([best], rollout.Best);
    }

    [Fact]
    public async Task PPE_preference()
    {
        Rollout rollout = await OneAsync("""{"question_id":"q1","prompt":"p","response_1":"a","response_2":"b","winner":"model_b","model_a":"x","model_b":"y","language":"English"}""");
        Assert.Equal([1], rollout.Best);
        Assert.Equal([0, 1], (await OneAsync("""{"question_id":"q1","prompt":"p","response_1":"a","response_2":"b","winner":"tie"}""")).Best);
        Assert.Contains("winner", await ErrorAsync("""{"question_id":"q1","prompt":"p","response_1":"a","response_2":"b","winner":"nobody"}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PPE_best_of_k()
    {
        Rollout rollout = await OneAsync(
            """{"question_id":"q1","model_name":"gemma","prompt":"p","response_1":"a","response_2":"b","response_3":"c","scores":[false,true,true],"sampled_conflict_pairs":[[0,1],[0,2]]}""");
        Assert.Equal("q1/gemma", rollout.Id);
        Assert.Equal(["a", "b", "c"], rollout.Responses.Select(static r => r.Content));
        Assert.Equal([1, 2], rollout.Best);
        Assert.Equal([0.0, 1.0, 1.0], rollout.Scores);
        Assert.Equal(2, rollout.Metadata!.Value.GetProperty("sampled_conflict_pairs").GetArrayLength());
        Assert.Contains("2 scores for 1 responses", await ErrorAsync("""{"prompt":"p","response_1":"a","scores":[1,2]}"""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UltraFeedback()
    {
        Rollout rollout = await OneAsync(
            """{"source":"evol_instruct","instruction":"i","models":["a","b"],"completions":[{"model":"a","response":"x","overall_score":7.5,"annotations":{}},{"model":"b","response":"y","overall_score":8.0}]}""");
        Assert.Equal([new Message("user", "i")], rollout.Prompt);
        Assert.Equal([7.5, 8.0], rollout.Scores);
        Assert.Equal([1], rollout.Best);
        Assert.Equal("evol_instruct", rollout.Domain);
    }

    [Fact]
    public async Task LLMBar() => Assert.Equal([1], (await OneAsync("""{"input":"i","output_1":"a","output_2":"b","label":2}""")).Best);

    [Fact]
    public async Task RMB()
    {
        Rollout pair = await OneAsync(
            """{"pair_uid":"1","conversation_input":[{"content":"hi","role":"user","language":"English"}],"chosen":{"answer":"a","llm_name":"m"},"reject":{"answer":"b","llm_name":"n"},"category_path":"Pairwise_set/Harmlessness/S1"}""");
        Assert.Equal(["a", "b"], pair.Responses.Select(static r => r.Content));
        Assert.Equal("Pairwise_set/Harmlessness/S1", pair.Domain);
        Rollout list = await OneAsync(
            """{"bon_uid":"2","conversation_input":[{"content":"hi","role":"user"}],"bon_best":{"answer":"a"},"loser_list":[{"answer":"b"},{"answer":"c"}],"category_path":"x"}""");
        Assert.Equal(["a", "b", "c"], list.Responses.Select(static r => r.Content));
        Assert.Equal([0], list.Best);
    }

    [Fact]
    public async Task A_single_response()
    {
        Assert.Equal(["c"], (await OneAsync("""{"prompt":"p","completion":"c","label":true}""")).Responses.Select(static r => r.Content));
        Assert.Equal(["c"], (await OneAsync("""{"prompt":[{"role":"user","content":"p"}],"completion":[{"role":"assistant","content":"c"}]}""")).Responses.Select(static r => r.Content));
    }

    [Theory]
    [InlineData("{}", "the record is empty")]
    [InlineData("""{"a":1}""", "its fields are a")]
    [InlineData("""{"id":"a","prompt":null,"responses":["x"]}""", "none of the shapes known")]
    [InlineData("""{"id":"a","prompt":5,"responses":["x"]}""", "prompt is a string or a list of turns")]
    [InlineData("""{"id":{},"prompt":"p","responses":["x"]}""", "id is neither a string nor a number")]
    [InlineData("""{"prompt":"p","chosen":"x","rejected":[]}""", "not both strings")]
    [InlineData("""{"input":"i","output_1":"a","output_2":"b","label":3}""", "label is neither 1 nor 2")]
    public async Task What_has_no_shape_is_refused_with_a_reason(string line, string reason) =>
        Assert.Contains(reason, await ErrorAsync(line), StringComparison.Ordinal);

    private static async Task<Rollout> OneAsync(string line)
    {
        BatchLine read = Assert.Single(await BatchSamples.ReadAsync(line));
        Assert.Null(read.Error);
        return read.Rollout!;
    }

    private static async Task<string> ErrorAsync(string line) => Assert.Single(await BatchSamples.ReadAsync(line)).Error!;
}
