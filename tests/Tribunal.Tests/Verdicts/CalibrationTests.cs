using Tribunal.Calibration;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Verdicts;

public sealed class CalibrationTests
{
    [Fact]
    public void The_table_and_its_error_are_as_defined()
    {
        Reliability table = Calibrator.Table([new(0.95, true), new(0.91, false), new(0.62, true), new(1, true)]);
        Assert.Equal(10, table.Bins.Count);
        Assert.Equal(3, table.Bins[9].Count);
        Assert.Equal(2.0 / 3, table.Bins[9].Accuracy!.Value, 12);
        Assert.Null(table.Bins[0].Accuracy);
        Assert.Equal((Math.Abs(2 - 2.86) / 4) + (0.38 / 4), table.Ece, 12);
    }

    [Fact]
    public void Temperature_scaling_tames_overconfidence_on_verdicts_it_was_not_fitted_on()
    {
        Outcome[] outcomes = Overconfident(4000, temperature: 2);
        Assert.Equal(2, Calibrator.FitTemperature(outcomes), 0.2);
        CalibrationReport report = Calibrator.HeldBack(outcomes[..2000], outcomes[2000..])!;
        Assert.Equal(2000, report.FittedOn);
        Assert.Equal(2000, report.Before.Count);
        Assert.True(report.After.Ece < report.Before.Ece / 2);
    }

    [Fact]
    public void A_temperature_keeps_the_order_and_the_even_chance()
    {
        Assert.Equal(0.5, Calibrator.Scale(0.5, 3), 12);
        Assert.True(Calibrator.Scale(0.9, 3) < 0.9 && Calibrator.Scale(0.9, 3) > Calibrator.Scale(0.8, 3));
        Assert.InRange(Calibrator.Scale(1, 1), 0.999, 1);
        Assert.Equal(1, Calibrator.FitTemperature([]));
        Assert.Null(Calibrator.HeldBack([new(0.9, true)], [new(0.9, true)]));
    }

    [Fact]
    public void Sums_of_any_shards_say_what_the_single_outcomes_say()
    {
        Outcome[] outcomes = Overconfident(4000, temperature: 2);
        var whole = new ConfidenceSums();
        ConfidenceSums[] shards = [new(), new(), new()];
        for (int i = 0; i < outcomes.Length; i++)
        {
            whole.Add($"r{i}", outcomes[i].Confidence, outcomes[i].Correct);
            shards[i % 3].Add($"r{i}", outcomes[i].Confidence, outcomes[i].Correct);
        }

        var merged = new ConfidenceSums();
        foreach (ConfidenceSums shard in shards)
        {
            merged.Merge(shard);
        }

        Reliability exact = Calibrator.Table(outcomes);
        Assert.Equal(exact.Ece, merged.Table()!.Ece, 10);
        Assert.Equal(exact.Bins.Select(static bin => bin.Count), merged.Table()!.Bins.Select(static bin => bin.Count));
        CalibrationReport report = merged.HeldBack()!;
        Assert.Equal(4000, report.FittedOn + report.After.Count);
        Assert.InRange(report.FittedOn, 1900, 2100);
        Assert.Equal(2, report.Temperature, 0.3);
        Assert.Equal(whole.HeldBack()!.Temperature, report.Temperature, 6);
        Assert.True(report.After.Ece < report.Before.Ece / 2);
        Assert.Null(new ConfidenceSums().Table());
    }

    [Fact]
    public void A_certain_verdict_has_a_cell_too()
    {
        var sums = new ConfidenceSums();
        sums.Add("a", 1, true);
        sums.Add("b", 0, false);
        Assert.Equal((2, 0.0), (sums.Table()!.Count, sums.Table()!.Ece));
        Assert.Null(sums.HeldBack());
    }

    private static Outcome[] Overconfident(int count, double temperature)
    {
        var random = new SeededRandom(9);
        var outcomes = new Outcome[count];
        for (int i = 0; i < count; i++)
        {
            double logit = 4 * random.NextDouble();
            bool right = random.NextDouble() < 1 / (1 + Math.Exp(-logit / temperature));
            outcomes[i] = new Outcome(1 / (1 + Math.Exp(-logit)), right);
        }

        return outcomes;
    }
}
