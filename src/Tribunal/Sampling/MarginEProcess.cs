using MathNet.Numerics.Distributions;

namespace Tribunal.Sampling;

/// <summary>
/// A bet against "the leader does not lead". Observations are margins in [−1, 1] of a leader over one other candidate; the wealth
/// Σ_k Π_t (1 + λ_k x_t) / K over a grid of stakes λ_k is a supermartingale from 1 whenever the conditional mean of x is 0 or less, so
/// by Ville's inequality it ever reaches 1/α with probability at most α: the error holds at every stopping time.
/// After the martingale majority certificate (arXiv 2510.17472), with a mixture over stakes.
/// </summary>
internal sealed class MarginEProcess
{
    // The best stake is near the margin, which may be anything; a grid costs at most a factor of its size.
    private static readonly double[] Stakes = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98];

    private readonly double[] _wealth = Array.ConvertAll(Stakes, static _ => 1.0);

    /// <summary>The wealth, from 1.</summary>
    public double Value => _wealth.Average();

    /// <summary>
    /// What the wealth against every other of n candidates must reach to certify the leader with error α: n/α. Whoever is wrongly
    /// certified must have beaten the true best, whose bet is then a supermartingale (the composite null needs no correction); there
    /// are n who could be (the union does), the best itself counted in, for where several are equal nobody leads.
    /// </summary>
    /// <param name="error">α, in (0, 1).</param>
    /// <param name="candidates">n, at least 1.</param>
    public static double Threshold(double error, int candidates) => candidates / error;

    /// <summary>Adds an observation in [−1, 1].</summary>
    public void Add(double margin)
    {
        for (int k = 0; k < _wealth.Length; k++)
        {
            _wealth[k] *= 1 + (Stakes[k] * margin);
        }
    }

    /// <summary>
    /// About how probably the wealth reaches a threshold within so many observations more: a normal approximation of the sum of logarithms for
    /// the stake that has the best prospect, doubled because what is reached on the way need not last (the reflection principle).
    /// </summary>
    /// <param name="threshold">Above 0.</param>
    /// <param name="remaining">Observations to come, 0 or more.</param>
    /// <param name="logs">Mean and variance of log(1 + λx) of one observation, by the stake λ.</param>
    public double Reaches(double threshold, double remaining, Func<double, (double Mean, double Variance)> logs)
    {
        double need = Math.Log(threshold * _wealth.Length);
        double best = 0;
        for (int k = 0; k < _wealth.Length; k++)
        {
            (double mean, double variance) = logs(Stakes[k]);
            double then = Math.Log(_wealth[k]) + (remaining * mean);
            double deviation = Math.Sqrt(remaining * variance);
            best = Math.Max(best, deviation > 0 ? 2 * Normal.CDF(need, deviation, then) : then >= need ? 1 : 0);
        }

        return Math.Min(1, best);
    }
}
