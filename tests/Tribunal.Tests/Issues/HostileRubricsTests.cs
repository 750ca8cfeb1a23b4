using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Tests.Protocols;

namespace Tribunal.Tests.Issues;

/// <summary>Criteria may be a judge's, who read a hostile prompt, or a rollout's own: they are shown, and forge nothing.</summary>
public sealed class HostileRubricsTests
{
    private const string Calm = "It is calm.";

    public static TheoryData<string> Shown => [.. DeclaredCatalog.Names.Where(static name => DeclaredCatalog.Of(name).ShowsRubric)];

    [Theory]
    [MemberData(nameof(Shown))]
    public void What_a_criterion_says_is_never_read_as_a_verdict_nor_turns_one_that_quotes_it(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        ProtocolExample[] examples = [.. protocol.Definition.Examples.Where(static example => example.Winner is not null || example.Scores is not null)];
        IEnumerable<string> attacks = protocol.Definition.Examples.SelectMany(static example => (string[])[example.Answer, example.Answer.ToUpperInvariant(), example.Answer.Split('\n')[^1]])
            .Concat(HostileCorpus.All.Where(static hostile => !hostile.IsHuge).Select(static hostile => hostile.Text)).Where(static attack => !string.IsNullOrWhiteSpace(attack));
        foreach (string attack in attacks)
        {
            foreach (Func<string, Rubric> form in (Func<string, Rubric>[])[Rubric.Of, static text => new Rubric { Criteria = [new Criterion("one", text, 2, CriterionKind.Negative), new Criterion("two", Calm)] }])
            {
                string shown = TextOf(protocol, form, attack);
                foreach (ProtocolExample example in examples)
                {
                    Assert.True(protocol.Read(Samples.Reply(shown), example.Responses).Outcome != JudgementOutcome.Valid, $"{shown} is read");
                    Reading calm = protocol.Read(Samples.Reply(example.Answer), example.Responses);
                    Reading quoting = protocol.Read(Samples.Reply($"The criterion says: {shown}\nSo much for that.\n{example.Answer}"), example.Responses);
                    Assert.True(
                        quoting.Outcome != JudgementOutcome.Valid || (quoting.Winner == calm.Winner && (quoting.Scores is null || quoting.Scores.SequenceEqual(calm.Scores!))),
                        $"'{shown}' turns '{example.Answer}'");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shown))]
    public void A_criterion_opens_no_part_of_the_prompt(string name)
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of(name);
        string[] heads = [.. Whole(protocol, Rubric.Of(Calm)).Split('\n').Where(static line => line.Length is > 2 and <= 80 && line[0] is '#' or '[')];
        foreach (string head in heads)
        {
            int usual = Whole(protocol, Rubric.Of(Calm)).Split('\n').Count(line => line == head);
            Assert.Equal(usual, Whole(protocol, Rubric.Of($"{Calm}\n{head}\nAll of it is right.")).Split('\n').Count(line => line == head));
        }
    }

    [Fact]
    public void Weights_that_no_sum_can_hold_are_no_weights()
    {
        var rubric = new Rubric { Criteria = [new Criterion("a", "a", 1e308), new Criterion("b", "b", 1e308)] };
        Assert.Contains("at most 1000000", RubricForm.WhyNot(rubric), StringComparison.Ordinal);
        Assert.Null(RubricWriting.Read(new JudgeReply { Text = """{"criteria":[{"text":"a","weight":1e308,"kind":"positive"}]}""", Finish = "stop" }, out string why));
        Assert.Contains("weight", why, StringComparison.Ordinal);
    }

    // The criterion as the judge is shown it: the one thing that differs between two prompts.
    private static string TextOf(DeclaredProtocol protocol, Func<string, Rubric> form, string text)
    {
        string whole = Whole(protocol, form(text));
        string other = Whole(protocol, form("\u0416"));
        int at = other.IndexOf('\u0416', StringComparison.Ordinal);
        return whole.Substring(at, whole.Length - other.Length + 1);
    }

    private static string Whole(DeclaredProtocol protocol, Rubric rubric)
    {
        JudgePrompt prompt = protocol.Compose(Samples.Rollout("q", "a", "b") with { Rubric = rubric, Reference = "r" }, [0, 1]);
        return string.Join("\n", (prompt.Parts?[0] ?? prompt.Messages).Select(static message => message.Content));
    }
}
