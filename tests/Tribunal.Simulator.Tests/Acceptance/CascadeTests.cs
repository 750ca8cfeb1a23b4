using Tribunal.Calibration;
using Tribunal.Protocols;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;
using Tribunal.Verdicts;

namespace Tribunal.Simulator.Tests.Acceptance;

/// <summary>
/// A cheap simulated judge and one that costs ten times as much a judgement and errs less: what the cascade costs and loses against the
/// dear one alone. The threshold is learned on one batch and told on another. The rule was developed on seeds 50001 and 50002; those here
/// were first looked at when it stood.
/// </summary>
public sealed class CascadeTests(ITestOutputHelper output)
{
    private const double Price = 10;
    private static readonly SchemeOptions Plain = new() { Kind = JudgingKind.Listwise, Policy = new PolicyOptions { Kind = PolicyKind.Adaptive, Max = 8 } };

    [Theory]
    [InlineData(0.65, 0.3, 0.2, 91005)]
    public void It_reaches_the_dear_one_within_half_a_point_at_a_third_of_its_cost(double noise, double cheapBias, double dearBias, long seed)
    {
        (Played cheap, Played dear) = Judge(seed, 16_000);
        LabelledVerdict[] labelled = [.. cheap.Verdicts.Select((verdict, i) => new LabelledVerdict(verdict.Id, verdict.Confidence!.Value, verdict.Margin!.Value, verdict.Stop == StopReason.Exhausted, cheap.Right[i] == 1, dear.Right[i] == 1))];
        StoredCalibration calibration = StoredCalibration.Fit(labelled)!;
        double below = calibration.Cascade(labelled, 0.005).Below;

        (cheap, dear) = Judge(seed + 1, 16_000);
        bool[] goesOn = [.. cheap.Verdicts.Select(verdict => verdict.CorrectnessBy(calibration) < below)];
        double[] right = [.. goesOn.Select((on, i) => on ? dear.Right[i] : cheap.Right[i])];
        (double lost, double half) = Played.Interval([.. right.Zip(dear.Right, static (cascade, alone) => cascade - alone)]);
        double cost = goesOn.Select((on, i) => cheap.Drawn[i] + (on ? Price * dear.Drawn[i] : 0)).Sum() / (Price * dear.Drawn.Sum());
        output.WriteLine($"cheap {cheap.Accuracy:P1}, dear {dear.Accuracy:P1}, noise {noise}: {goesOn.Average(static on => on ? 1.0 : 0):P1} go on, {100 * lost:F2} ± {100 * half:F2} points at {cost:P1} of the dear one's cost; {cost * dear.Judgements / 8:P1} of eight judgements each");

        Assert.InRange(lost, -0.005 - half, 1);
        Assert.InRange(cost, 0.05, 1.0 / 3);

        (Played Cheap, Played Dear) Judge(long batch, int rollouts) => (Play(cheapBias, "cheap", batch, rollouts), Play(dearBias, "dear", batch, rollouts));

        Played Play(double bias, string model, long batch, int rollouts)
        {
            var trial = new Trial("grm", 2, rollouts, batch, new NoiseModel { Noise = noise, Bias = bias }, model: model);
            return trial.Play(Plain with { Learned = trial.Learn(Plain) });
        }
    }
}
