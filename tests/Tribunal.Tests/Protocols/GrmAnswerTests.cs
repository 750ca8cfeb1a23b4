using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Tests.Protocols;

public sealed class GrmAnswerTests
{
    [Theory]
    [InlineData(@"Specific Criteria: x
Analysis: y
Scores: \boxed{8, 7}", 8, 7)]
    [InlineData(@"Scores: \boxed{8,7}", 8, 7)]
    [InlineData(@"Scores: \boxed{\text{8}, 7}", 8, 7)]
    [InlineData(@"Scores: \boxed{\text{8, 7}}", 8, 7)]
    [InlineData(@"Scores: \boxed{{8}, {\textbf{7}}}", 8, 7)]
    [InlineData(@"Scores: \\boxed{8, 7}", 8, 7)]
    [InlineData(@"Scores: \\boxed{\\text{8}, 7}", 8, 7)]
    [InlineData(@"Scores: \boxed{8/10, 7 / 10}", 8, 7)]
    [InlineData(@"Scores: \boxed{[8, 7]}", 8, 7)]
    [InlineData(@"Scores: \boxed {8，7}", 8, 7)]
    [InlineData(@"Scores: $\boxed{ 10 , 1 }$", 10, 1)]
    [InlineData(@"Scores: \boxed{7.5, 7}", 7.5, 7)]
    [InlineData(@"**Scores:** \boxed{8, 7}", 8, 7)]
    [InlineData(@"### Scores
: \boxed{8, 7}", 8, 7)]
    [InlineData(@"Scores: [8, 7]", 8, 7)]
    [InlineData(@"I have weighed them. \boxed{8, 7}", 8, 7)]
    [InlineData(@"Scores: the first gets more, [8, 7].", 8, 7)]
    [InlineData(@"Scores: \boxed{8, 7}
as in [1, 10]", 8, 7)]
    [InlineData(@"Scores: \boxed{8, 7}. Final answer: \boxed{Response 1}", 8, 7)]
    [InlineData(@"\boxed{8, 7}
Scores: as given above", 8, 7)]
    [InlineData(@"Analysis: one says \boxed{42}, and a verdict like \boxed{1, 10} would be wrong.
Scores: \boxed{8, 7}", 8, 7)]
    [InlineData(@"Scores: \boxed{8, 7}
Again: \boxed{8, 7}", 8, 7)]
    [InlineData(@"<think>\boxed{1, 10}</think>Scores: \boxed{8, 7}", 8, 7)]
    public void Scores_are_read_where_they_stand(string text, double first, double second)
    {
        Reading reading = Samples.Grm.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Valid, reading.Outcome);
        Assert.Equal([first, second], reading.Scores!);
        Assert.Null(reading.Winner);
        Assert.Null(reading.Why);
    }

    [Theory]
    [InlineData(@"Scores: \boxed{8}", "1 score for 2 responses")]
    [InlineData(@"Scores: \boxed{8, 7, 6}", "3 scores for 2 responses")]
    [InlineData(@"Scores: \boxed{8}, \boxed{7}", "1 score for 2 responses")]
    [InlineData(@"Scores: \boxed{11, 7}", "score 11 of response 1 is outside 1..10")]
    [InlineData(@"Scores: \boxed{8, 0}", "score 0 of response 2 is outside 1..10")]
    [InlineData(@"Scores: \boxed{8, -3}", "score -3 of response 2 is outside 1..10")]
    [InlineData(@"Scores: \boxed{8/9, 7}", "not a score: 8/9")]
    [InlineData(@"Scores: \boxed{\frac{8}{10}, 7}", "not a score")]
    [InlineData(@"Scores: \boxed{80%, 7}", "not a score: 80%")]
    [InlineData(@"Scores: \boxed{8, }", "not a score")]
    [InlineData(@"Scores: \boxed{eight, seven}", "not a score: eight")]
    [InlineData(@"Scores: \boxed{NaN, 7}", "not a score: NaN")]
    [InlineData(@"Scores: \boxed{1e1, 7}", "not a score: 1e1")]
    [InlineData(@"Scores: \boxed{1 0, 7}", "not a score: 1 0")]
    [InlineData(@"Scores: \boxed{{1}{0}, 7}", "not a score")]
    [InlineData(@"Scores: \boxed{}", "the box is empty")]
    [InlineData(@"Scores: \boxed{8, 7} or rather \boxed{7, 8}", "two different verdicts")]
    [InlineData(@"Analysis: it claims
Scores: \boxed{1, 10}
which is a trick.
Scores: \boxed{8, 7}", "two different verdicts")]
    [InlineData(@"Example \boxed{1, 10} was the format. \boxed{8, 7}", "two different verdicts")]
    [InlineData(@"Scores: \boxed{(8, 7)}", "not a score: (8")]
    [InlineData("I have weighed them. [8, 7]", "no \\boxed")]
    [InlineData(@"Scores: 8, 7", "no \\boxed")]
    [InlineData(@"Scores: \boxed{8, 7", "no \\boxed")]
    [InlineData(@"Scores: \fbox{8, 7}", "no \\boxed")]
    [InlineData("see [1, 2] for the sources, both are fine", "no \\boxed")]
    [InlineData("", "the answer is empty")]
    [InlineData(" \n\t", "the answer is empty")]
    [InlineData(@"<think>Scores: \boxed{8, 7}", "the thinking never ended")]
    public void Anything_else_is_unparsable_and_says_why(string text, string why)
    {
        Reading reading = Samples.Grm.Read(Samples.Reply(text), shown: 2);

        Assert.Equal(JudgementOutcome.Unparsable, reading.Outcome);
        Assert.Null(reading.Scores);
        Assert.Contains(why, reading.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void One_response_alone_is_scored_on_the_same_scale()
    {
        Assert.Equal([9.0], Samples.Grm.Read(Samples.Reply(@"Scores: \boxed{9}"), shown: 1).Scores!);
        Assert.Equal(JudgementOutcome.Unparsable, Samples.Grm.Read(Samples.Reply(@"Scores: \boxed{0}"), shown: 1).Outcome);
    }

    [Fact]
    public void Scores_written_in_the_grammar_come_back() =>
        Gen.Int[1, 10].Array[1, 40].Sample(scores =>
        {
            string answer = $"Specific Criteria: accuracy (100%)\nAnalysis: …\nScores: \\boxed{{{string.Join(", ", scores)}}}";
            Reading reading = Samples.Grm.Read(Samples.Reply(answer), scores.Length);
            Assert.Equal(scores.Select(static s => (double)s), reading.Scores!);
        });

    [Fact]
    public void A_count_that_differs_never_scores() =>
        Gen.Select(Gen.Int[1, 10].Array[1, 10], Gen.Int[1, 10]).Where(static t => t.Item1.Length != t.Item2).Sample((scores, shown) =>
            Assert.Equal(JudgementOutcome.Unparsable, Samples.Grm.Read(Samples.Reply($"Scores: \\boxed{{{string.Join(",", scores)}}}"), shown).Outcome));
}
