using MathNet.Numerics.LinearAlgebra;

namespace Tribunal.Calibration;

/// <summary>The log-odds that a verdict is right: a logistic regression on what it says of itself.</summary>
/// <param name="Intercept">What all have in common.</param>
/// <param name="Confidence">What one unit of logit(confidence) adds; the logit is cut at ±8.</param>
/// <param name="Margin">What a margin of 1 adds.</param>
public sealed record CalibrationOdds(double Intercept, double Confidence, double Margin)
{
    private const double Farthest = 8;

    // A weak prior about 0 keeps a regression finite where labels are few or all alike.
    private const double Ridge = 1e-2;

    /// <summary>The probability, in (0, 1).</summary>
    /// <param name="confidence">In [0, 1].</param>
    /// <param name="margin">In [0, 1].</param>
    public double Of(double confidence, double margin) => 1 / (1 + Math.Exp(-(Intercept + (Confidence * Logit(confidence)) + (Margin * margin))));

    /// <summary>The most likely one, by Newton's method.</summary>
    internal static CalibrationOdds Fit(IReadOnlyList<LabelledVerdict> verdicts, Func<LabelledVerdict, bool> right)
    {
        var at = Vector<double>.Build.Dense(3);
        for (int step = 0; step < 50; step++)
        {
            Vector<double> gradient = at * -Ridge;
            Matrix<double> information = Matrix<double>.Build.DenseDiagonal(3, Ridge);
            foreach (LabelledVerdict verdict in verdicts)
            {
                var x = Vector<double>.Build.DenseOfArray([1, Logit(verdict.Confidence), verdict.Margin]);
                double p = 1 / (1 + Math.Exp(-at.DotProduct(x)));
                gradient += x * ((right(verdict) ? 1 : 0) - p);
                information += x.OuterProduct(x) * (p * (1 - p));
            }

            Vector<double> change = information.Solve(gradient);
            at += change;
            if (change.L2Norm() < 1e-9)
            {
                break;
            }
        }

        return new CalibrationOdds(at[0], at[1], at[2]);
    }

    private static double Logit(double confidence) => Math.Clamp(Math.Log(confidence / (1 - confidence)), -Farthest, Farthest);
}
