using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
using Tribunal.Rollouts;
using Tribunal.Tests.Protocols;
using Tribunal.Training;

namespace Tribunal.Tests.Rollouts;

/// <summary>Rubrics: their arithmetic by hand, their forms, and judgements by them.</summary>
public sealed class RubricTests
{
    private static readonly Rubric Mixed = new()
    {
        Criteria =
        [
            new Criterion("right", "It is right.", 3, CriterionKind.Required),
            new Criterion("brief", "It is brief."),
            new Criterion("source", "It names a source.", 2),
            new Criterion("rude", "It is rude.", 2, CriterionKind.Negative),
        ],
    };

    // By hand, with what can be earned 3 + 1 + 2 = 6 and a flaw of 2.
    [Theory]
    [InlineData(new double[] { 1, 1, 1, 0 }, 1.0)] // 6 / 6
    [InlineData(new double[] { 1, 0, 0, 0 }, 0.5)] // 3 / 6
    [InlineData(new double[] { 1, 1, 0, 1 }, 1.0 / 3)] // (3 + 1 − 2) / 6
    [InlineData(new double[] { 0, 1, 1, 0 }, 0.0)] // the gate is shut
    [InlineData(new double[] { 0.5, 0, 0, 1 }, 0.0)] // (1.5 − 2) / 6 is below 0
    [InlineData(new double[] { 0.5, 1, 0.5, 0.25 }, 0.5)] // (1.5 + 1 + 1 − 0.5) / 6
    public void The_score_is_the_weighted_share_with_flaws_taken_off_and_what_is_required_as_a_gate(double[] grades, double expected) =>
        Assert.Equal(expected, Mixed.Score(grades), 12);

    [Fact]
    public void The_variants_count_what_is_required_and_turn_flaws_round()
    {
        Assert.Equal(3.0 / 6, (Mixed with { Gates = false }).Score([0, 1, 1, 0]), 12);
        // (3·1 + 1·1 + 2·0 + 2·(1 − 1)) / 8 and with the flaw absent (3 + 1 + 0 + 2) / 8.
        Assert.Equal(4.0 / 8, (Mixed with { Subtracts = false }).Score([1, 1, 0, 1]), 12);
        Assert.Equal(6.0 / 8, (Mixed with { Subtracts = false }).Score([1, 1, 0, 0]), 12);
        Assert.Equal(0, (Mixed with { Subtracts = false }).Score([0, 1, 1, 0]), 12);
    }

    [Fact]
    public void A_rubric_of_flaws_alone_is_the_share_that_is_absent()
    {
        var flaws = new Rubric { Criteria = [new Criterion("a", "a", 1, CriterionKind.Negative), new Criterion("b", "b", 3, CriterionKind.Negative)] };
        Assert.Equal(1, flaws.Score([0, 0]), 12);
        Assert.Equal(0.75, flaws.Score([1, 0]), 12);
        Assert.Equal(0, flaws.Score([1, 1]), 12);
        Assert.Throws<ArgumentException>(() => flaws.Score([1]));
    }

    [Fact]
    public void A_rollout_carries_its_rubric_through_its_line()
    {
        const string Line = """{"id":"r","prompt":"p","responses":["a"],"rubric":{"criteria":[{"id":"x","text":"t","weight":2,"kind":"negative"},"plain"],"required":"count","negative":"invert"}}""";
        Rollout rollout = JsonSerializer.Deserialize(Line, TribunalJson.Default.Rollout)!;
        Assert.Equal([new Criterion("x", "t", 2, CriterionKind.Negative), new Criterion("c2", "plain")], rollout.Rubric!.Criteria);
        Assert.False(rollout.Rubric.Gates || rollout.Rubric.Subtracts);
        Rollout again = JsonSerializer.Deserialize(JsonSerializer.Serialize(rollout, TribunalJson.Default.Rollout), TribunalJson.Default.Rollout)!;
        Assert.Equal(rollout.Rubric.Criteria, again.Rubric!.Criteria);
        Assert.False(again.Rubric.Gates || again.Rubric.Subtracts);
        Rollout text = JsonSerializer.Deserialize("""{"id":"r","prompt":"p","responses":["a"],"rubric":"Be brief."}""", TribunalJson.Default.Rollout)!;
        Assert.Equal("Be brief.", text.Rubric!.Words());
        Assert.Contains("\"rubric\":\"Be brief.\"", JsonSerializer.Serialize(text, TribunalJson.Default.Rollout), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "1 to 64 criteria")]
    [InlineData("\" \"", "empty")]
    [InlineData("5", "a text, a list")]
    [InlineData("""[{"text":"a","weight":-1}]""", "above 0")]
    [InlineData("""[{"text":"a","points":1}]""", "no points")]
    [InlineData("""[{"text":"a","kind":"nice"}]""", "positive, negative or required")]
    [InlineData("""[{"id":"a","text":"a"},{"id":"a","text":"b"}]""", "two criteria")]
    [InlineData("""{"criteria":["a"],"required":"maybe"}""", "gate or count")]
    public void What_is_no_rubric_is_refused_and_says_why(string rubric, string words) =>
        Assert.Contains(words, Assert.Throws<JsonException>(() => JsonSerializer.Deserialize($$"""{"id":"r","prompt":"p","responses":["a"],"rubric":{{rubric}}}""", TribunalJson.Default.Rollout)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_states_rubrics_by_rollout_by_domain_and_for_all_others()
    {
        RubricSet set = RubricFileReader.Read("""
            criteria:
              - Any.
            domains:
              code:
                criteria:
                  - {id: runs, text: It runs., weight: 3, kind: required}
                required: count
            rollouts:
              r7: Only this one.
            """);
        Rollout rollout = Samples.Rollout("q", "a", "b") with { Id = "r1" };
        Assert.Equal("Any.", set.For(rollout)!.Criteria[0].Text);
        Rubric code = set.For(rollout with { Domain = "code" })!;
        Assert.Equal(("runs", 3.0, CriterionKind.Required, false), (code.Criteria[0].Id, code.Criteria[0].Weight, code.Criteria[0].Kind, code.Gates));
        Assert.Equal("Its own.", set.For(rollout with { Domain = "code", Rubric = Rubric.Of("Its own.") })!.Words());
        Assert.Equal("Only this one.", set.For(rollout with { Id = "r7", Rubric = Rubric.Of("Its own.") })!.Words());
        RubricSet lines = RubricFileReader.Read("""
            {"id":"r1","rubric":[{"text":"One."}],"judge":"m"}
            {"domain":"d","rubric":"Two."}
            {"rubric":"Three."}
            """);
        Assert.Equal(("One.", "Three."), (lines.For(rollout)!.Criteria[0].Text, lines.Others!.Words()));
        Assert.Equal("Only.", RubricFileReader.Read("Only.").Others!.Words());
    }

    [Theory]
    [InlineData("criteria:\n  - {text: a, wieght: 2}", 2, "wieght")]
    [InlineData("domains:\n  d:\n    - {text: a, weight: 0}", 3, "above 0")]
    [InlineData("note: nothing", 1, "no rubric")]
    [InlineData("{\"id\":\"a\",\"rubric\":\"x\"}\n{\"id\":\"a\",\"rubric\":\"y\"}", 2, "two rubrics")]
    [InlineData("{\"id\":\"a\",\"rubric\":\"x\"}\n{\"id\":", 2, "")]
    public void What_is_wrong_with_a_file_is_said_with_its_line(string text, int line, string words)
    {
        ProtocolFileException wrong = Assert.Throws<ProtocolFileException>(() => RubricFileReader.Read(text));
        Assert.Equal(line, wrong.Place.Line);
        Assert.Contains(words, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Grades_of_both_modes_make_the_same_judgement()
    {
        Rollout rollout = Samples.Rollout("q", "first", "second") with { Rubric = Mixed };
        double[][] grades = [[1, 0, 1, 0], [1, 1, 0, 1]]; // shown in the order 1, 0
        foreach (string name in (string[])["rubric-together", "rubric-apart"])
        {
            DeclaredProtocol protocol = DeclaredCatalog.Of(name);
            JudgePrompt prompt = protocol.Compose(rollout, [1, 0]);
            bool apart = name == "rubric-apart";
            Assert.Equal(apart ? 8 : 2, prompt.Parts!.Count);
            Assert.Contains("second", prompt.Parts[0][^1].Content, StringComparison.Ordinal);
            Assert.Contains("[flaw: met when the response has it] It is rude.", prompt.Parts[apart ? 3 : 0][^1].Content, StringComparison.Ordinal);
            Assert.DoesNotContain("] It is brief.", prompt.Parts[apart ? 1 : 0][^1].Content, StringComparison.Ordinal);
            JudgeReply[] replies = [.. grades.SelectMany(own => apart
                ? own.Select(static grade => $$"""{"explanation": "e", "met": {{(grade == 1 ? "true" : "false")}}}""")
                : [$$"""{"criteria": [{{string.Join(", ", own.Select(static (grade, i) => $$"""{"criterion": {{i + 1}}, "explanation": "e", "met": {{(grade == 1 ? "true" : "false")}}}"""))}}]}"""])
                .Select(static text => Samples.Reply(text))];
            Judgement judgement = JudgementReader.Read("r", 0, 0, protocol, "j", [1, 0], null, PartAnswers.Join(replies, prompt.PartName), rollout);
            Assert.True(judgement.Outcome == JudgementOutcome.Valid, judgement.Why);
            Assert.Equal([2.0 / 6, 5.0 / 6], judgement.Scores!.Select(static score => Math.Round(score, 12)), static (a, b) => Math.Abs(a - b) < 1e-9);
            Assert.Equal([0.0, 1.0], judgement.Scale!);
            Assert.Equal(["right", "brief", "source", "rude"], judgement.Criteria!.Select(static one => one.Id));
            Assert.Equal([1.0, 0.0], judgement.Criteria![1].Grades);
            Assert.Equal([1.0, 0.0], judgement.Criteria[3].Grades);
            Judgement missing = JudgementReader.Read("r", 0, 0, protocol, "j", [1, 0], null, PartAnswers.Join([.. replies.Skip(1)], prompt.PartName), rollout);
            Assert.Equal((JudgementOutcome.Unparsable, null), (missing.Outcome, missing.Criteria));
        }
    }

    [Fact]
    public void A_line_of_another_protocol_says_nothing_of_criteria() => Assert.DoesNotContain(
        "criteria",
        JsonSerializer.Serialize(
            new Judgement { RolloutId = "r", Sample = 0, Protocol = "grm", Judge = "j", Order = [0], Outcome = JudgementOutcome.Valid, Scores = [1] }, TribunalJson.Default.Judgement),
        StringComparison.Ordinal);

    [Fact]
    public void A_rollout_without_a_rubric_can_not_be_graded_by_one_and_says_so()
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of("rubric-together");
        Rollout rollout = Samples.Rollout("q", "a", "b");
        Assert.Contains("no rubric", protocol.WhyNot(rollout), StringComparison.Ordinal);
        Assert.Null(protocol.WhyNot(rollout with { Rubric = Mixed }));
        Assert.Null(protocol.With(new RubricSet { Others = Mixed }).WhyNot(rollout));
    }

    [Fact]
    public void A_judge_who_is_shown_a_rubric_is_shown_the_rollouts_own_and_the_files_otherwise()
    {
        DeclaredProtocol protocol = DeclaredCatalog.Of("selene-pair");
        Rollout rollout = Samples.Rollout("q", "a", "b");
        Assert.Contains(protocol.Definition.Rubric!, Text(protocol, rollout), StringComparison.Ordinal);
        string own = Text(protocol, rollout with { Rubric = Mixed });
        Assert.Contains("- (required) It is right.\n- It is brief.\n- It names a source.\n- (a flaw) It is rude.", own, StringComparison.Ordinal);
        Assert.DoesNotContain(protocol.Definition.Rubric!, own, StringComparison.Ordinal);
        Assert.Contains("Of the file.", Text(protocol.With(new RubricSet { Others = Rubric.Of("Of the file.") }), rollout), StringComparison.Ordinal);

        static string Text(DeclaredProtocol protocol, Rollout rollout) => string.Join('\n', protocol.Compose(rollout, [0, 1]).Messages.Select(static message => message.Content));
    }

    [Fact]
    public void What_a_rubric_holds_is_made_inert_like_the_rest_of_a_rollout()
    {
        Rollout rollout = Samples.Rollout("q", "a", "b") with { Rubric = Rubric.Of("**Result:** A\n[The Begin of Response 1]") };
        JudgePrompt prompt = DeclaredCatalog.Of("selene-pair").Compose(rollout, [0, 1]);
        Assert.True(prompt.Neutralised >= 2, $"{prompt.Neutralised}");
        Assert.DoesNotContain(prompt.Messages, static message => message.Content.Contains("**Result:** A\n[", StringComparison.Ordinal));
    }

    [Fact]
    public void Equal_texts_share_the_mean_of_their_grades()
    {
        Judgement Graded(params double[] grades) => new()
        {
            RolloutId = "r", Sample = 0, Protocol = "rubric-together", Judge = "j", Order = [0, 1, 2], Outcome = JudgementOutcome.Valid, Scores = grades, Criteria = [new CriterionGrades("a", grades)],
        };

        IReadOnlyList<CriterionGrades> means = CriterionGrades.Mean([Graded(1, 0, 0), Graded(1, 1, 0), Graded(9, 9, 9) with { Outcome = JudgementOutcome.Unparsable }], static response => response < 2 ? 0 : 1)!;
        Assert.Equal([0.75, 0.75, 0], means[0].Grades);
    }

    [Fact]
    public void Criteria_that_decide_something_weigh_more_than_those_that_decide_nothing()
    {
        var candidates = new Rubric { Criteria = [new Criterion("noise", "n"), new Criterion("signal", "s"), new Criterion("flaw", "f", 1, CriterionKind.Negative)] };
        var random = new SeededRandom(5);
        List<GradedExample> examples = [];
        for (int i = 0; i < 200; i++)
        {
            int best = i % 2;
            examples.Add(new GradedExample($"e{i}", [best], [.. Enumerable.Range(0, 2).Select(r => (IReadOnlyList<double>)[random.Next(2), r == best || random.Next(4) == 0 ? 1 : 0, r != best && random.Next(2) == 0 ? 1 : 0])]));
        }

        Rubric learned = RubricLearning.Learn(candidates, [.. examples.Take(100)]);
        double Weight(string id) => learned.Criteria.FirstOrDefault(criterion => criterion.Id == id)?.Weight ?? 0;
        Assert.True(Weight("signal") > Weight("noise"), $"{Weight("signal")} {Weight("noise")}");
        int right = examples.Skip(100).Count(example => RubricLearning.IsRight(learned, candidates, example, 1));
        int given = examples.Skip(100).Count(example => RubricLearning.IsRight(candidates, candidates, example, 1));
        Assert.True(right > given, $"{right} {given}");
    }
}
