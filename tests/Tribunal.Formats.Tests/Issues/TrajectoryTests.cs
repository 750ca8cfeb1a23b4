using System.Text;
using Tribunal.Formats.Batches;
using Tribunal.Rollouts;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Trajectories in the shapes that datasets have them in.</summary>
public sealed class TrajectoryTests
{
    [Fact]
    public async Task Conversations_that_part_before_their_last_turn_are_trajectories()
    {
        Rollout rollout = await ReadAsync("""
            {"chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":null,"tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},{"role":"tool","content":"ok"},{"role":"assistant","content":"Done"}],
             "rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"no"}]}
            """);
        Assert.Equal([new Message("user", "Hi")], rollout.Prompt);
        Assert.Equal("Assistant: (calls f with {\"a\":1})\n\nTool: ok\n\nAssistant: Done", rollout.Responses[0].Content);
        Assert.Equal("no", rollout.Responses[1].Content);
        Assert.Equal([0], rollout.Best!);
    }

    [Fact]
    public async Task Turns_with_the_same_calls_are_common_to_both()
    {
        const string start = """{"role":"user","content":"Hi"},{"role":"assistant","content":"","tool_calls":[{"id":"1","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"1","content":"ok"}""";
        Rollout rollout = await ReadAsync($$"""{"chosen":[{{start}},{"role":"assistant","content":"a"}],"rejected":[{{start}},{"role":"assistant","content":"b"}]}""");
        Assert.Equal(3, rollout.Prompt.Count);
        Assert.Equal(["a", "b"], rollout.Responses.Select(static response => response.Content));
    }

    [Theory]
    [InlineData("x", "a", "x", "b")]
    [InlineData("x", "a", "y", "a")]
    public async Task What_a_user_says_is_not_judged(string good, string asked, string bad, string askedOther)
    {
        BatchLine line = await LineAsync($$"""
            {"chosen":[{"role":"user","content":"Hi"},{"role":"assistant","content":"{{good}}"},{"role":"user","content":"{{asked}}"},{"role":"assistant","content":"y"}],
             "rejected":[{"role":"user","content":"Hi"},{"role":"assistant","content":"{{bad}}"},{"role":"user","content":"{{askedOther}}"},{"role":"assistant","content":"z"}]}
            """);
        Assert.Contains("part at a user's turn or before one", line.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"prompt":"P","completions":[[{"role":"assistant","content":"a"},{"role":"tool","content":"t"},{"role":"assistant","content":"b"}],"c"]}""")]
    [InlineData("""{"question":"P","completion":[{"role":"assistant","content":"a"},{"role":"tool","content":"t"},{"role":"assistant","content":"b"}]}""")]
    [InlineData("""{"prompt":"P","responses":[[{"from":"gpt","value":"a"},{"from":"observation","value":"t"},{"from":"gpt","value":"b"}],"c"]}""")]
    [InlineData("""{"instruction":"P","response_1":[{"role":"assistant","content":"a"},{"role":"tool","content":"t"},{"role":"assistant","content":"b"}],"response_2":"c"}""")]
    public async Task Lists_of_turns_are_responses_under_every_name(string json)
    {
        Rollout rollout = await ReadAsync(json);
        Assert.Equal("Assistant: a\n\nTool: t\n\nAssistant: b", rollout.Responses[0].Content);
    }

    [Fact]
    public async Task Whole_trajectories_without_a_prompt_share_their_start()
    {
        Rollout rollout = await ReadAsync("""{"responses":[[{"role":"user","content":"P"},{"role":"assistant","content":"a"}],[{"role":"user","content":"P"},{"role":"assistant","content":"b"}]]}""");
        Assert.Equal([new Message("user", "P")], rollout.Prompt);
        Assert.Equal(["a", "b"], rollout.Responses.Select(static response => response.Content));
    }

    private static async Task<Rollout> ReadAsync(string json)
    {
        BatchLine line = await LineAsync(json);
        return line.Rollout ?? throw new InvalidOperationException(line.Error);
    }

    private static async Task<BatchLine> LineAsync(string json)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(json.ReplaceLineEndings("")));
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: TestContext.Current.CancellationToken))
        {
            return line;
        }

        throw new InvalidOperationException("no line");
    }
}
