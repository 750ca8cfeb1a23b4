using System.Text;
using Tribunal.Formats.Recorded;
using Tribunal.Judgements;

namespace Tribunal.Formats.Tests.Issues;

/// <summary>Reported: recorded grades from 1 to 5 are voted as if from 1 to 10, 50 as the best of them, and 1e999 ends the import with a defect.</summary>
public sealed class RecordedGradesTests
{
    [Theory]
    [InlineData("5"), InlineData("1")]
    public async Task A_recorded_grade_tells_its_scale(string grade)
    {
        Judgement judgement = await GradedAsync(grade);
        Assert.Equal(JudgementOutcome.Valid, judgement.Outcome);
        Assert.Equal([1.0, 5.0], judgement.Scale!);
    }

    [Theory]
    [InlineData("0"), InlineData("50"), InlineData("1e999"), InlineData("-1"), InlineData("null")]
    public async Task A_recorded_number_off_the_scale_is_no_grade(string grade)
    {
        Judgement judgement = await GradedAsync(grade);
        Assert.Equal((JudgementOutcome.Unparsable, "no grade from 1 to 5 was recorded"), (judgement.Outcome, judgement.Why));
        Assert.Null(judgement.Scores);
        Assert.Null(judgement.Scale);
    }

    [Theory]
    [InlineData("[1,5]", null), InlineData("null", null)]
    [InlineData("[5,1]", "scale is not two ascending numbers"), InlineData("[1]", "scale is not two ascending numbers"), InlineData("[0,1e999]", "scale is not two ascending numbers")]
    public async Task A_ledger_line_with_a_scale_that_is_none_is_refused(string scale, string? error)
    {
        RecordedLine line = await ReadAsync(
            $$"""{"rolloutId":"a","sample":0,"protocol":"mine","judge":"m","order":[0],"outcome":"valid","finish":"stop","scores":[4],"scale":{{scale}}}""");
        Assert.Equal(error, line.Error);
    }

    [Theory]
    [InlineData("11", null, "the score 11 is not on the scale from 1 to 10"), InlineData("0", "[1,5]", "the score 0 is not on the scale from 1 to 5"), InlineData("1e999", null, "a score is not finite"), InlineData("10", null, null)]
    public async Task A_ledger_line_with_a_score_off_its_scale_is_refused_by_name(string score, string? scale, string? error)
    {
        RecordedLine line = await ReadAsync(
            $$"""{"rolloutId":"a","sample":0,"protocol":"grm","judge":"m","order":[0],"outcome":"valid","finish":"stop","scores":[{{score}}],"scale":{{scale ?? "null"}}}""");
        Assert.Equal(error, line.Error);
    }

    [Theory]
    [InlineData("1e999", "1", "scores_chosen"), InlineData("1e999", "1e999", "scores_chosen"), InlineData("1", "-1e999", "scores_rejected")]
    public async Task A_recorded_reward_that_is_no_number_is_refused_and_no_tie(string chosen, string rejected, string named)
    {
        RecordedLine line = await ReadAsync($$"""{"id":1,"text_chosen":"a","text_rejected":"b","scores_chosen":{{chosen}},"scores_rejected":{{rejected}},"results":1}""");
        Assert.Equal($"{named} is larger than a number can be", line.Error);
        Assert.Empty(line.Judgements);
    }

    private static async Task<Judgement> GradedAsync(string grade) => Assert.Single(
        (await ReadAsync($$$"""{"a":{"id":"a","input":"Q","response":"r","score":{{{grade}}},"feedback":"x"}}""")).Judgements);

    private static async Task<RecordedLine> ReadAsync(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        return Assert.Single(await LedgerImport.ReadAsync(stream, new ImportOptions(), TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
    }
}
