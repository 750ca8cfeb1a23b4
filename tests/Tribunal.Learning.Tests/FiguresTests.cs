using CsCheck;
using Microsoft.ML;
using Tribunal.Learning.Meta;
using Tribunal.Learning.Panels;
using Tribunal.MetaReward;
using Tribunal.Rollouts;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Learning.Tests;

/// <summary>Ranking, calibration and the panel's splits.</summary>
public sealed class FiguresTests
{
    [Fact]
    public void The_area_under_the_curve_by_hand()
    {
        Assert.Equal(0.75, Ranking.Auc([(1, false), (2, true), (3, false), (4, true)]));
        Assert.Equal(0.5, Ranking.Auc([(1, false), (1, true)]));
        Assert.Null(Ranking.Auc([(1, true), (2, true)]));
        Assert.Equal((3.0, 4.0), Ranking.Concordance([(1, false), (2, true), (3, false), (4, true)]));
    }

    [Fact]
    public void A_monotone_transform_of_the_scores_changes_no_area()
    {
        Gen.Select(Gen.Int[-20, 20], Gen.Bool).Array[2, 40].Sample(static rows =>
            Assert.Equal(
                Ranking.Auc([.. rows.Select(static r => ((double)r.Item1, r.Item2))]),
                Ranking.Auc([.. rows.Select(static r => (Math.Exp(r.Item1 / 5.0) + 3, r.Item2))])));
    }

    [Fact]
    public void Platt_scaling_finds_the_line_that_made_the_labels()
    {
        var random = new SeededRandom(4);
        (double, bool)[] scores = [.. Enumerable.Range(0, 20_000).Select(_ =>
        {
            double score = random.NextNormal() * 3;
            return (score, random.NextDouble() < Platt.Sigmoid((0.7 * score) - 0.4));
        })];
        MetaCalibration line = Platt.Fit(scores);
        Assert.InRange(line.Slope, 0.66, 0.74);
        Assert.InRange(line.Intercept, -0.46, -0.34);
        Assert.True(Platt.Loss(scores, line) < Platt.Loss(scores, new MetaCalibration(1, 0)));
    }

    [Fact]
    public void Scores_that_rank_backwards_are_worth_nothing_and_separable_ones_stay_finite()
    {
        Assert.Equal(0, Platt.Fit([.. Enumerable.Range(0, 100).Select(static i => ((double)i, i < 50))]).Slope);
        MetaCalibration separable = Platt.Fit([.. Enumerable.Range(0, 100).Select(static i => ((double)i - 49.5, i >= 50))]);
        Assert.True(double.IsFinite(separable.Slope) && separable.Slope > 0);
    }

    [Fact]
    public void Only_what_is_better_by_more_than_a_standard_error_is_clearly_better()
    {
        bool[] half = [.. Enumerable.Range(0, 100).Select(static i => i % 2 == 0)];
        Assert.False(Ranking.ClearlyBetter(half, half));
        Assert.False(Ranking.ClearlyBetter(half, [.. half.Select(static (f, i) => i is 1 or 3 || (f && i != 0))]));
        Assert.True(Ranking.ClearlyBetter(half, [.. half.Select(static (f, i) => i < 20 || f)]));
    }

    [Fact]
    public void The_files_trees_say_what_the_library_says()
    {
        var random = new SeededRandom(11);
        double[][] rows = [.. Enumerable.Range(0, 600).Select(_ => Enumerable.Range(0, 3).Select(_ => (double)(float)random.NextNormal()).ToArray())];
        bool[] labels = [.. rows.Select(r => (r[0] * r[1]) + (0.3 * r[2]) > 0.2 * random.NextNormal())];
        Fitted fitted = Learners.Fit(MetaLearner.Trees, rows, labels, 1);
        IReadOnlyList<MetaTree> trees = fitted.Trees!;
        double[] scores = [.. rows.Select(row => fitted.Bias + trees.Sum(tree =>
        {
            int node = tree.Features.Count == 0 ? -1 : 0;
            while (node >= 0)
            {
                node = row[tree.Features[node]] <= tree.Thresholds[node] ? tree.Left[node] : tree.Right[node];
            }

            return tree.Leaves[~node];
        }))];
        Assert.True(Ranking.Auc([.. scores.Zip(labels)]) > 0.95);
        double[] theirs = Learners.Predict(rows, labels, 1);
        Assert.All(scores.Zip(theirs), static s => Assert.Equal(s.Second, s.First, 4));
    }

    [Fact]
    public void Panel_weights_are_learned_apart_from_what_they_are_tried_on()
    {
        IReadOnlyList<PanelTrialRow> rows = PanelTrial.Run(Worlds.Make(60), VotingRule.Auto, seed: 1, splits: 3, share: 0.5, samples: [2, null]);
        Assert.Equal(8, rows.Count);
        // One judge alone: one weight can change nothing.
        Assert.All(rows.Where(static row => row.Method != PanelMethod.DawidSkene), static row => Assert.Equal(new Spread(0, 0, 0), row.Difference));
        (int[] train, int[] test) = MetaTrial.Split(Enumerable.Range(0, 21).ToArray(), 5, 2, 0.5);
        Assert.Equal(Enumerable.Range(0, 21), train.Concat(test).Order());
        Assert.Equal(10, train.Length);
        Assert.Throws<TooFewLabelsException>(() => PanelTrial.Run([], VotingRule.Auto, 1, 1, 0.5, [null]));
    }
}
