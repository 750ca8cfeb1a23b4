using MathNet.Numerics;
using MathNet.Numerics.Distributions;
using MathNet.Numerics.LinearAlgebra;

namespace Tribunal.Voting;

/// <summary>What a Bradley–Terry fit assumes.</summary>
internal sealed record BradleyTerryOptions
{
    /// <summary>
    /// Wins and losses that every response is given against an average opponent of strength 1, at least 0; default ½. It keeps
    /// unanimous or unconnected comparisons finite and hardly moves the others; 0 is plain maximum likelihood.
    /// </summary>
    public double Prior { get; init; } = 0.5;

    /// <summary>Whether draws get a parameter of their own (Davidson 1970); otherwise a draw is half a win for each. Default: false.</summary>
    public bool Ties { get; init; }
}

/// <summary>
/// Bradley–Terry strengths by maximum likelihood (Newton's method; the log-likelihood is concave), with draws after
/// Davidson: P(i beats j) = π_i / (π_i + π_j + ν√(π_i π_j)), P(draw) = ν√(π_i π_j) / (the same).
/// R. A. Bradley and M. E. Terry, Biometrika 39 (1952); R. R. Davidson, JASA 65 (1970).
/// </summary>
/// <param name="logStrengths">ln π per response, summing to 0.</param>
/// <param name="tie">Davidson's ν, at least 0; 0 where draws have no parameter.</param>
/// <param name="covariance">The inverse of the Fisher information, the prior counted in.</param>
internal sealed class BradleyTerry(double[] logStrengths, double tie, Matrix<double> covariance)
{
    private const int MaxIterations = 100;
    private const double Tolerance = 1e-18;
    private const double Unbounded = 12;

    // Normal prior on ln ν, only where strengths have a prior too: all draws, or none, then stay finite.
    private const double LogTieVariance = 4;

    public IReadOnlyList<double> LogStrengths => logStrengths;

    public double Tie => tie;

    /// <summary>Fits strengths to a tally.</summary>
    /// <exception cref="ArgumentException">
    /// The prior is negative or not finite; or it is 0 and the likelihood has no finite maximum (some responses never lost to, or
    /// never met, the others).
    /// </exception>
    public static BradleyTerry Fit(PairTally tally, BradleyTerryOptions? options = null)
    {
        options ??= new BradleyTerryOptions();
        if (!(options.Prior >= 0) || double.IsInfinity(options.Prior))
        {
            throw new ArgumentException("bradleyTerry.prior: must be 0 or more.", nameof(options));
        }

        int n = tally.Responses;
        bool ties = options.Ties && tally.TotalDraws > 0;
        int size = ties ? n + 1 : n;
        double[] point = new double[size];
        double[] gradient = new double[size];
        double[,] information = new double[size, size];
        double value = Evaluate(tally, point, ties, options.Prior, gradient, information);
        int iteration = 0;
        while (true)
        {
            double[] step = Solve(information, gradient);
            double decrement = 0;
            for (int i = 0; i < size; i++)
            {
                decrement += step[i] * gradient[i];
            }

            // A likelihood without a maximum flattens out on the way to infinity.
            iteration++;
            if (options.Prior == 0 && (iteration > MaxIterations || Array.Exists(point, x => Math.Abs(x) > Unbounded)))
            {
                throw new ArgumentException(
                    "The comparisons have no finite Bradley–Terry fit without a prior: some responses never lost to, or never met, the others.",
                    nameof(tally));
            }

            if (decrement < Tolerance || iteration > MaxIterations)
            {
                break;
            }

            // Halving keeps Newton inside its domain where the first step overshoots.
            double length = 1;
            double[] next = new double[size];
            double reached;
            do
            {
                for (int i = 0; i < size; i++)
                {
                    next[i] = point[i] + (length * step[i]);
                }

                reached = Evaluate(tally, next, ties, options.Prior, gradient, information);
                length /= 2;
            }
            while (!(reached >= value - (1e-11 * (1 + Math.Abs(value)))) && length > 1e-6);
            point = next;
            value = reached;
        }

        double mean = 0;
        for (int i = 0; i < n; i++)
        {
            mean += point[i] / n;
        }

        return new BradleyTerry([.. point.Take(n).Select(log => log - mean)], ties ? Math.Exp(point[n]) : 0, Matrix<double>.Build.DenseOfArray(information).Inverse());
    }

    /// <summary>
    /// The reward of the first of two responses: P(first beats second) of the fit to their votes with the default prior, without the
    /// matrices that more than two need.
    /// </summary>
    /// <param name="won">Votes for the first, draws half.</param>
    /// <param name="lost">Votes for the second, draws half.</param>
    public static double PairReward(double won, double lost)
    {
        const double prior = 0.5;
        const double longest = 2;
        double d = 0;
        for (int iteration = 0; iteration < MaxIterations; iteration++)
        {
            double p = SpecialFunctions.Logistic(d);
            double half = SpecialFunctions.Logistic(d / 2);
            double slope = won - ((won + lost) * p) + (prior * (1 - (2 * half)));
            double curve = ((won + lost) * p * (1 - p)) + (prior * half * (1 - half));
            double step = Math.Clamp(slope / curve, -longest, longest);
            d += step;
            if (Math.Abs(step) < 1e-12)
            {
                break;
            }
        }

        return SpecialFunctions.Logistic(d);
    }

    /// <summary>P(i beats j) + ½ P(draw).</summary>
    public double WinProbability(int i, int j) => WinProbability(logStrengths[i] - logStrengths[j]);

    /// <summary>An interval for <see cref="WinProbability(int, int)"/>: that of the strengths, ν taken as fitted.</summary>
    /// <param name="level">Coverage, in (0, 1).</param>
    public (double Low, double High) WinInterval(int i, int j, double level = 0.95)
    {
        (double low, double high) = Interval(i, j, level);
        return (WinProbability(low), WinProbability(high));
    }

    private double WinProbability(double d)
    {
        if (Tie == 0)
        {
            return SpecialFunctions.Logistic(d);
        }

        double up = Math.Exp(d / 2);
        double down = Math.Exp(-d / 2);
        return (up + (0.5 * Tie)) / (up + down + Tie);
    }

    /// <summary>
    /// The reward of a response in [0, 1]: its mean probability of winning against each of the others, a draw counting half.
    /// Equal strengths give ½ to all. One response alone has ½.
    /// </summary>
    public double Reward(int i)
    {
        int n = logStrengths.Length;
        if (n == 1)
        {
            return 0.5;
        }

        double sum = 0;
        for (int j = 0; j < n; j++)
        {
            sum += j == i ? 0 : WinProbability(i, j);
        }

        return sum / (n - 1);
    }

    /// <summary>Standard error of ln π_i − ln π_j, from the Fisher information (the prior counted in).</summary>
    public double StandardError(int i, int j) =>
        i == j ? 0 : Math.Sqrt(Math.Max(0, covariance[i, i] + covariance[j, j] - (2 * covariance[i, j])));

    /// <summary>A Wald interval for ln π_i − ln π_j.</summary>
    /// <param name="level">Coverage, in (0, 1).</param>
    public (double Low, double High) Interval(int i, int j, double level = 0.95)
    {
        double half = Normal.InvCDF(0, 1, 0.5 + (level / 2)) * StandardError(i, j);
        double d = logStrengths[i] - logStrengths[j];
        return (d - half, d + half);
    }

    /// <summary>The probability that i is stronger than j, by the normal approximation of the fit.</summary>
    public double Stronger(int i, int j)
    {
        double error = StandardError(i, j);
        double d = logStrengths[i] - logStrengths[j];
        return error > 0 ? Normal.CDF(0, 1, d / error) : (Math.Sign(d) + 1) / 2.0;
    }

    // The log-posterior, its gradient, and minus its Hessian.
    private static double Evaluate(PairTally tally, double[] point, bool ties, double prior, double[] gradient, double[,] information)
    {
        int n = tally.Responses;
        Array.Clear(gradient);
        Array.Clear(information);
        double value = 0;
        for (int i = 0; i < n; i++)
        {
            for (int j = i + 1; j < n; j++)
            {
                AddPair(tally, i, j, point, ties, ref value, gradient, information);
            }
        }

        AddPrior(n, point, ties, prior, ref value, gradient, information);
        return value;
    }

    private static void AddPair(PairTally tally, int i, int j, double[] point, bool ties, ref double value, double[] gradient, double[,] information)
    {
        int n = tally.Responses;
        double won = tally.Wins(i, j);
        double lost = tally.Wins(j, i);
        double drawn = tally.Draws(i, j);
        double all = won + lost + drawn;
        if (all == 0)
        {
            return;
        }

        double d = point[i] - point[j];
        double up = Math.Exp(d / 2);
        double down = Math.Exp(-d / 2);
        double even = ties ? Math.Exp(point[n]) : 0;
        double norm = up + down + even;
        double pWin = up / norm;
        double pLoss = down / norm;
        double pDraw = even / norm;
        value += ((won - lost) * d / 2) - (all * Math.Log(norm));

        // Sufficient statistic of d is (wins − losses) / 2, of ln ν the draws.
        double mean = (pWin - pLoss) / 2;
        double slope = ((won - lost) / 2) - (all * mean);
        double curve = all * (((pWin + pLoss) / 4) - (mean * mean));
        gradient[i] += slope;
        gradient[j] -= slope;
        information[i, i] += curve;
        information[j, j] += curve;
        information[i, j] -= curve;
        information[j, i] -= curve;
        if (ties)
        {
            value += drawn * point[n];
            gradient[n] += drawn - (all * pDraw);
            information[n, n] += all * pDraw * (1 - pDraw);
            double cross = -all * mean * pDraw;
            information[i, n] += cross;
            information[n, i] += cross;
            information[j, n] -= cross;
            information[n, j] -= cross;
        }
    }

    private static void AddPrior(int n, double[] point, bool ties, double prior, ref double value, double[] gradient, double[,] information)
    {
        double total = 0;
        for (int i = 0; i < n; i++)
        {
            total += point[i];
            if (prior > 0)
            {
                double p = SpecialFunctions.Logistic(point[i]);
                value -= prior * (Math.Log(1 + Math.Exp(point[i])) + Math.Log(1 + Math.Exp(-point[i])));
                gradient[i] += prior * (1 - (2 * p));
                information[i, i] += 2 * prior * p * (1 - p);
            }
        }

        if (prior == 0)
        {
            // Strengths are free up to a common factor; fixing their sum leaves every comparison as it is.
            value -= total * total / 2;
            for (int i = 0; i < n; i++)
            {
                gradient[i] -= total;
                for (int j = 0; j < n; j++)
                {
                    information[i, j] += 1;
                }
            }
        }
        else if (ties)
        {
            value -= point[n] * point[n] / (2 * LogTieVariance);
            gradient[n] -= point[n] / LogTieVariance;
            information[n, n] += 1 / LogTieVariance;
        }
    }

    private static double[] Solve(double[,] information, double[] gradient)
    {
        Matrix<double> matrix = Matrix<double>.Build.DenseOfArray(information);
        return matrix.LU().Solve(Vector<double>.Build.Dense(gradient)).AsArray();
    }
}
