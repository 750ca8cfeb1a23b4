namespace Tribunal.Voting;

/// <summary>What an observer said of an item.</summary>
/// <param name="Item">From 0.</param>
/// <param name="Observer">From 0.</param>
/// <param name="Label">A class, from 0.</param>
/// <param name="Turned">Whether the observer saw the classes in reverse order: its errors are then counted on classes turned around.</param>
internal readonly record struct ObserverReport(int Item, int Observer, int Label, bool Turned = false);

/// <summary>How observers' error rates are estimated.</summary>
internal sealed record DawidSkeneOptions
{
    /// <summary>Number of classes, 2 or more; default 2.</summary>
    public int Classes { get; init; } = 2;

    /// <summary>One probability of being right for each observer, errors being spread evenly, instead of a whole matrix.</summary>
    public bool OneCoin { get; init; }

    /// <summary>Whether the shares of the classes are estimated; otherwise they are equal.</summary>
    public bool EstimateShares { get; init; } = true;

    /// <summary>Reports added to each right answer of each observer, so that few reports make nobody infallible; 0 for maximum likelihood.</summary>
    public double Trust { get; init; }

    /// <summary>Reports added to each wrong answer.</summary>
    public double Doubt { get; init; }

    /// <summary>Rounds at most; default 500.</summary>
    public int MaxRounds { get; init; } = 500;

    /// <summary>Ends when no figure changes by more; default 1e-7.</summary>
    public double Tolerance { get; init; } = 1e-7;
}

/// <summary>
/// Observers' error rates without knowing the truth, by expectation–maximisation (A. P. Dawid and A. M. Skene, Maximum Likelihood
/// Estimation of Observer Error-Rates Using the EM Algorithm, Applied Statistics 28, 1979, eqs. 2.3–2.5; with labels
/// from crowds V. C. Raykar et al., Learning From Crowds, JMLR 11, 2010). Starts from each item's shares of votes (3.1).
/// </summary>
internal sealed record DawidSkene
{
    /// <summary>Per item, the probability of each class.</summary>
    public required double[][] Truth { get; init; }

    /// <summary>Per observer, true class and class said: the probability of saying it.</summary>
    public required double[][][] Says { get; init; }

    /// <summary>The shares of the classes.</summary>
    public required double[] Shares { get; init; }

    /// <summary>The log-likelihood of the reports under the rates before the last round.</summary>
    public required double LogLikelihood { get; init; }

    /// <summary>Fits.</summary>
    /// <exception cref="ArgumentException">There are no reports, or one names a class that is none.</exception>
    public static DawidSkene Fit(IReadOnlyList<ObserverReport> reports, DawidSkeneOptions options)
    {
        int classes = options.Classes;
        if (reports.Count == 0 || classes < 2 || reports.Any(r => r.Label < 0 || r.Label >= classes || r.Item < 0 || r.Observer < 0))
        {
            throw new ArgumentException("reports of two classes or more are needed, each of a class, an item and an observer that exist", nameof(reports));
        }

        double[][] truth = Start(reports, classes);
        int observers = reports.Max(static r => r.Observer) + 1;
        double[][][] says = [.. Enumerable.Range(0, observers).Select(_ => Enumerable.Range(0, classes).Select(_ => new double[classes]).ToArray())];
        double[] shares = new double[classes];
        double likelihood = double.NegativeInfinity;
        double change = double.PositiveInfinity;
        for (int round = 0; round < options.MaxRounds && change > options.Tolerance; round++)
        {
            Rate(reports, truth, says, options);
            Share(truth, shares, options);
            (likelihood, change) = Believe(reports, truth, says, shares);
        }

        return new DawidSkene { Truth = truth, Says = says, Shares = shares, LogLikelihood = likelihood };
    }

    private static double[][] Start(IReadOnlyList<ObserverReport> reports, int classes)
    {
        double[][] truth = [.. Enumerable.Range(0, reports.Max(static r => r.Item) + 1).Select(_ => new double[classes])];
        foreach (ObserverReport report in reports)
        {
            truth[report.Item][report.Label]++;
        }

        foreach (double[] item in truth)
        {
            double sum = item.Sum();
            for (int c = 0; c < classes; c++)
            {
                item[c] = sum > 0 ? item[c] / sum : 1.0 / classes;
            }
        }

        return truth;
    }

    // The M step, eq. 2.3.
    private static void Rate(IReadOnlyList<ObserverReport> reports, double[][] truth, double[][][] says, DawidSkeneOptions options)
    {
        int classes = options.Classes;
        foreach (double[][] matrix in says)
        {
            for (int t = 0; t < classes; t++)
            {
                Array.Fill(matrix[t], options.Doubt);
                matrix[t][t] = options.Trust;
            }
        }

        foreach (ObserverReport report in reports)
        {
            int said = Turn(report.Label, report.Turned, classes);
            for (int t = 0; t < classes; t++)
            {
                says[report.Observer][Turn(t, report.Turned, classes)][said] += truth[report.Item][t];
            }
        }

        foreach (double[][] matrix in says)
        {
            double right = 0;
            double all = 0;
            for (int t = 0; t < classes; t++)
            {
                double sum = matrix[t].Sum();
                right += matrix[t][t];
                all += sum;
                for (int c = 0; c < classes; c++)
                {
                    matrix[t][c] = sum > 0 ? matrix[t][c] / sum : 1.0 / classes;
                }
            }

            for (int t = 0; t < classes && options.OneCoin; t++)
            {
                Array.Fill(matrix[t], all > 0 ? (1 - (right / all)) / (classes - 1) : 1.0 / classes);
                matrix[t][t] = all > 0 ? right / all : 1.0 / classes;
            }
        }
    }

    // Eq. 2.4.
    private static void Share(double[][] truth, double[] shares, DawidSkeneOptions options)
    {
        for (int c = 0; c < shares.Length; c++)
        {
            int at = c;
            shares[c] = options.EstimateShares ? truth.Average(item => item[at]) : 1.0 / shares.Length;
        }
    }

    // The E step, eq. 2.5, in logarithms.
    private static (double LogLikelihood, double Change) Believe(IReadOnlyList<ObserverReport> reports, double[][] truth, double[][][] says, double[] shares)
    {
        int classes = shares.Length;
        double[][] next = [.. truth.Select(_ => Array.ConvertAll(shares, static s => Math.Log(s)))];
        foreach (ObserverReport report in reports)
        {
            int said = Turn(report.Label, report.Turned, classes);
            for (int t = 0; t < classes; t++)
            {
                next[report.Item][t] += Math.Log(says[report.Observer][Turn(t, report.Turned, classes)][said]);
            }
        }

        double likelihood = 0;
        double change = 0;
        for (int item = 0; item < truth.Length; item++)
        {
            double most = next[item].Max();
            double sum = 0;
            for (int t = 0; t < classes; t++)
            {
                next[item][t] = Math.Exp(next[item][t] - most);
                sum += next[item][t];
            }

            likelihood += most + Math.Log(sum);
            for (int t = 0; t < classes; t++)
            {
                double p = next[item][t] / sum;
                change = Math.Max(change, Math.Abs(p - truth[item][t]));
                truth[item][t] = p;
            }
        }

        return (likelihood, change);
    }

    private static int Turn(int c, bool turned, int classes) => turned ? classes - 1 - c : c;
}
