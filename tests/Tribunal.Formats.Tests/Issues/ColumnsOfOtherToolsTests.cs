using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>
/// Files as other tools write them: lists that a table keeps as texts were judged as they stood, votes of public data were read without
/// their winner, columns and pictures were dropped without a word.
/// </summary>
public sealed class ColumnsOfOtherToolsTests
{
    private const string Asked = """{"role":"user","content":"q"}""";

    [Theory]
    [InlineData("""{"prompt":"[{\"role\":\"user\",\"content\":\"q\"}]","responses":["x","y"]}""", null)]
    [InlineData("""{"prompt":"q","responses":"[\"x\",\"y\"]"}""", null)]
    [InlineData("""{"chosen":"[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"x\"}]","rejected":"[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"y\"}]"}""", "0")]
    [InlineData("""{"prompt":"\n\nHuman: q\n\nAssistant:","chosen":"x","rejected":"y"}""", "0")]
    [InlineData("""{"question_id":"q1","model_a":"m","model_b":"n","winner":"tie","conversation_a":"[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"x\"}]","conversation_b":"[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"y\"}]"}""", "0,1")]
    [InlineData("""{"id":1,"prompt":"[\"q\"]","response_a":"[\"x\"]","response_b":"[\"y\"]","winner_model_a":0,"winner_model_b":1,"winner_tie":0}""", "1")]
    [InlineData("""{"domain":"stem","context":[{"role":"user","content":"q"}],"response1":"x","response2":"y","overall_preference":-2}""", "0")]
    [InlineData("""{"prompt":"q","response_1":"x","response_2":"y","preference_strength":3}""", "1")]
    [InlineData("""{"prompt":"q","response_0":"x","response_1":"y","better_response_id":1,"safer_response_id":0}""", "1")]
    [InlineData("""{"prompt":"\n\nHuman: q\n\nAssistant: ","answers":[{"answer":"x","model":"m","rank":2.0},{"answer":"y","model":"n","rank":1.0}],"num_responses":2,"turns":1}""", "1")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","winner":"B"}""", "1")]
    [InlineData("""{"prompt":"q","response_a":"x","response_b":"y","winner":"response_a"}""", "0")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"best":1.0}""", "1")]
    public async Task Prompt_answers_and_label_are_taken_as_they_are_meant(string line, string? best)
    {
        Rollout rollout = await OneAsync(line);
        Assert.Equal([new Message("user", "q")], rollout.Prompt);
        Assert.Equal(["x", "y"], rollout.Responses.Select(static response => response.Content));
        Assert.Equal(best, rollout.Best is { } indexes ? string.Join(',', indexes) : null);
    }

    [Fact]
    public async Task A_vote_on_the_first_turn_is_about_the_first_turn_and_has_a_name_of_its_own()
    {
        Rollout rollout = await OneAsync($$"""
            {"question_id":81,"model_a":"m","model_b":"n","winner":"model_a","judge":"author_2","turn":1,"conversation_a":[{{Asked}},{"role":"assistant","content":"x"},{{Asked}},{"role":"assistant","content":"later"}],"conversation_b":[{{Asked}},{"role":"assistant","content":"y"},{{Asked}},{"role":"assistant","content":"later"}]}
            """);
        Assert.Equal("81/m/n/author_2/1", rollout.Id);
        Assert.Equal(["x", "y"], rollout.Responses.Select(static response => response.Content));
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},{"role":"assistant","content":"x"}]}""", "x")]
    [InlineData("""{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"x"}]}""", "x")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","tool_calls":[{"function":{"name":"calc","arguments":"{}"}}]},{"role":"tool","content":"42"},{"role":"assistant","content":"x"}]}""", "42")]
    public async Task What_follows_the_last_question_of_a_conversation_is_the_answer(string line, string holds)
    {
        Rollout rollout = await OneAsync(line);
        Assert.Equal("q", rollout.Prompt[^1].Content);
        Assert.Contains(holds, Assert.Single(rollout.Responses).Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"q","responses":["x","y"],"metadata":{"a":1},"label":1,"a":2}""", """{"a":1,"label":1}""")]
    [InlineData("""{"prompt":"q","responses":["x","y"],"reward_model":{"ground_truth":"2"}}""", """{"reward_model":{"ground_truth":"2"}}""")]
    [InlineData("""{"question":"q","outputs":["x","y"],"metadata":{"a":1},"label":1}""", """{"a":1,"label":1}""")]
    public async Task What_is_not_used_is_kept(string line, string metadata) => Assert.Equal(metadata, (await OneAsync(line)).Metadata!.Value.GetRawText());

    [Theory]
    [InlineData("""{"image":"cat.png","prompt":"What?","chosen":"a","rejected":"b"}""", "image holds what a judge of texts isn't shown: --prompt-field prompt")]
    [InlineData("""{"prompt":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}],"responses":["x"]}""", "a part is image_url")]
    [InlineData("""{"prompt":"q","chosen":"[{'content': 'q', 'role': 'user'}]","rejected":"[{'content': 'q', 'role': 'user'}]"}""", "ast.literal_eval")]
    [InlineData("""{"prompt":"q","responses":"['x', 'y']"}""", "ast.literal_eval")]
    [InlineData("""{"prompt":"q","responses":"x"}""", "--responses-field responses")]
    [InlineData("""{"prompt":"q","responses":["x",null]}""", "response 2 of 2 is null")]
    [InlineData("""{"prompt":"q","chosen":"x","rejected":null}""", "rejected is null")]
    [InlineData("""{"data_source":"d","prompt":[{"role":"user","content":"q"}],"reward_model":{"ground_truth":"2"}}""", "no response in the record's fields data_source, prompt, reward_model: --responses-field")]
    [InlineData("""{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}],"responses":["x"]}""", "--prompt-field messages shows all of it")]
    [InlineData("""{"problem":"q","solution":"long","answer":"2"}""", "solution and answer may each be the response: --responses-field")]
    [InlineData("""{"prompt":"q","completions":["step","step 2"],"labels":[true,false]}""", "--label-field labels")]
    [InlineData("""{"prompt":["q","r"],"responses":[["x"],["y"]]}""", "column by column")]
    [InlineData("""{"prompt":{"0":"q"},"responses":{"0":["x"]}}""", "column by column")]
    [InlineData("""{"features":[],"rows":[{"row_idx":0,"row":{"prompt":"q"}}]}""", "jq -c '.rows[].row' FILE")]
    [InlineData("""{"train":[{"prompt":"q","responses":["x"]}]}""", "jq -c '.train[]' FILE")]
    [InlineData("""{"chosen":"<|user|>\nQ?<|end|>\n<|assistant|>\nA<|end|>\n<|user|>\nR?<|end|>\n<|assistant|>\nB","rejected":"<|user|>\nQ?<|end|>\n<|assistant|>\nC"}""", "part at a user's turn")]
    [InlineData("""{"id":1,"prompt":"[\"q\",\"r\"]","response_a":"[\"x\",\"x\"]","response_b":"[\"y\",\"y\"]","winner_model_a":0,"winner_model_b":1,"winner_tie":0}""", "part at a user's turn")]
    public async Task Where_two_readings_are_possible_the_record_is_refused_with_what_to_do(string line, string reason)
    {
        BatchLine read = Assert.Single(await BatchSamples.ReadAsync(line));
        Assert.Contains(reason, read.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{\"role\":\"user\",\"content\":\"q\"}]""")]
    [InlineData("[{'role': 'user', 'content': 'q'}]")]
    public async Task An_answer_that_looks_like_turns_is_a_text_like_the_other(string answer)
    {
        Rollout rollout = await OneAsync($$"""{"prompt":"q","chosen":"x","rejected":"{{answer}}"}""");
        Assert.StartsWith("[{", rollout.Responses[1].Content, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"input":"<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\n","output":"A<|im_end|>","score":1.0}""", "system: S / user: Q?", "A")]
    [InlineData("""{"prompt":"<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\n","chosen":"A<|im_end|>\n","rejected":"B<|im_end|>\n"}""", "user: Q?", "A|B")]
    [InlineData("""{"prompt":"<s>[INST] Q? [/INST]","responses":["A</s>",""]}""", "user: Q?", "A|")]
    [InlineData("""{"prompt":"<｜begin▁of▁sentence｜>S<｜User｜>Q?<｜Assistant｜><think>\n","response":"hm</think>A<｜end▁of▁sentence｜>"}""", "system: S / user: Q?", "hm</think>A")]
    [InlineData("""{"chosen":"<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\nThe A<|im_end|>","rejected":"<|im_start|>user\nQ?<|im_end|>\n<|im_start|>assistant\nThe B<|im_end|>"}""", "user: Q?", "The A|The B")]
    [InlineData("""{"prompt":"What does <|im_start|>assistant mean?","response":"A<|im_end|>"}""", "user: What does <|im_start|>assistant mean?", "A<|im_end|>")]
    [InlineData("""{"prompt":"<|im_start|>user\nQ?<|im_end|>","response":"A<|im_end|>"}""", "user: <|im_start|>user\nQ?<|im_end|>", "A<|im_end|>")]
    [InlineData("""{"prompt":"Say <|im_start|>assistant","response":"A"}""", "user: Say <|im_start|>assistant", "A")]
    public async Task What_a_chat_template_put_around_a_trainers_texts_is_no_part_of_them(string line, string prompt, string responses)
    {
        Rollout rollout = await OneAsync(line);
        Assert.Equal(prompt, string.Join(" / ", rollout.Prompt.Select(static turn => $"{turn.Role}: {turn.Content}")));
        Assert.Equal(responses, string.Join('|', rollout.Responses.Select(static response => response.Content)));
    }

    [Fact]
    public async Task What_the_project_writes_of_a_prompt_is_read_as_the_same_prompt()
    {
        foreach (string text in (string[])["[{\"role\":\"user\",\"content\":\"q\"}]", "\n\nHuman: q\n\nAssistant:", "q"])
        {
            var rollout = new Rollout { Id = "r", Prompt = [new Message("user", text)], Responses = [new Response("x")] };
            Assert.Equal(rollout.Prompt, (await OneAsync(BatchSamples.Json(rollout))).Prompt);
        }
    }

    [Theory]
    [InlineData("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n", "git lfs pull")]
    [InlineData("<!DOCTYPE html>\n<html></html>\n", "web page")]
    [InlineData(",prompt,chosen,rejected\n0,a,b,c\n", "CSV table")]
    [InlineData("prompt,chosen,rejected\n\"q\",\"say\n{x\",\"b\"\n", "CSV table")]
    [InlineData("prompt;chosen\na;b\n", "sep=\";\"")]
    [InlineData("{\0\"\0i\0d\0\"\0:\0", "UTF-16 without")]
    public async Task Files_that_are_no_batch_are_named(string content, string reason) =>
        Assert.Contains(reason, (await Assert.ThrowsAsync<BatchFormatException>(() => BatchSamples.ReadAsync(content))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("\r")]
    public async Task Records_need_no_line_end_between_them(string between) =>
        Assert.Equal(["a", "b"], (await BatchSamples.ReadAsync($$"""{"id":"a","prompt":"q","responses":["x"]}{{between}}{"id":"b","prompt":"q","responses":["x"]}""")).Select(static line => line.Rollout!.Id));

    private static async Task<Rollout> OneAsync(string line)
    {
        BatchLine read = Assert.Single(await BatchSamples.ReadAsync(line));
        Assert.Null(read.Error);
        return read.Rollout!;
    }
}
