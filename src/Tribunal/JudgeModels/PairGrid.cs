using System.Collections.Concurrent;
using MathNet.Numerics.Distributions;

namespace Tribunal.JudgeModels;

/// <summary>A <see cref="PairModel"/> as sums over a grid of log-odds and order effects.</summary>
internal sealed class PairGrid
{
    // θ = ±Scale·sinh(Step·(j + ½)): fine about 0, and as far as odds of e⁴⁰.
    private const int Nodes = 16;
    private const double Scale = 0.3;
    private const double Step = 0.36;

    // Gauss–Hermite of five points for the normal spread of the order effect.
    private static readonly double[] At = [-2.8569700138728, -1.3556261799743, 0, 1.3556261799743, 2.8569700138728];
    private static readonly double[] Of = [0.0112574113277, 0.2220759220057, 0.5333333333333, 0.2220759220057, 0.0112574113277];

    // The same few sets of votes come again and again.
    private const int Kept = 20_000;

    private readonly ConcurrentDictionary<(PairEvidence, double), Outlook> _known = new();
    private readonly Node[] _nodes;

    public PairGrid(PairModel model)
    {
        double[] odds = new double[2 * Nodes];
        double[] mass = new double[2 * Nodes];
        double all = 0;
        for (int j = 0; j < Nodes; j++)
        {
            double theta = Scale * Math.Sinh(Step * (j + 0.5));
            double width = Scale * Step * Math.Cosh(Step * (j + 0.5));
            double density = Math.Exp(-model.Concentration * (theta + (2 * Math.Log(1 + Math.Exp(-theta)))));

            // Beyond the last node the density falls as e^(−aθ): its tail belongs to that node.
            double here = density * (j == Nodes - 1 ? width + (1 / model.Concentration) : width);
            (odds[Nodes - 1 - j], odds[Nodes + j]) = (-theta, theta);
            (mass[Nodes - 1 - j], mass[Nodes + j]) = (here, here);
            all += 2 * here;
        }

        int orders = model.FirstSpread > 0.05 ? At.Length : 1;
        _nodes = new Node[2 * Nodes * orders];
        for (int i = 0; i < odds.Length; i++)
        {
            for (int k = 0; k < orders; k++)
            {
                double beta = model.First + (orders == 1 ? 0 : model.FirstSpread * At[k]);
                _nodes[(i * orders) + k] = new Node(odds[i], beta, model.Ties, mass[i] / all * (orders == 1 ? 1 : Of[k]));
            }
        }
    }

    /// <summary>The logarithm of the probability of votes, up to what does not depend on the model.</summary>
    public double LogLikelihood(in PairEvidence evidence)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        return most + Math.Log(logs.Sum(log => Math.Exp(log - most)));
    }

    /// <summary>What is expected of the judgements to come.</summary>
    /// <param name="evidence">The votes so far.</param>
    /// <param name="remaining">How many votes are to come, 0 or more.</param>
    public Outlook Assess(in PairEvidence evidence, double remaining)
    {
        if (!_known.TryGetValue((evidence, remaining), out Outlook outlook))
        {
            outlook = AssessNow(evidence, remaining);
            if (_known.Count < Kept)
            {
                _known.TryAdd((evidence, remaining), outlook);
            }
        }

        return outlook;
    }

    private Outlook AssessNow(in PairEvidence evidence, double remaining)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        double lead = evidence.Lead;
        double all = 0;
        double pool = 0;
        double now = 0;
        double later = 0;
        double share = 0;
        double rightNow = lead == 0 ? 0.5 : lead > 0 ? 1 : 0;
        for (int i = 0; i < logs.Length; i++)
        {
            double weight = Math.Exp(logs[i] - most);
            if (weight < 1e-12)
            {
                continue;
            }

            ref readonly Node node = ref _nodes[i];
            double ahead = node.Ahead(lead, remaining);
            double forLeader = node.Odds > 0 ? 1 : 0;
            all += weight;
            pool += weight * (lead >= 0 ? ahead : 1 - ahead);
            now += weight * ((rightNow * forLeader) + ((1 - rightNow) * (1 - forLeader)));
            later += weight * ((ahead * forLeader) + ((1 - ahead) * (1 - forLeader)));
            share += weight * (ahead - rightNow) * node.Mean;
        }

        return new Outlook(pool / all, Math.Max(0, (later - now) / all), Math.Max(0, share / all));
    }

    /// <summary>The mean of what follows from the shares that the leader wins and loses, either order as often, over what these may be.</summary>
    public double Mean(in PairEvidence evidence, Func<double, double, double> of)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        double all = 0;
        double sum = 0;
        for (int i = 0; i < logs.Length; i++)
        {
            double weight = Math.Exp(logs[i] - most);
            if (weight > 1e-6)
            {
                all += weight;
                sum += weight * of(_nodes[i].Won, _nodes[i].Lost);
            }
        }

        return sum / all;
    }

    // Log-probabilities of the votes at every node.
    private double[] Logs(PairEvidence evidence) => Array.ConvertAll(_nodes, node => node.Log(evidence));

    /// <summary>Probabilities that two judgements of a pair agree, draws apart: in one order, and across the two.</summary>
    public (double Same, double Across) Agreement()
    {
        double same = 0;
        double across = 0;
        foreach (Node node in _nodes)
        {
            (double first, double second) = node.Wins;
            same += node.Mass * (1 - first - second + (first * first) + (second * second));
            across += node.Mass * ((first * second) + ((1 - first) * (1 - second)));
        }

        return (same, across);
    }

    private readonly struct Node
    {
        private readonly double _logMass;
        private readonly double _wonFirst;
        private readonly double _lostFirst;
        private readonly double _wonSecond;
        private readonly double _lostSecond;
        private readonly double _won;
        private readonly double _lost;
        private readonly double _drawn;
        private readonly double _variance;

        public Node(double odds, double beta, double ties, double mass)
        {
            (double wonFirst, double lostFirst, double drawFirst) = Shares(odds + beta, ties);
            (double wonSecond, double lostSecond, double drawSecond) = Shares(odds - beta, ties);
            Odds = odds;
            Mass = mass;
            _logMass = Math.Log(Math.Max(mass, 1e-300));
            (_wonFirst, _lostFirst, _wonSecond, _lostSecond) = (Math.Log(wonFirst), Math.Log(lostFirst), Math.Log(wonSecond), Math.Log(lostSecond));
            (_won, _lost) = (Math.Log((wonFirst + wonSecond) / 2), Math.Log((lostFirst + lostSecond) / 2));

            // Where no draw was ever seen, one that comes is not impossible.
            _drawn = Math.Log(Math.Max((drawFirst + drawSecond) / 2, 1e-4));
            (Won, Lost) = ((wonFirst + wonSecond) / 2, (lostFirst + lostSecond) / 2);
            _variance = (Spread(wonFirst, lostFirst) + Spread(wonSecond, lostSecond)) / 2;
            Wins = (wonFirst / (wonFirst + lostFirst), wonSecond / (wonSecond + lostSecond));
        }

        public double Odds { get; }

        public double Mass { get; }

        /// <summary>The share of judgements that the one wins, both orders alike.</summary>
        public double Won { get; }

        /// <summary>The share that it loses.</summary>
        public double Lost { get; }

        /// <summary>Wins less losses of one judgement.</summary>
        public double Mean => Won - Lost;

        public (double First, double Second) Wins { get; }

        public double Log(in PairEvidence e) => _logMass + (e.WonFirst * _wonFirst) + (e.LostFirst * _lostFirst) + (e.WonSecond * _wonSecond)
            + (e.LostSecond * _lostSecond) + (e.Won * _won) + (e.Lost * _lost) + (e.Drawn * _drawn);

        /// <summary>The probability that the lead after all votes is above 0, half of that of a draw counted in; by its normal approximation.</summary>
        public double Ahead(double lead, double remaining)
        {
            double then = lead + (remaining * Mean);
            double spread = Math.Sqrt(remaining * _variance);
            return spread > 1e-9 ? Normal.CDF(0, 1, then / spread) : Math.Abs(then) < 1e-9 ? 0.5 : then > 0 ? 1 : 0;
        }

        private static (double Won, double Lost, double Drawn) Shares(double odds, double ties)
        {
            double far = Math.Abs(odds);
            double up = odds > 0 ? 1 : Math.Exp(-far);
            double down = odds > 0 ? Math.Exp(-far) : 1;
            double draw = ties * Math.Exp(-far / 2);
            double all = up + down + draw;
            return (up / all, down / all, draw / all);
        }

        private static double Spread(double won, double lost) => won + lost - ((won - lost) * (won - lost));
    }
}
