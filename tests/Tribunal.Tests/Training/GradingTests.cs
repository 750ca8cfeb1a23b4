using Tribunal.Judgements;
using Tribunal.Training;

namespace Tribunal.Tests.Training;

public sealed class GradingTests
{
    [Theory]
    [InlineData(new[] { 0 }, new[] { 8.0, 5, 3 }, Grade.Correct)]
    [InlineData(new[] { 0 }, new[] { 8.0, 8, 3 }, Grade.Incorrect)]
    [InlineData(new[] { 0 }, new[] { 3.0, 8, 8 }, Grade.Incorrect)]
    [InlineData(new[] { 0, 2 }, new[] { 8.0, 5, 8 }, Grade.Correct)]
    [InlineData(new[] { 0, 2 }, new[] { 8.0, 5, 2 }, Grade.Correct)]
    [InlineData(new[] { 0, 2 }, new[] { 8.0, 8, 2 }, Grade.Incorrect)]
    public void A_list_is_right_where_a_best_response_scores_more_than_all_that_are_not(int[] best, double[] scores, Grade expected) =>
        Assert.Equal(expected, Grading.Of(Trials.Scored(0, scores), Label.Of(Trials.Rollout(3, best), null)!));

    [Theory]
    [InlineData("imported", 1, 1, Grade.Correct)]
    [InlineData("imported", 0, 0, Grade.Correct)]
    [InlineData("imported", 0, 1, Grade.Incorrect)]
    [InlineData("imported", 1, 7, Grade.Incorrect)]
    [InlineData("grm", 1, 10, Grade.Correct)]
    [InlineData("grm", 0, 1, Grade.Correct)]
    [InlineData("grm", 1, 1, Grade.Incorrect)]
    [InlineData("grm", 1, 9, Grade.Incorrect)]
    public void A_response_alone_is_right_where_its_score_is_the_truth_on_its_scale(string protocol, double truth, double score, Grade expected) =>
        Assert.Equal(expected, Grading.Of(Trials.Scored(0, score) with { Protocol = protocol }, Label.Of(Trials.Rollout(1, scores: [truth]), null)!));

    [Theory]
    [InlineData(0, Grade.Correct)]
    [InlineData(1, Grade.Incorrect)]
    [InlineData(null, Grade.Incorrect)]
    public void A_pair_is_right_where_the_best_wins(int? winner, Grade expected) =>
        Assert.Equal(expected, Grading.Of(Trials.Pair(0, 0, 1, winner), Label.Of(Trials.Rollout(2, [0]), [0, 1])!));

    [Theory]
    [InlineData(JudgementOutcome.Unparsable, Grade.NoVerdict)]
    [InlineData(JudgementOutcome.Truncated, Grade.NoVerdict)]
    [InlineData(JudgementOutcome.Refused, Grade.NoVerdict)]
    [InlineData(JudgementOutcome.Failed, Grade.NoAnswer)]
    public void What_has_no_verdict_is_not_right(JudgementOutcome outcome, Grade expected)
    {
        Grade grade = Grading.Of(Trials.Without(0, outcome), Label.Of(Trials.Rollout(2, [0]), null)!);
        Assert.Equal(expected, grade);
        Assert.Equal(-1, Grading.Reward(grade));
    }

    [Fact]
    public void Only_what_is_correct_earns_a_reward() =>
        Assert.Equal([1, -1, -1, -1], Enum.GetValues<Grade>().Select(Grading.Reward));

    [Fact]
    public void Scores_that_miss_a_response_are_no_verdict() =>
        Assert.Equal(Grade.NoVerdict, Grading.Of(Trials.Scored(0, 8, 3), Label.Of(Trials.Rollout(3, [0]), null)!));

    [Fact]
    public void Best_decides_and_scores_help_where_it_does_not_tell_apart()
    {
        Assert.Equal([1], Label.Of(Trials.Rollout(3, [1], [9, 1, 1]), null)!.Best);
        Assert.Equal([0, 2], Label.Of(Trials.Rollout(3, scores: [5, 1, 5]), null)!.Best);
        Assert.Equal([2], Label.Of(Trials.Rollout(3, [1], [1, 9, 4]), [0, 2])!.Best);
        Assert.Equal([1], Label.Of(Trials.Rollout(3, [1], [1, 9, 4]), [2, 1])!.Best);
    }

    [Fact]
    public void A_label_that_tells_nothing_apart_is_none()
    {
        Assert.Null(Label.Of(Trials.Rollout(2, [0, 1]), null));
        Assert.Null(Label.Of(Trials.Rollout(2, scores: [3, 3]), null));
        Assert.Null(Label.Of(Trials.Rollout(3, [0]), [1, 2]));
        Assert.Null(Label.Of(Trials.Rollout(1, [0]), null));
        Assert.Null(Label.Of(Trials.Rollout(1, scores: [0.5]), null));
        Assert.Null(Label.Of(Trials.Rollout(2, [0]), [0, 2]));
        Assert.Null(Label.Of(Trials.Rollout(2, [0]), [1, 1]));
    }
}
