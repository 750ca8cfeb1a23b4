using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;

namespace Tribunal.Tests.Protocols;

public sealed class OutcomeTests
{
    private const string Answers = "</think>Scores: \\boxed{8, 7}\n\\boxed{Assistant 1}<answer>[[A]]</answer>";

    public static TheoryData<string> Names => [.. ProtocolCatalog.Variants];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_the_budget_cut_off_is_truncated_however_complete_it_looks(string name)
    {
        Reading reading = Samples.Protocol(name).Read(Samples.Reply(Answers, finish: "length"), shown: 2);
        Assert.Equal((JudgementOutcome.Truncated, null, null), (reading.Outcome, reading.Scores, reading.Winner));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Filtered_and_declined_answers_are_refused(string name)
    {
        IProtocol protocol = Samples.Protocol(name);
        Assert.Equal(JudgementOutcome.Refused, protocol.Read(Samples.Reply(Answers, finish: "content_filter"), 2).Outcome);
        Assert.Equal(JudgementOutcome.Refused, protocol.Read(new JudgeReply { Text = Answers, Finish = "stop", Refusal = "No." }, 2).Outcome);
        Assert.Equal(JudgementOutcome.Refused, protocol.Read(new JudgeReply { Text = "", Finish = "stop", Refusal = "No." }, 2).Outcome);
        Reading spoken = protocol.Read(Samples.Reply("I'm sorry, but I can't help with that."), 2);
        Assert.Equal((JudgementOutcome.Refused, "the judge declined: I'm sorry, but I can't help with that."), (spoken.Outcome, spoken.Why));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void An_answer_that_the_server_gave_up_is_no_verdict(string name) =>
        Assert.Equal(JudgementOutcome.Failed, Samples.Protocol(name).Read(Samples.Reply(Answers, finish: "abort"), 2).Outcome);

    [Fact]
    public void An_apology_with_a_verdict_is_a_verdict() =>
        Assert.Equal([8.0, 7.0], Samples.Grm.Read(Samples.Reply("I'm sorry to say neither is great.\nScores: \\boxed{8, 7}"), 2).Scores!);

    [Fact]
    public void A_missing_finish_reason_is_no_reason_to_doubt() =>
        Assert.Equal(JudgementOutcome.Valid, Samples.Grm.Read(Samples.Reply("Scores: \\boxed{8, 7}", finish: null), 2).Outcome);
}
