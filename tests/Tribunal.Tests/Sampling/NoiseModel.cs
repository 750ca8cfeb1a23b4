using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Sampling;

/// <summary>
/// A judge for simulations. Qualities of a rollout's responses are standard normal times 1.2, with an error of the judge's own that all
/// judgements of the rollout share; each judgement adds noise to each score and rounds to 1..10, or, for pairs, prefers the
/// higher. Seven in ten judgements are sound, with half the noise, the others have three times as much; the meta reward sees
/// which is which, dimly.
/// </summary>
internal sealed class NoiseModel(ulong seed, int responses, double noise)
{
    public int Best(int rollout)
    {
        double[] q = Qualities(rollout, judged: false);
        return Array.IndexOf(q, q.Max());
    }

    public Rollout Rollout(int rollout) => Ledgers.Rollout(responses, $"s{rollout}") with { Best = [Best(rollout)] };

    public Judgement Score(int rollout, Draw draw)
    {
        double[] q = Qualities(rollout, judged: true);
        var random = new SeededRandom(StableHash.Mix(StableHash.Mix(seed, (ulong)rollout), 1000 + (ulong)draw.Sample));
        (double spread, double meta) = Soundness(ref random);
        double[] scores = new double[q.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = Math.Clamp(Math.Round(5.5 + (1.5 * (q[i] + (spread * random.NextNormal())))), 1, 10);
        }

        return Ledgers.List(draw.Sample, scores, meta, $"s{rollout}");
    }

    public Judgement Prefer(int rollout, Draw draw)
    {
        double[] q = Qualities(rollout, judged: true);
        var random = new SeededRandom(StableHash.Mix(StableHash.Mix(seed, (ulong)rollout), 1000 + (ulong)draw.Sample));
        int i = draw.Pair![0];
        int j = draw.Pair[1];
        (double spread, double meta) = Soundness(ref random);
        double d = q[i] - q[j] + (spread * Math.Sqrt(2) * random.NextNormal());
        return Ledgers.Pair(draw.Sample, i, j, d > 0 ? i : j, meta, $"s{rollout}", draw.Order);
    }

    private (double Spread, double Meta) Soundness(ref SeededRandom random)
    {
        bool sound = random.NextDouble() < 0.7;
        return (noise * (sound ? 0.5 : 3), (sound ? 1 : -1) + (0.6 * random.NextNormal()));
    }

    private double[] Qualities(int rollout, bool judged)
    {
        var random = new SeededRandom(StableHash.Mix(seed, (ulong)rollout));
        double[] q = new double[responses];
        for (int i = 0; i < responses; i++)
        {
            double quality = 1.2 * random.NextNormal();
            double bias = 0.4 * random.NextNormal();
            q[i] = quality + (judged ? bias : 0);
        }

        return q;
    }
}
