using Tribunal.Voting;

namespace Tribunal.JudgeModels;

/// <summary>
/// Fits a <see cref="JudgeModel"/> to what a first wave drew, by marginal likelihood with weak priors on its parameters. What it is
/// given may come in any order. Parameters are rounded, so that another machine's last bits don't matter.
/// </summary>
internal sealed class JudgeFit
{
    private readonly SortedDictionary<string, Sample> _domains = new(StringComparer.Ordinal);
    private readonly Sample _all = new();

    /// <summary>Adds the votes between two candidates.</summary>
    public void AddPair(string? domain, VoteTable votes, int rows)
    {
        double[] weights = Ones(rows);
        var evidence = PairEvidence.Of(votes, rows, weights, 0, 1, majority: false);
        if (evidence.Count >= 2)
        {
            Of(domain).Add(evidence);
            _all.Add(evidence);
        }
    }

    /// <summary>Adds the scores of a list.</summary>
    public void AddList(string? domain, VoteTable votes, int rows)
    {
        double[] weights = Ones(rows);
        if (votes.Candidates > 1 && ListEvidence.Of(votes, rows, weights) is { Count: >= 2 })
        {
            Of(domain).Add(votes, rows);
            _all.Add(votes, rows);
        }
    }

    /// <summary>The model; not fitted where there was too little.</summary>
    public JudgeModel Fit()
    {
        JudgeModel model = Fit(_all, JudgeModel.Fewest);
        var domains = _domains.Where(static domain => domain.Key.Length > 0)
            .Select(static domain => (domain.Key, Model: Fit(domain.Value, JudgeModel.FewestOfDomain))).Where(static domain => domain.Model.IsFitted)
            .ToDictionary(static domain => domain.Key, static domain => domain.Model, StringComparer.Ordinal);
        return domains.Count > 0 && model.IsFitted ? model with { Domains = new SortedDictionary<string, JudgeModel>(domains, StringComparer.Ordinal) } : model;
    }

    private static JudgeModel Fit(Sample sample, int fewest) => new()
    {
        Pairs = sample.Matches >= fewest ? FitPairs(sample) : null,
        Lists = sample.Lists.Count >= fewest ? FitLists(sample.Lists) : null,
        Note = sample.Matches < fewest && sample.Lists.Count < fewest ? $"only {Math.Max(sample.Matches, sample.Lists.Count)} of the {fewest} rollouts with two judgements that it takes to learn a prior: the flat prior stands" : null,
    };

    private static PairModel FitPairs(Sample sample)
    {
        KeyValuePair<PairEvidence, int>[] votes = [.. sample.Pairs];
        bool ties = votes.Any(static v => v.Key.Drawn > 0);
        bool orders = votes.Any(static v => v.Key.WonFirst + v.Key.LostFirst > 0) && votes.Any(static v => v.Key.WonSecond + v.Key.LostSecond > 0);
        double[] at = [0, 0, orders ? Math.Log(0.5) : double.NegativeInfinity, ties ? Math.Log(0.2) : double.NegativeInfinity];
        for (int sweep = 0; sweep < 3; sweep++)
        {
            Improve(at, 0, Math.Log(0.002), Math.Log(50), Value);
            if (orders)
            {
                Improve(at, 1, -6, 6, Value);
                Improve(at, 2, Math.Log(0.01), Math.Log(6), Value);
            }

            if (ties)
            {
                Improve(at, 3, Math.Log(1e-3), Math.Log(50), Value);
            }
        }

        PairModel fitted = At(at);
        fitted = fitted with { Concentration = Round(fitted.Concentration), First = Round(fitted.First), FirstSpread = Round(fitted.FirstSpread), Ties = Round(fitted.Ties) };
        (double same, double across) = fitted.Grid.Agreement();
        return fitted with { Matches = sample.Matches, Judgements = (long)Math.Round(votes.Sum(static v => v.Key.Count * v.Value)), Agreement = Round(same), AgreementAcrossOrders = Round(across) };

        double Value(double[] point)
        {
            var grid = new PairGrid(At(point));

            // A judge that never disagreed may yet; an order effect needs showing.
            double value = -(point[0] * point[0] / (2 * 1.5 * 1.5));
            value -= orders ? (point[1] * point[1] / 2) + (Math.Exp(2 * point[2]) / 2) : 0;
            foreach ((PairEvidence evidence, int count) in votes)
            {
                value += count * grid.LogLikelihood(evidence);
            }

            return value;
        }

        static PairModel At(double[] point) => new()
        {
            Concentration = Math.Exp(point[0]), First = point[1], FirstSpread = double.IsInfinity(point[2]) ? 0 : Math.Exp(point[2]), Ties = double.IsInfinity(point[3]) ? 0 : Math.Exp(point[3]),
        };
    }

    private static ListModel FitLists(List<(VoteTable Votes, int Rows)> tables)
    {
        double first = Round(FirstOf(tables));
        ListEvidence[] lists = [.. tables.Select(table => ListEvidence.Of(table.Votes, table.Rows, Ones(table.Rows), first)!)];
        double[] at = [Math.Log(0.15), Math.Log(0.15), Math.Log(0.3)];
        for (int sweep = 0; sweep < 3; sweep++)
        {
            Improve(at, 0, Math.Log(0.005), Math.Log(1), Value);
            Improve(at, 1, Math.Log(0.005), Math.Log(1), Value);
            Improve(at, 2, Math.Log(0.05), Math.Log(1), Value);
        }

        (double spread, double noise) = (Round(Math.Exp(at[0])), Round(Math.Exp(at[1])));
        return At(at) with
        {
            Spread = spread, Noise = noise, NoiseSpread = Round(Math.Exp(at[2])), First = first, Lists = lists.Length, Judgements = (long)Math.Round(lists.Sum(static list => list.Count)),
            Reliability = Round(spread * spread / ((spread * spread) + (noise * noise))),
        };

        double Value(double[] point) => lists.Sum(new ListGrid(At(point)).LogLikelihood);

        static ListModel At(double[] point) => new() { Spread = Math.Exp(point[0]), Noise = Math.Exp(point[1]), NoiseSpread = Math.Exp(point[2]) };
    }

    // Least squares of scores on places, inside rollouts: each response is its own measure.
    private static double FirstOf(List<(VoteTable Votes, int Rows)> tables)
    {
        double along = 0;
        double squares = 0;
        foreach ((VoteTable table, int rows) in tables)
        {
            for (int i = 0; i < table.Candidates; i++)
            {
                double score = 0;
                double place = 0;
                int count = 0;
                double both = 0;
                double square = 0;
                for (int row = 0; row < rows; row++)
                {
                    if (table.Shown(row) is { Length: > 0 } shown)
                    {
                        double value = table.Row(row)[i];
                        score += value;
                        place += shown[i];
                        both += value * shown[i];
                        square += shown[i] * shown[i];
                        count++;
                    }
                }

                if (count > 0)
                {
                    along += both - (score * place / count);
                    squares += square - (place * place / count);
                }
            }
        }

        return squares > 0 ? along / squares : 0;
    }

    /// <summary>So many rows that each count the same.</summary>
    internal static double[] Ones(int count) => [.. Enumerable.Repeat(1.0, count)];

    // Golden-section search along one coordinate.
    private static void Improve(double[] point, int axis, double low, double high, Func<double[], double> value)
    {
        double ratio = (Math.Sqrt(5) - 1) / 2;
        double a = high - (ratio * (high - low));
        double b = low + (ratio * (high - low));
        (double atA, double atB) = (At(a), At(b));
        for (int i = 0; i < 12; i++)
        {
            if (atA >= atB)
            {
                (high, b, atB) = (b, a, atA);
                atA = At(a = high - (ratio * (high - low)));
            }
            else
            {
                (low, a, atA) = (a, b, atB);
                atB = At(b = low + (ratio * (high - low)));
            }
        }

        point[axis] = (low + high) / 2;

        double At(double at)
        {
            point[axis] = at;
            return value(point);
        }
    }

    private static double Round(double value) => value == 0 ? 0 : Math.Round(value, Math.Clamp(3 - (int)Math.Floor(Math.Log10(Math.Abs(value))), 0, 12));

    private Sample Of(string? domain)
    {
        if (!_domains.TryGetValue(domain ?? "", out Sample? sample))
        {
            _domains.Add(domain ?? "", sample = new Sample());
        }

        return sample;
    }

    private sealed class Sample
    {
        /// <summary>How often each set of votes came. A pair is the same seen from either side.</summary>
        public SortedDictionary<PairEvidence, int> Pairs { get; } = new(Comparer<PairEvidence>.Create(static (a, b) => Key(a).CompareTo(Key(b))));

        public int Matches { get; private set; }

        public List<(VoteTable Votes, int Rows)> Lists { get; } = [];

        public void Add(PairEvidence votes)
        {
            PairEvidence turned = new(votes.LostSecond, votes.WonSecond, votes.LostFirst, votes.WonFirst, votes.Lost, votes.Won, votes.Drawn);
            PairEvidence one = Key(turned).CompareTo(Key(votes)) < 0 ? turned : votes;
            Pairs[one] = Pairs.GetValueOrDefault(one) + 1;
            Matches++;
        }

        public void Add(VoteTable scores, int rows) => Lists.Add((scores, rows));

        private static (double, double, double, double, double, double, double) Key(PairEvidence e) => (e.WonFirst, e.LostFirst, e.WonSecond, e.LostSecond, e.Won, e.Lost, e.Drawn);
    }
}
