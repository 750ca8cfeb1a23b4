using MathNet.Numerics.Integration;

namespace Tribunal;

/// <summary>Two normal variables of mean 0 and variance 1 that depend on each other.</summary>
internal static class BivariateNormal
{
    private const int Order = 12;

    /// <summary>
    /// By how much P(X ≤ a and Y ≤ b) is above P(X ≤ a)·P(Y ≤ b): the integral over the correlation of Drezner and Wesolowsky (1990), by
    /// Gauss–Legendre's rule.
    /// </summary>
    /// <param name="correlation">Of X and Y, in [-1, 1].</param>
    public static double Excess(double a, double b, double correlation) => GaussLegendreRule.Integrate(
        t =>
        {
            double sin = Math.Sin(t);
            double cos = Math.Cos(t);
            return Math.Exp(-((a * a) + (b * b) - (2 * a * b * sin)) / (2 * cos * cos));
        },
        0,
        Math.Asin(correlation),
        Order) / (2 * Math.PI);
}
