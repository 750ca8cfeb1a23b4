using MathNet.Numerics;
using MathNet.Numerics.Distributions;

namespace Tribunal.Voting;

/// <summary>How probable it is that a leader really leads.</summary>
internal static class LeaderPosterior
{
    // Prior of a score difference, in shares of the score range: about two points of ten between judgements, worth two
    // judgements; a mean of 0 worth half a judgement. It keeps two agreeing judgements from being certainty.
    private const double PriorSpread = 0.2;
    private const double PriorSpreadWeight = 2;
    private const double PriorMeanWeight = 0.5;

    /// <summary>
    /// P(p &gt; ½) under Beta(a+1, b+1): the leader has a votes and the other b (draws half each, weights may be fractions).
    /// Adaptive-Consistency, arXiv 2305.11860.
    /// </summary>
    public static double Votes(double forLeader, double forOther) =>
        1 - SpecialFunctions.BetaRegularized(forLeader + 1, forOther + 1, 0.5);

    /// <summary>
    /// P(mean difference &gt; <paramref name="above"/>) under the Student-t posterior of a normal model with a weak normal–inverse-gamma prior.
    /// </summary>
    /// <param name="count">How many differences (an effective number where they are weighted), above 0.</param>
    /// <param name="mean">Their mean, in shares of the score range.</param>
    /// <param name="squares">Their sum of squares about the mean.</param>
    /// <param name="beside">What responses beside the two show of the spread as well: their sum of squares, and its degrees of freedom.</param>
    /// <param name="above">The difference that is to be passed, in shares of the score range.</param>
    internal static double Difference(double count, double mean, double squares, (double Squares, double Freedom) beside, double above)
    {
        (double location, double scale, double freedom) = Posterior(count, mean, squares, beside);
        return 1 - StudentT.CDF(location, scale, freedom, above);
    }

    /// <summary>Location, scale and degrees of freedom of the posterior of the mean difference.</summary>
    internal static (double Location, double Scale, double Freedom) Posterior(
        double count, double mean, double squares, (double Squares, double Freedom) beside)
    {
        double weight = PriorMeanWeight + count;
        double freedom = PriorSpreadWeight + count + beside.Freedom;
        double variance = ((PriorSpreadWeight * PriorSpread * PriorSpread) + squares + beside.Squares
            + (PriorMeanWeight * count / weight * mean * mean)) / freedom;
        return (count * mean / weight, Math.Sqrt(variance / weight), freedom);
    }

    /// <summary>
    /// The probability that the posterior is decided, either way, once there are <paramref name="later"/> observations instead
    /// of <paramref name="now"/>, by the normal approximation of its predictive distribution.
    /// </summary>
    internal static double Decidable(double location, double scale, double now, double later, double confidence)
    {
        double then = scale * Math.Sqrt(now / later);
        double spread = Math.Sqrt(Math.Max(0, (scale * scale) - (then * then)));
        if (spread <= 0)
        {
            return 0;
        }

        double needed = Normal.InvCDF(0, 1, confidence) * then;
        return Normal.CDF(0, 1, (location - needed) / spread) + Normal.CDF(0, 1, (-location - needed) / spread);
    }
}
