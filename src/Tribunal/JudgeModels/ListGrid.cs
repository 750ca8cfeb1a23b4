using MathNet.Numerics.Distributions;
using Tribunal.Voting;

namespace Tribunal.JudgeModels;

/// <summary>A <see cref="ListModel"/> over a few levels of noise.</summary>
internal sealed class ListGrid(ListModel model)
{
    private static readonly double[] At = [-2.8569700138728, -1.3556261799743, 0, 1.3556261799743, 2.8569700138728];
    private static readonly double[] Of = [0.0112574113277, 0.2220759220057, 0.5333333333333, 0.2220759220057, 0.0112574113277];

    /// <summary>The logarithm of the density of scores, up to what does not depend on the model.</summary>
    public double LogLikelihood(ListEvidence evidence)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        return most + Math.Log(logs.Sum(log => Math.Exp(log - most)));
    }

    /// <summary>What is expected of the judgements to come.</summary>
    /// <param name="evidence">The scores so far.</param>
    /// <param name="leader">The candidate of the highest mean.</param>
    /// <param name="remaining">How many judgements are to come, 0 or more.</param>
    public Outlook Assess(ListEvidence evidence, int leader, double remaining)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        double all = 0;
        double pool = 0;
        double gain = 0;
        double share = 0;
        for (int k = 0; k < logs.Length; k++)
        {
            double weight = Math.Exp(logs[k] - most);
            if (weight > 1e-9)
            {
                Outlook outlook = AssessAt(evidence, leader, remaining, NoiseAt(k));
                all += weight;
                pool += weight * outlook.Pool;
                gain += weight * outlook.Gain;
                share += weight * outlook.Share;
            }
        }

        return new Outlook(pool / all, Math.Max(0, gain / all), Math.Max(0, share / all));
    }

    /// <summary>The mean of what follows from a score difference's mean and deviation over judgements, over what these may be.</summary>
    /// <param name="evidence">The scores so far.</param>
    /// <param name="other">Whose score is taken away.</param>
    /// <param name="of">What follows from mean and standard deviation.</param>
    public double Mean(ListEvidence evidence, int leader, int other, Func<double, double, double> of)
    {
        double[] logs = Logs(evidence);
        double most = logs.Max();
        double all = 0;
        double sum = 0;
        for (int k = 0; k < logs.Length; k++)
        {
            double weight = Math.Exp(logs[k] - most);
            if (weight > 1e-6)
            {
                double noise = NoiseAt(k) * NoiseAt(k);
                double pull = model.Spread * model.Spread / ((model.Spread * model.Spread) + (noise / evidence.Count));
                double difference = pull * (evidence.Means[leader] - evidence.Means[other]);
                double deviation = Math.Sqrt(2 * pull * noise / evidence.Count);
                all += weight;
                for (int i = 0; i < At.Length; i++)
                {
                    sum += weight * Of[i] * of(difference + (deviation * At[i]), Math.Sqrt(2 * noise));
                }
            }
        }

        return sum / all;
    }

    private double NoiseAt(int k) => model.Noise * Math.Exp(model.NoiseSpread * At[k]);

    private double[] Logs(ListEvidence evidence)
    {
        double[] logs = new double[At.Length];
        double freedom = evidence.Candidates - 1;
        double between = evidence.Means.Sum(static mean => mean * mean);
        for (int k = 0; k < logs.Length; k++)
        {
            double noise = NoiseAt(k) * NoiseAt(k);
            double total = (model.Spread * model.Spread) + (noise / evidence.Count);
            double within = Math.Max(0, evidence.Count - 1) * freedom;
            logs[k] = Math.Log(Of[k]) - (within / 2 * Math.Log(noise)) - (evidence.Squares / (2 * noise)) - (freedom / 2 * Math.Log(total)) - (between / (2 * total));
        }

        return logs;
    }

    // Known noise: posterior means shrink towards one another, and the pool's means follow from what is drawn and what is to come.
    private Outlook AssessAt(ListEvidence evidence, int leader, double m, double sigma)
    {
        double n = evidence.Count;
        double noise = sigma * sigma;
        double prior = model.Spread * model.Spread;
        double pull = prior / (prior + (noise / n));
        double variance = pull * noise / n;
        double part = m / (n + m);
        double spread = m > 0 ? part * Math.Sqrt(variance + (noise / m)) : 0;
        double correlation = m > 0 ? Math.Sqrt(variance / (variance + (noise / m))) : 0;
        double toPool = 1 - part + (part * pull);
        double gain = 0;
        double share = 0;
        for (int other = 0; other < evidence.Candidates; other++)
        {
            double d = evidence.Means[leader] - evidence.Means[other];
            if (other != leader && m > 0)
            {
                double then = d * toPool / (spread * Math.Sqrt(2));
                double now = d * pull / Math.Sqrt(2 * variance);
                gain += Rise(now, then, correlation);
                share += Worth(d * pull, Math.Sqrt(2 * variance), then, correlation) / sigma;
            }
        }

        return new Outlook(Leads(evidence.Means, leader, toPool, spread), gain, share);
    }

    // P(the pool prefers whom the judge prefers) − P(the leader is whom the judge prefers), of two.
    private static double Rise(double now, double then, double correlation)
    {
        if (then > 6)
        {
            return 0;
        }

        double up = Normal.CDF(0, 1, then);
        double sure = Normal.CDF(0, 1, now);
        double joint = BivariateNormal.Excess(then, now, correlation);
        return (up * sure) + ((1 - up) * (1 - sure)) + (2 * joint) - sure;
    }

    // What the pool's choice is better by than the leader's, on average, in score.
    private static double Worth(double mean, double deviation, double then, double correlation) => then > 6 ? 0
        : (correlation * deviation * Normal.PDF(0, 1, then)) - (mean * Normal.CDF(0, 1, -then));

    // P(the leader's pool mean is the highest), means being independent: an integral over the leader's own.
    private static double Leads(double[] means, int leader, double scale, double spread)
    {
        const double step = 0.4;
        double lead = double.PositiveInfinity;
        for (int i = 0; i < means.Length; i++)
        {
            lead = i == leader ? lead : Math.Min(lead, means[leader] - means[i]);
        }

        if (spread <= 0)
        {
            return lead > 0 ? 1 : lead == 0 ? 0.5 : 0;
        }

        double sum = 0;
        for (double z = -4.8; z < 5; z += step)
        {
            double product = Normal.PDF(0, 1, z) * step;
            for (int i = 0; i < means.Length && product > 1e-12; i++)
            {
                product *= i == leader ? 1 : Normal.CDF(0, 1, z + ((means[leader] - means[i]) * scale / spread));
            }

            sum += product;
        }

        return Math.Min(1, sum);
    }
}
