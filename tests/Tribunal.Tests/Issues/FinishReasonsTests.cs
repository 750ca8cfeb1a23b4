using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Tests.Protocols;

namespace Tribunal.Tests.Issues;

/// <summary>Reported: answers that were cut off under a name other than <c>length</c> are voted.</summary>
public sealed class FinishReasonsTests
{
    private const string Draft = "</think>Scores: \\boxed{8, 7}\n\\boxed{Assistant 1}\n<answer>[[A]]</answer>";

    private static readonly string[] Good =
    [
        "stop", "STOP", "Stop", "end_turn", "eos", "eos_token", "stop_sequence", "STOP_SEQUENCE", "COMPLETE",
        "completed", "FINISH", "FINISHED", "STOP_CRITERIA_MET", "FinishReason.STOP", "FINISH_REASON_STOP", "end-turn",
    ];

    private static readonly (string Reason, JudgementOutcome Outcome)[] Others =
    [
        ("length", JudgementOutcome.Truncated),
        ("max_tokens", JudgementOutcome.Truncated),
        ("MAX_TOKENS", JudgementOutcome.Truncated),
        ("max_output_tokens", JudgementOutcome.Truncated),
        ("model_length", JudgementOutcome.Truncated),
        ("model_context_window_exceeded", JudgementOutcome.Truncated),
        ("ERROR_LIMIT", JudgementOutcome.Truncated),
        ("incomplete", JudgementOutcome.Truncated),
        ("repetition", JudgementOutcome.Truncated),
        ("content_filter", JudgementOutcome.Refused),
        ("SAFETY", JudgementOutcome.Refused),
        ("PROHIBITED_CONTENT", JudgementOutcome.Refused),
        ("RECITATION", JudgementOutcome.Refused),
        ("BLOCKLIST", JudgementOutcome.Refused),
        ("SPII", JudgementOutcome.Refused),
        ("sensitive", JudgementOutcome.Refused),
        ("guardrail_intervened", JudgementOutcome.Refused),
        ("ERROR_TOXIC", JudgementOutcome.Refused),
        ("refusal", JudgementOutcome.Refused),
        ("error", JudgementOutcome.Failed),
        ("ERROR", JudgementOutcome.Failed),
        ("abort", JudgementOutcome.Failed),
        ("network_error", JudgementOutcome.Failed),
        ("insufficient_system_resource", JudgementOutcome.Failed),
        ("cancelled", JudgementOutcome.Failed),
        ("timeout", JudgementOutcome.Failed),
        ("not_finished", JudgementOutcome.Failed),
        ("OTHER", JudgementOutcome.Failed),
        ("LANGUAGE", JudgementOutcome.Failed),
        ("tool_calls", JudgementOutcome.Failed),
        ("function_call", JudgementOutcome.Failed),
        ("pause_turn", JudgementOutcome.Failed),
        ("MALFORMED_FUNCTION_CALL", JudgementOutcome.Failed),
        ("a word of tomorrow", JudgementOutcome.Failed),
    ];

    public static TheoryData<string> Catalog => [.. DeclaredCatalog.Names];

    [Fact]
    public void A_good_end_votes() =>
        Assert.All(Good, static reason => Assert.Equal(JudgementOutcome.Valid, Samples.Grm.Read(Samples.Reply("Scores: \\boxed{8, 7}", reason), 2).Outcome));

    [Fact]
    public void Every_other_end_votes_for_no_protocol()
    {
        foreach ((string reason, JudgementOutcome outcome) in Others)
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
    }

    [Theory]
    [MemberData(nameof(Catalog))]
    public void Of_a_protocol_of_the_catalog_exactly_the_good_ends_vote(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        foreach (ProtocolExample example in protocol.Definition.Examples.Where(static example => example.Winner is not null || example.Scores is not null || example.Tie))
        {
            Assert.All(Good, reason => Assert.Equal(JudgementOutcome.Valid, protocol.Read(Samples.Reply(example.Answer, reason), example.Responses).Outcome));
            Assert.All(Others, end => Assert.Equal(end.Outcome, protocol.Read(Samples.Reply(example.Answer, end.Reason), example.Responses).Outcome));
        }
    }

    [Fact]
    public void Only_the_budget_is_worth_a_larger_one()
    {
        Assert.All((string[])["length", "MAX_TOKENS", "max_output_tokens"], static reason => Assert.True(FinishReasons.AtBudget(reason)));
        Assert.All((string?[])["stop", "model_length", "model_context_window_exceeded", "repetition", null], static reason => Assert.False(FinishReasons.AtBudget(reason)));
    }
}
