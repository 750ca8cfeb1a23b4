using Tribunal.Runs.Orchestration;

namespace Tribunal.Reports.Tests;

public sealed class ScoreGridTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(32)]
    public void Every_bin_but_the_outer_ones_holds_as_many_values_that_a_mean_of_scores_can_take(int votes)
    {
        var histogram = new Histogram(ScoreGrid.StepsOf("grm", null, new EvaluationRequest { Batch = "b" }, votes));
        for (int i = 0; i <= 9 * votes; i++)
        {
            histogram.Add((double)i / (9 * votes));
        }

        Assert.True(histogram.Counts.Count <= 41);
        Assert.Single(histogram.Counts.Skip(1).SkipLast(1).Distinct());
        Assert.Equal(histogram.Counts.Count + 1, histogram.Edges.Length);
        Assert.Equal((9 * votes) + 1, histogram.Counts.Sum());
    }

    [Fact]
    public void Pairs_and_unknown_protocols_have_the_usual_bins()
    {
        Assert.Equal(Histogram.Usual, ScoreGrid.StepsOf("rrm", null, new EvaluationRequest { Batch = "b" }, 8));
        Assert.Equal(Histogram.Usual, ScoreGrid.StepsOf("my-own", null, new EvaluationRequest { Batch = "b" }, 8));
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "\"a,b\"")]
    [InlineData("say \"x\"", "\"say \"\"x\"\"\"")]
    [InlineData("=HYPERLINK(1)", "'=HYPERLINK(1)")]
    [InlineData("-1+2", "'-1+2")]
    public void Cells_of_saved_figures_run_as_no_formula(string text, string cell) => Assert.Equal(cell, RunPlots.Cell(text));
}
