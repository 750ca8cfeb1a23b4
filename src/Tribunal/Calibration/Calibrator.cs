namespace Tribunal.Calibration;

/// <summary>A confidence, and whether the verdict that had it was right.</summary>
/// <param name="Confidence">In [0, 1].</param>
/// <param name="Correct">Whether the best response was found.</param>
/// <param name="Count">How many verdicts this stands for, 1 or more.</param>
public readonly record struct Outcome(double Confidence, bool Correct, long Count = 1);

/// <summary>One bin of a reliability table.</summary>
/// <param name="Low">Smallest confidence, inclusive.</param>
/// <param name="High">Largest, exclusive but for the last bin.</param>
/// <param name="Count">Verdicts in it.</param>
/// <param name="Confidence">Their mean confidence; null when empty.</param>
/// <param name="Accuracy">The share that was right; null when empty.</param>
public sealed record ReliabilityBin(double Low, double High, long Count, double? Confidence, double? Accuracy);

/// <summary>How far confidences can be believed.</summary>
/// <param name="Bins">Bins of equal width over [0, 1].</param>
/// <param name="Ece">Expected calibration error: Σ |accuracy − confidence| · share, in [0, 1] (Guo et al. 2017, eq. 3).</param>
/// <param name="Count">Verdicts in all.</param>
public sealed record Reliability(IReadOnlyList<ReliabilityBin> Bins, double Ece, long Count);

/// <summary>Confidences before and after temperature scaling, on verdicts that the temperature was not fitted on.</summary>
/// <param name="Temperature">T: logit(confidence) / T; above 1 tempers, below 1 sharpens.</param>
/// <param name="FittedOn">Verdicts that it was fitted on.</param>
/// <param name="Before">As voted, on the rest.</param>
/// <param name="After">Scaled, on the rest.</param>
public sealed record CalibrationReport(double Temperature, long FittedOn, Reliability Before, Reliability After);

/// <summary>Reliability tables and temperature scaling (C. Guo et al., On Calibration of Modern Neural Networks, ICML 2017).</summary>
public static class Calibrator
{
    /// <summary>Bins of a reliability table, of equal width.</summary>
    public const int Bins = 10;

    private const double Edge = 1e-6;
    private const int Fewest = 20;

    /// <summary>The reliability table.</summary>
    /// <param name="outcomes">Confidences and whether they were right.</param>
    public static Reliability Table(IReadOnlyCollection<Outcome> outcomes)
    {
        long[] counts = new long[Bins];
        double[] confidence = new double[Bins];
        long[] correct = new long[Bins];
        long all = 0;
        foreach (Outcome outcome in outcomes)
        {
            int bin = Math.Clamp((int)(outcome.Confidence * Bins), 0, Bins - 1);
            counts[bin] += outcome.Count;
            confidence[bin] += outcome.Confidence * outcome.Count;
            correct[bin] += outcome.Correct ? outcome.Count : 0;
            all += outcome.Count;
        }

        double ece = 0;
        var table = new ReliabilityBin[Bins];
        for (int bin = 0; bin < Bins; bin++)
        {
            bool any = counts[bin] > 0;
            table[bin] = new ReliabilityBin(
                (double)bin / Bins,
                (bin + 1.0) / Bins,
                counts[bin],
                any ? confidence[bin] / counts[bin] : null,
                any ? (double)correct[bin] / counts[bin] : null);
            ece += any ? Math.Abs(correct[bin] - confidence[bin]) / all : 0;
        }

        return new Reliability(table, ece, all);
    }

    /// <summary>The temperature in [0.05, 20] with the smallest log loss; 1 where there is nothing to fit on.</summary>
    public static double FitTemperature(IReadOnlyCollection<Outcome> outcomes)
    {
        if (outcomes.Count == 0)
        {
            return 1;
        }

        // The loss is convex in 1/T; golden-section search over its logarithm is exact enough.
        double low = Math.Log(0.05);
        double high = Math.Log(20);
        double ratio = (Math.Sqrt(5) - 1) / 2;
        for (int i = 0; i < 60; i++)
        {
            double a = high - (ratio * (high - low));
            double b = low + (ratio * (high - low));
            if (Loss(outcomes, Math.Exp(a)) <= Loss(outcomes, Math.Exp(b)))
            {
                high = b;
            }
            else
            {
                low = a;
            }
        }

        return Math.Exp((low + high) / 2);
    }

    /// <summary>A confidence under a temperature: σ(logit(c) / T).</summary>
    public static double Scale(double confidence, double temperature)
    {
        double c = Math.Clamp(confidence, Edge, 1 - Edge);
        return 1 / (1 + Math.Exp(-Math.Log(c / (1 - c)) / temperature));
    }

    /// <summary>Fits a temperature on one share of the outcomes and reports on the other.</summary>
    /// <param name="fit">The share to fit on.</param>
    /// <param name="rest">The share to report on.</param>
    /// <returns>Null with fewer than 20 outcomes in all, or none in a share.</returns>
    public static CalibrationReport? HeldBack(IReadOnlyCollection<Outcome> fit, IReadOnlyCollection<Outcome> rest)
    {
        long fitted = fit.Sum(static outcome => outcome.Count);
        if (fitted == 0 || rest.Count == 0 || fitted + rest.Sum(static outcome => outcome.Count) < Fewest)
        {
            return null;
        }

        double temperature = FitTemperature(fit);
        return new CalibrationReport(
            temperature,
            fitted,
            Table(rest),
            Table([.. rest.Select(o => o with { Confidence = Scale(o.Confidence, temperature) })]));
    }

    private static double Loss(IReadOnlyCollection<Outcome> outcomes, double temperature) => outcomes.Sum(outcome =>
    {
        double p = Scale(outcome.Confidence, temperature);
        return -(outcome.Count * Math.Log(Math.Max(outcome.Correct ? p : 1 - p, double.Epsilon)));
    });
}
