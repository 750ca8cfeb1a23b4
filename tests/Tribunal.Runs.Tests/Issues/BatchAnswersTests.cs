using System.Text;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs.Tests.Issues;

/// <summary>Reported of live answers, and the same of a batch API's: how they end, how thinking comes, whose fault a refusal is; reasons are counted.</summary>
public sealed class BatchAnswersTests
{
    [Theory]
    [InlineData("""{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"COMPLETE"}]}""", JudgementOutcome.Valid, false)]
    [InlineData("""{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"MAX_TOKENS"}]}""", JudgementOutcome.Truncated, false)]
    [InlineData("""{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"SAFETY"}]}""", JudgementOutcome.Refused, false)]
    [InlineData("""{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"a word of tomorrow"}]}""", JudgementOutcome.Failed, false)]
    [InlineData("""{"choices":[{"message":{"content":"Scores: \\boxed{8, 3}"},"finish_reason":"abort"}]}""", JudgementOutcome.Failed, true)]
    [InlineData("""{"choices":[{"message":{"content":"Ana"},"finish_reason":"error","error":{"code":502,"message":"gone"}}]}""", JudgementOutcome.Failed, true)]
    [InlineData("""{"choices":[{"message":{"content":[{"type":"thinking","thinking":"Scores: \\boxed{1, 1}"},{"type":"text","text":"Scores: \\boxed{8, 3}"}]},"finish_reason":"stop"}]}""", JudgementOutcome.Valid, false)]
    [InlineData("""{"choices":[{"finish_reason":"length"}]}""", JudgementOutcome.Truncated, false)]
    [InlineData("""{"choices":[{"finish_reason":"content_filter: PROHIBITED_CONTENT"}]}""", JudgementOutcome.Refused, false)]
    [InlineData("""{"error":{"message":"filtered","code":"content_filter"}}""", JudgementOutcome.Refused, false)]
    [InlineData("""{"object":"error","message":"The model is overloaded","code":503}""", JudgementOutcome.Failed, true)]
    public async Task An_answer_is_read_as_a_live_one_is(string body, JudgementOutcome outcome, bool again)
    {
        RecordedLine line = await ReadAsync(200, body);
        Judgement judgement = Assert.Single(line.Judgements);
        Assert.Equal((outcome, again), (judgement.Outcome, line.MayAskAgain));
        Assert.Equal(outcome == JudgementOutcome.Valid ? "8, 3" : "", string.Join(", ", judgement.Scores ?? []));
    }

    [Theory]
    [InlineData(400, """{"error":{"message":"filtered","code":"content_filter"}}""", JudgementOutcome.Refused, false, "filtered")]
    [InlineData(400, """{"error":{"message":"Provider returned error","metadata":{"raw":"{\"error\":\"the real reason\"}"}}}""", JudgementOutcome.Failed, false, "the real reason")]
    [InlineData(409, """{"error":{"message":"busy"}}""", JudgementOutcome.Failed, true, "busy")]
    [InlineData(424, """{"error":{"message":"busy"}}""", JudgementOutcome.Failed, true, "busy")]
    public async Task A_refusal_is_sorted_as_a_live_one_is(int status, string body, JudgementOutcome outcome, bool again, string words)
    {
        RecordedLine line = await ReadAsync(status, body);
        Judgement judgement = Assert.Single(line.Judgements);
        Assert.Equal((outcome, again), (judgement.Outcome, line.MayAskAgain));
        Assert.Contains(words, judgement.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void Reasons_are_counted_by_kind_whatever_order_they_come_in()
    {
        Judgement[] judgements =
        [
            Judged(JudgementOutcome.Failed, "HTTP 400: no room for 5032 tokens"), Judged(JudgementOutcome.Failed, "HTTP 400: no room for 17 tokens"),
            Judged(JudgementOutcome.Unparsable, "not a score: eight"), Judged(JudgementOutcome.Unparsable, "not a score: nine"), Judged(JudgementOutcome.Unparsable, "not a score: ten"),
            Judged(JudgementOutcome.Valid, null),
        ];
        var whole = new ReasonSums();
        var parts = new ReasonSums();
        var part = new ReasonSums();
        Array.ForEach(judgements, whole.Add);
        foreach (Judgement judgement in Enumerable.Reverse(judgements))
        {
            (parts.Kinds.Count == 0 ? parts : part).Add(judgement);
        }

        parts.Merge(part);
        FailureReason[] expected = [new(JudgementOutcome.Unparsable, "not a score: eight", 3), new(JudgementOutcome.Failed, "HTTP 400: no room for 17 tokens", 2)];
        Assert.Equal(expected, whole.Commonest(5));
        Assert.Equal(expected, parts.Commonest(5));
    }

    private static async Task<RecordedLine> ReadAsync(int status, string body)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes($$$"""{"custom_id":"0|0.1|a","response":{"status_code":{{{status}}},"body":{{{body}}}},"error":null}"""));
        return await LedgerImport.ReadAsync(stream, new ImportOptions { Protocol = "grm" }, TestContext.Current.CancellationToken).SingleAsync(TestContext.Current.CancellationToken);
    }

    private static Judgement Judged(JudgementOutcome outcome, string? why) => new()
    {
        RolloutId = "a",
        Sample = 0,
        Protocol = "grm",
        Judge = "j",
        Order = [0, 1],
        Outcome = outcome,
        Why = why,
    };
}
