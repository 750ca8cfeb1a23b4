using Tribunal.Formats.Batches;
using Tribunal.Rollouts;
using Tribunal.Testing.Batches;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>
/// LMArena's later votes of a session (<c>evaluation_order</c> above 1) hold in <c>conversation_a</c> and <c>conversation_b</c> only what came
/// after the vote before, and all of it in <c>full_conversation</c>: the judge was shown "Now shorter." without what was to be shortened.
/// </summary>
public sealed class ArenaSessionTests
{
    private const string First = """{"user":{"role":"user","content":[{"type":"text","text":"hey","image":null,"mimeType":null}]},"model_side_a":{"role":"assistant","content":[{"type":"text","text":"yo"}]},"model_side_b":{"role":"assistant","content":[{"type":"text","text":"yo"}]}}""";
    private const string Second = """{"user":{"role":"user","content":[{"type":"text","text":"Now shorter."}]},"model_side_a":{"role":"assistant","content":[{"type":"text","text":"x"}]},"model_side_b":{"role":"assistant","content":[{"type":"text","text":"y"}]}}""";

    [Theory]
    [InlineData("[" + First + "," + Second + "]", 2, "hey|yo|Now shorter.")]
    [InlineData("[" + Second + "," + First + "," + Second + "]", 1, "Now shorter.")]
    [InlineData("[" + Second + "]", 2, "Now shorter.")]
    [InlineData("null", 2, "Now shorter.")]
    public async Task A_later_vote_is_judged_with_what_was_said_before(string full, int order, string prompt)
    {
        BatchLine line = Assert.Single(await BatchSamples.ReadAsync(Vote(full, order)));
        Assert.Null(line.Error);
        Assert.Equal(prompt, string.Join('|', line.Rollout!.Prompt.Select(static turn => turn.Content)));
        Assert.Equal(["x", "y"], line.Rollout.Responses.Select(static response => response.Content));
        Assert.Equal([1], line.Rollout.Best);
    }

    [Fact]
    public async Task The_whole_conversation_may_be_a_text()
    {
        string text = System.Text.Json.JsonEncodedText.Encode("[" + First + "," + Second + "]").ToString();
        Rollout rollout = Assert.Single(await BatchSamples.ReadAsync(Vote($"\"{text}\"", 2))).Rollout!;
        Assert.Equal(["hey", "yo", "Now shorter."], rollout.Prompt.Select(static turn => turn.Content));
    }

    [Theory]
    [InlineData("[" + First + "," + First + "]", "full_conversation holds more turns than the vote is about")]
    [InlineData("[" + Second + "," + Second + "]", "conversation_a and conversation_b part at a user's turn or before one")]
    [InlineData("[{}," + Second + "]", "a round of full_conversation has no user")]
    public async Task A_vote_whose_conversation_is_not_known_is_refused(string full, string reason)
    {
        BatchLine line = Assert.Single(await BatchSamples.ReadAsync(Vote(full, 2)));
        Assert.Contains(reason, line.Error, StringComparison.Ordinal);
    }

    private static string Vote(string full, int order) => $$"""
        {"id":"v","model_a":"m","model_b":"n","winner":"model_b","evaluation_session_id":"s","evaluation_order":{{order}},"conversation_a":[{"role":"user","content":[{"type":"text","text":"Now shorter."}]},{"role":"assistant","content":[{"type":"text","text":"x"}]}],"conversation_b":[{"role":"user","content":[{"type":"text","text":"Now shorter."}]},{"role":"assistant","content":[{"type":"text","text":"y"}]}],"full_conversation":{{full}}}
        """;
}
