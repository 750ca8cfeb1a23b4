using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Tests.Protocols;

namespace Tribunal.Tests.Issues;

/// <summary>Reported: answers that were cut off under a name other than <c>length</c> are voted.</summary>
public sealed class FinishReasonsTests
{
    private const string Draft = "</think>Scores: \\boxed{8, 7}\n\\boxed{Assistant 1}\n<answer>[[A]]</answer>";

    [Theory]
    [InlineData("stop"), InlineData("STOP"), InlineData("Stop"), InlineData("end_turn"), InlineData("eos"), InlineData("eos_token"), InlineData("stop_sequence"), InlineData("STOP_SEQUENCE")]
    [InlineData("COMPLETE"), InlineData("completed"), InlineData("FINISH"), InlineData("FINISHED"), InlineData("STOP_CRITERIA_MET"), InlineData("FinishReason.STOP"), InlineData("FINISH_REASON_STOP"), InlineData("end-turn")]
    public void A_good_end_votes(string reason) => Assert.Equal(JudgementOutcome.Valid, Samples.Grm.Read(Samples.Reply("Scores: \\boxed{8, 7}", reason), 2).Outcome);

    [Theory]
    [InlineData("length", JudgementOutcome.Truncated), InlineData("max_tokens", JudgementOutcome.Truncated), InlineData("MAX_TOKENS", JudgementOutcome.Truncated)]
    [InlineData("max_output_tokens", JudgementOutcome.Truncated), InlineData("model_length", JudgementOutcome.Truncated), InlineData("model_context_window_exceeded", JudgementOutcome.Truncated)]
    [InlineData("ERROR_LIMIT", JudgementOutcome.Truncated), InlineData("incomplete", JudgementOutcome.Truncated), InlineData("repetition", JudgementOutcome.Truncated)]
    [InlineData("content_filter", JudgementOutcome.Refused), InlineData("SAFETY", JudgementOutcome.Refused), InlineData("PROHIBITED_CONTENT", JudgementOutcome.Refused)]
    [InlineData("RECITATION", JudgementOutcome.Refused), InlineData("BLOCKLIST", JudgementOutcome.Refused), InlineData("SPII", JudgementOutcome.Refused), InlineData("sensitive", JudgementOutcome.Refused)]
    [InlineData("guardrail_intervened", JudgementOutcome.Refused), InlineData("ERROR_TOXIC", JudgementOutcome.Refused), InlineData("refusal", JudgementOutcome.Refused)]
    [InlineData("error", JudgementOutcome.Failed), InlineData("ERROR", JudgementOutcome.Failed), InlineData("abort", JudgementOutcome.Failed), InlineData("network_error", JudgementOutcome.Failed)]
    [InlineData("insufficient_system_resource", JudgementOutcome.Failed), InlineData("cancelled", JudgementOutcome.Failed), InlineData("timeout", JudgementOutcome.Failed), InlineData("not_finished", JudgementOutcome.Failed)]
    [InlineData("OTHER", JudgementOutcome.Failed), InlineData("LANGUAGE", JudgementOutcome.Failed), InlineData("tool_calls", JudgementOutcome.Failed), InlineData("function_call", JudgementOutcome.Failed)]
    [InlineData("pause_turn", JudgementOutcome.Failed), InlineData("MALFORMED_FUNCTION_CALL", JudgementOutcome.Failed), InlineData("a word of tomorrow", JudgementOutcome.Failed)]
    public void Every_other_end_votes_for_no_protocol(string reason, JudgementOutcome outcome)
    {
        foreach (IProtocol protocol in (IProtocol[])[Samples.Grm, Samples.RmR1, Samples.RmR1Thinking, Samples.Rrm])
        {
            Reading reading = protocol.Read(Samples.Reply(Draft, reason), 2);
            Assert.Equal((outcome, null, null), (reading.Outcome, reading.Scores, reading.Winner));
            if (outcome == JudgementOutcome.Failed)
            {
                Assert.Contains(reason, reading.Why, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Only_the_budget_is_worth_a_larger_one()
    {
        Assert.All((string[])["length", "MAX_TOKENS", "max_output_tokens"], static reason => Assert.True(FinishReasons.AtBudget(reason)));
        Assert.All((string?[])["stop", "model_length", "model_context_window_exceeded", "repetition", null], static reason => Assert.False(FinishReasons.AtBudget(reason)));
    }
}
