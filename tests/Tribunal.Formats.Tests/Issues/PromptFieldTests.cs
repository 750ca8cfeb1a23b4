using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>
/// Prompts in columns of other names, system prompts beside them: a judge was shown the words that two answers share, or no
/// system prompt.
/// </summary>
public sealed class PromptFieldTests
{
    [Theory]
    [InlineData("""{"system":"Answer in one word.","question":"Capital of France?","chosen":"It is Paris.","rejected":"It is Lyon."}""", "system:Answer in one word.|user:Capital of France?")]
    [InlineData("""{"instruction":"Translate: cat","input":"","chosen":"The word is Katze.","rejected":"The word is Hund."}""", "user:Translate: cat")]
    [InlineData("""{"instruction":"Translate:","input":"cat","output":"Katze"}""", "user:Translate:\n\ncat")]
    [InlineData("""{"query":"Which is larger?","chosen":"9.9 is.","rejected":"9.11 is."}""", "user:Which is larger?")]
    [InlineData("""{"problem":"1+1?","solutions":["2","3"]}""", "user:1+1?")]
    [InlineData("""{"user_prompt":"p","system_prompt":"s","model_outputs":["x","y"]}""", "system:s|user:p")]
    [InlineData("""{"goal":"g","generations":[{"text":"x"},{"generated_text":"y"}]}""", "user:g")]
    [InlineData("""{"text":"t","samples":["x"]}""", "user:t")]
    [InlineData("""{"messages":[{"role":"user","content":"hi"}],"candidates":["x"]}""", "user:hi")]
    [InlineData("""{"system":"s","prompt":[{"role":"system","content":"s"},{"role":"user","content":"p"}],"responses":["x"]}""", "system:s|user:p")]
    [InlineData("""{"prompt":"p, about c","context":"about c","responses":["x"]}""", "user:p, about c")]
    [InlineData("""{"history":[["a","b"]],"query":"c","response":"d"}""", "user:a|assistant:b|user:c")]
    [InlineData("""{"conversations":[{"from":"system","value":"s"},{"from":"human","value":"q"}],"chosen":{"from":"gpt","value":"x"},"rejected":{"from":"gpt","value":"y"}}""", "system:s|user:q")]
    [InlineData("""{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"p"}],"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"y"}]}""", "system:s|user:p")]
    [InlineData("""{"prompt":[{"role":"system","content":"s"}],"chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"y"}]}""", "system:s|user:p")]
    [InlineData("""{"system":"s","chosen":"The sky is blue.","rejected":"The sky is black."}""", "system:s|user:The sky is")]
    [InlineData("""{"system":"s","chosen":"\n\nHuman: hi\n\nAssistant: a","rejected":"\n\nHuman: hi\n\nAssistant: b"}""", "system:s|user:hi")]
    public async Task The_whole_prompt_is_shown(string line, string prompt)
    {
        Rollout rollout = (await OneAsync(line)).Rollout!;
        Assert.Equal(prompt, string.Join('|', rollout.Prompt.Select(static turn => $"{turn.Role}:{turn.Content}")));
    }

    [Theory]
    [InlineData("""{"Question":"Capital of France?","chosen":"It is Paris.","rejected":"It is Lyon."}""", "--prompt-field Question")]
    [InlineData("""{"frage":[{"role":"user","content":"q"}],"source":"web","chosen":"It is Paris.","rejected":"It is Lyon."}""", "--prompt-field frage")]
    [InlineData("""{"prompt":"Summarise.","input":"A long text.","responses":["x"]}""", "--prompt-field input,prompt")]
    [InlineData("""{"question":"Who?","context":"A passage.","responses":["x"]}""", "--prompt-field context,question")]
    [InlineData("""{"question":"p","completions":["x"],"outputs":["y"]}""", "--responses-field")]
    [InlineData("""{"system":"s","prompt":[{"role":"system","content":"t"},{"role":"user","content":"p"}],"responses":["x"]}""", "differ")]
    [InlineData("""{"prompt":"other","chosen":[{"role":"user","content":"p"},{"role":"assistant","content":"x"}],"rejected":[{"role":"user","content":"p"},{"role":"assistant","content":"y"}]}""", "prompt is not what chosen and rejected start with")]
    [InlineData("""{"aufgabe":"p","antworten":["x"]}""", "aufgabe, antworten: --prompt-field and --responses-field")]
    public async Task Nothing_is_guessed(string line, string reason) => Assert.Contains(reason, (await OneAsync(line)).Error, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"question":"p","completions":[{"response":"x"},{"message":{"content":"y"}}]}""")]
    [InlineData("""{"question":"p","response_a":"x","response_b":"y"}""")]
    [InlineData("""{"question":"p","response_0":"x","response_1":"y"}""")]
    [InlineData("""{"question":"p","answer1":"x","answer2":"y"}""")]
    [InlineData("""{"question":"p","outputs":[[{"role":"assistant","content":"x"}],{"id":"n","content":"y"}]}""")]
    public async Task Responses_are_read_under_the_names_people_use(string line) =>
        Assert.Equal(["x", "y"], (await OneAsync(line)).Rollout!.Responses.Select(static response => response.Content));

    [Fact]
    public async Task Fields_are_mapped_by_options()
    {
        BatchLine line = await OneAsync(
            """{"nr":7,"frage":"Wer?","zusatz":"Text.","rolle":"Kurz.","gut":"a","schlecht":"b","notes":"n"}""",
            new BatchFields { Prompt = "zusatz,frage", Responses = "gut,schlecht", System = "rolle", Id = "nr" });
        Assert.Null(line.Error);
        Assert.False(line.IsAddressable);
        Assert.Equal("""{"id":"7","prompt":[{"role":"system","content":"Kurz."},{"role":"user","content":"Text.\n\nWer?"}],"responses":["a","b"],"metadata":{"notes":"n"}}""", BatchSamples.Json(line.Rollout!));
        Assert.Contains("frage is missing", (await OneAsync("""{"p":"x","responses":["a"]}""", new BatchFields { Prompt = "frage" })).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("prompt")]
    [InlineData("q")]
    public async Task A_row_per_response_is_grouped(string by)
    {
        List<BatchLine> lines = await ReadAsync(
            """
            {"id":"1","q":1,"question":"p","response":"a"}
            {"id":"2","q":2,"question":"r","response":"b"}
            nonsense
            {"id":"3","q":1,"question":"p","response":"c"}
            """,
            new BatchFields { GroupBy = by });
        Assert.Equal(["1:a,c", "2:b", "-"], lines.Select(static line => line.Rollout is { } rollout ? $"{rollout.Id}:{string.Join(',', rollout.Responses.Select(static r => r.Content))}" : "-"));
        Assert.Equal(["1", "3"], lines[0].Rollout!.Responses.Select(static response => response.Id));
        List<BatchLine> other = await ReadAsync("""
            {"id":"1","q":1,"question":"p","response":"a"}
            {"id":"2","q":1,"question":"r","response":"b"}
            """, new BatchFields { GroupBy = "q" });
        Assert.Contains("another than that of record 1", other[1].Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Repeats_of_a_prompt_are_counted_among_single_responses()
    {
        var repeats = new PromptRepeats();
        foreach ((string prompt, int responses) in new[] { ("p", 1), ("p", 1), ("q", 1), ("p", 2), ("p", 1) })
        {
            repeats.Add(new Rollout { Id = "x", Prompt = [new Message("user", prompt)], Responses = [.. Enumerable.Repeat(new Response("r"), responses)] });
        }

        Assert.Equal(2, repeats.Count);
    }

    private static async Task<BatchLine> OneAsync(string line, BatchFields? fields = null) => Assert.Single(await ReadAsync(line, fields));

    private static async Task<List<BatchLine>> ReadAsync(string lines, BatchFields? fields)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(lines));
        return await RolloutReader.ReadAsync(stream, fields: fields).ToListAsync();
    }
}
