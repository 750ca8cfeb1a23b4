using MathNet.Numerics.Distributions;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Simulator.Judging;

namespace Tribunal.Benchmarks;

/// <summary>
/// The fewest judgements of a pair that any stopping rule can take of a simulated judge for a given loss: the optimum by dynamic
/// programming over everything that may have been seen (wins in either order), for a rule that knows the judge's noise and how often it
/// is right. No rule that has to learn them can do better, so that what a policy takes can be read beside it.
/// </summary>
internal static class OptimumBenchmark
{
    private const int Most = 32;
    private const int Pairs = 6000;
    private const int Soundnesses = 20;
    private static readonly double[] Losses = [0.001, 0.003, 0.005, 0.01];

    private static readonly (string Name, NoiseModel Noise)[] Judges =
    [
        ("sharp", new NoiseModel { Noise = 0.25, Bias = 0.3 }),
        ("noisy", new NoiseModel { Noise = 1.3, Bias = 0.45 }),
        ("order-biased", new NoiseModel { Noise = 0.65, Bias = 0.6, Position = 1.2 }),
        ("correlated", new NoiseModel { Noise = 0.65, Bias = 1.2 }),
    ];

    public static void Run()
    {
        double temperature = ProtocolCatalog.Resolve("rrm", modelName: null).Protocol.Defaults.Temperature;
        Console.WriteLine($"pairs, at most {Most} judgements, orders alternating: the least share of them that any rule takes to lose no more than so many points");
        Console.WriteLine($"{"judge",-14}{$"all {Most}",10}{string.Concat(Losses.Select(static loss => $"{100 * loss,9:0.0}"))}");
        foreach ((string name, NoiseModel noise) in Judges)
        {
            var states = new States(Kinds(noise, temperature));
            double all = states.RightAfterAll();
            double[] shares = new double[Losses.Length];
            Array.Fill(shares, 1);
            for (double price = 2e-5; price < 0.02; price *= 1.05)
            {
                (double taken, double right) = states.Optimum(price);
                for (int i = 0; i < Losses.Length; i++)
                {
                    shares[i] = all - right <= Losses[i] ? Math.Min(shares[i], taken / Most) : shares[i];
                }
            }

            Console.WriteLine($"{name,-14}{all,10:P1}{string.Concat(shares.Select(static share => $"{share,9:P0}"))}");
        }
    }

    // Pairs as the judge sees them: how likely the one wins shown first, and shown second, and whether it is the better one. Both ways round.
    private static List<Kind> Kinds(NoiseModel noise, double temperature)
    {
        var random = new SeededRandom(3);
        var cells = new Dictionary<(int, int), (double Mass, double Better, double First, double Second)>();
        for (int pair = 0; pair < Pairs; pair++)
        {
            double quality = Math.Sqrt(2) * random.NextNormal();
            double bias = noise.Bias * Math.Sqrt(2) * random.NextNormal();
            double first = 0;
            double second = 0;
            for (int i = 0; i < Soundnesses; i++)
            {
                double unsound = (i + 0.5) / Soundnesses;
                double error = noise.Floor + (noise.Slope * unsound * unsound);
                double spread = error * (0.6 + (0.8 * temperature)) * noise.Noise * Math.Sqrt(2);
                first += Normal.CDF(0, spread, quality + (error * bias) + noise.Position) / Soundnesses;
                second += Normal.CDF(0, spread, quality + (error * bias) - noise.Position) / Soundnesses;
            }

            Add(first, second, quality > 0);
            Add(1 - second, 1 - first, quality <= 0);
        }

        return [.. cells.OrderBy(static cell => cell.Key).Select(static cell => new Kind(cell.Value.Mass / (2 * Pairs), cell.Value.Better / cell.Value.Mass, cell.Value.First / cell.Value.Mass, cell.Value.Second / cell.Value.Mass))];

        // Pairs that are seen nearly alike are one kind: a third of a unit of log-odds.
        void Add(double first, double second, bool better)
        {
            (int, int) key = (Cell(first), Cell(second));
            (double mass, double right, double sumFirst, double sumSecond) = cells.GetValueOrDefault(key);
            cells[key] = (mass + 1, right + (better ? 1 : 0), sumFirst + first, sumSecond + second);
        }

        static int Cell(double share) => (int)Math.Round(3 * Math.Log(Math.Max(share, 1e-5) / Math.Max(1 - share, 1e-5)));
    }

    private readonly record struct Kind(double Mass, double Better, double First, double Second);

    /// <summary>All that may have been seen after n judgements: wins shown first, wins shown second.</summary>
    private sealed class States
    {
        private readonly double[,,] _right = new double[Most + 1, (Most / 2) + 2, (Most / 2) + 2];
        private readonly double[,,] _next = new double[Most + 1, (Most / 2) + 2, (Most / 2) + 2];

        public States(List<Kind> kinds)
        {
            for (int n = 0; n <= Most; n++)
            {
                (int firsts, int seconds) = ((n + 1) / 2, n / 2);
                for (int a = 0; a <= firsts; a++)
                {
                    for (int b = 0; b <= seconds; b++)
                    {
                        double mass = 0;
                        double better = 0;
                        double wins = 0;
                        foreach (Kind kind in kinds)
                        {
                            double weight = kind.Mass * Math.Pow(kind.First, a) * Math.Pow(1 - kind.First, firsts - a) * Math.Pow(kind.Second, b) * Math.Pow(1 - kind.Second, seconds - b);
                            mass += weight;
                            better += weight * kind.Better;
                            wins += weight * (n % 2 == 0 ? kind.First : kind.Second);
                        }

                        double share = mass > 0 ? better / mass : 0.5;
                        _right[n, a, b] = Math.Max(share, 1 - share);
                        _next[n, a, b] = mass > 0 ? wins / mass : 0.5;
                    }
                }
            }
        }

        /// <summary>The probability of the right verdict after all judgements.</summary>
        public double RightAfterAll() => Follow(static (_, _, _) => false).Right;

        /// <summary>What the best rule takes and gets right where a judgement costs so much of a right verdict.</summary>
        public (double Taken, double Right) Optimum(double price)
        {
            double[,,] value = (double[,,])_right.Clone();
            bool[,,] stops = new bool[Most + 1, (Most / 2) + 2, (Most / 2) + 2];
            for (int n = Most - 1; n >= 0; n--)
            {
                for (int a = 0; a <= (n + 1) / 2; a++)
                {
                    for (int b = 0; b <= n / 2; b++)
                    {
                        double win = _next[n, a, b];
                        double on = (win * (n % 2 == 0 ? value[n + 1, a + 1, b] : value[n + 1, a, b + 1])) + ((1 - win) * value[n + 1, a, b]) - price;
                        stops[n, a, b] = _right[n, a, b] >= on;
                        value[n, a, b] = Math.Max(_right[n, a, b], on);
                    }
                }
            }

            return Follow((n, a, b) => stops[n, a, b]);
        }

        private (double Taken, double Right) Follow(Func<int, int, int, bool> stops)
        {
            double taken = 0;
            double right = 0;
            var now = new Dictionary<(int A, int B), double> { [(0, 0)] = 1 };
            for (int n = 0; now.Count > 0; n++)
            {
                var then = new Dictionary<(int A, int B), double>();
                foreach (((int a, int b), double mass) in now)
                {
                    if (n == Most || stops(n, a, b))
                    {
                        taken += mass * n;
                        right += mass * _right[n, a, b];
                        continue;
                    }

                    double win = _next[n, a, b];
                    (int, int) won = n % 2 == 0 ? (a + 1, b) : (a, b + 1);
                    then[won] = then.GetValueOrDefault(won) + (mass * win);
                    then[(a, b)] = then.GetValueOrDefault((a, b)) + (mass * (1 - win));
                }

                now = then;
            }

            return (taken, right);
        }
    }
}
