using Tribunal.MetaReward;

namespace Tribunal.Learning.Meta;

/// <summary>Platt scaling (J. Platt 1999), with his targets that keep separable scores finite.</summary>
internal static class Platt
{
    private const int Iterations = 100;

    public static double Sigmoid(double logit) => 1 / (1 + Math.Exp(-logit));

    /// <summary>The slope, at least 0, and intercept with the smallest log loss.</summary>
    public static MetaCalibration Fit(IReadOnlyList<(double Score, bool Right)> scores)
    {
        int right = scores.Count(static s => s.Right);
        double up = (right + 1.0) / (right + 2.0);
        double down = 1.0 / (scores.Count - right + 2.0);
        double mean = scores.Average(static s => s.Score);
        double spread = Math.Sqrt(scores.Average(s => (s.Score - mean) * (s.Score - mean)));
        spread = spread > 1e-9 ? spread : 1;
        double a = 0;
        double b = Math.Log((right + 1.0) / (scores.Count - right + 1.0));
        for (int i = 0; i < Iterations; i++)
        {
            double ga = 0, gb = 0, haa = 1e-9, hab = 0, hbb = 1e-9;
            foreach ((double score, bool isRight) in scores)
            {
                double z = (score - mean) / spread;
                double p = Sigmoid((a * z) + b);
                double error = p - (isRight ? up : down);
                double w = p * (1 - p);
                ga += error * z;
                gb += error;
                haa += w * z * z;
                hab += w * z;
                hbb += w;
            }

            double determinant = (haa * hbb) - (hab * hab);
            double da = ((hbb * ga) - (hab * gb)) / determinant;
            double db = ((haa * gb) - (hab * ga)) / determinant;
            double size = Math.Abs(da) + Math.Abs(db);
            double step = Math.Min(1, 2 / Math.Max(size, 1e-12));
            a -= step * da;
            b -= step * db;
            if (size < 1e-9)
            {
                break;
            }
        }

        // A score that ranks backwards on what it has not seen is worth nothing, and must not be turned around by luck.
        return a >= 0 ? new MetaCalibration(a / spread, b - (a * mean / spread)) : new MetaCalibration(0, Math.Log((right + 1.0) / (scores.Count - right + 1.0)));
    }

    /// <summary>Mean log loss in nats.</summary>
    public static double Loss(IReadOnlyList<(double Score, bool Right)> scores, MetaCalibration calibration) => scores.Average(s =>
    {
        double p = Sigmoid((calibration.Slope * s.Score) + calibration.Intercept);
        return -Math.Log(Math.Max(s.Right ? p : 1 - p, 1e-12));
    });
}
