using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Tests.Judging;

/// <summary>The shape of DeepSeek-GRM's table (arXiv 2504.02495): more samples help, then level off, and the meta filter helps on top.</summary>
public sealed class AccuracyTests
{
    private const int Samples = 16;
    private const int Rollouts = 1500;

    [Fact]
    public void Accuracy_rises_with_k_and_with_the_meta_filter()
    {
        IProtocol grm = Asked.Protocol("grm");
        var engine = new JudgeEngine();
        double vote1 = 0, vote8 = 0, vote16 = 0, meta8 = 0, meta16 = 0;
        foreach (Rollout rollout in BatchGenerator.Generate(new BatchOptions { Rollouts = Rollouts }))
        {
            var scores = new IReadOnlyList<double>[Samples];
            var metas = new double[Samples];
            for (int sample = 0; sample < Samples; sample++)
            {
                SimulatedAnswer answer = engine.Answer(Asked.Request(Asked.Question(grm, rollout, sample)));
                int[] order = Asked.Order(grm, rollout, sample);
                IReadOnlyList<double> displayed = grm.Read(Asked.Reply(answer), order.Length).Scores!;
                scores[sample] = [.. Enumerable.Range(0, order.Length).Select(i => displayed[Array.IndexOf(order, i)])];
                metas[sample] = engine.MetaReward(answer.Text);
            }

            // Every disjoint group of k samples is a vote, which steadies the figures.
            vote1 += Enumerable.Range(0, Samples).Average(s => Vote(rollout, scores, [s]));
            foreach (int[] eight in Enumerable.Range(0, Samples).Chunk(8))
            {
                vote8 += Vote(rollout, scores, eight) / 2;
                meta8 += Vote(rollout, scores, Best(eight)) / 2;
            }

            vote16 += Vote(rollout, scores, Enumerable.Range(0, Samples));
            meta16 += Vote(rollout, scores, Best(Enumerable.Range(0, Samples)));

            IEnumerable<int> Best(IEnumerable<int> samples) => samples.OrderByDescending(s => metas[s]).Take(samples.Count() / 2);
        }

        Assert.InRange(vote1 / Rollouts, 0.65, 0.72);
        Assert.InRange((vote8 - vote1) / Rollouts, 0.025, 0.07);
        Assert.InRange((meta8 - vote8) / Rollouts, 0.01, 0.04);
        Assert.InRange((vote16 - vote8) / Rollouts, -0.01, 0.015);
        Assert.InRange((meta16 - meta8) / Rollouts, -0.005, 0.03);
    }

    [Fact]
    public void The_meta_reward_sees_soundness_only_partly()
    {
        IProtocol grm = Asked.Protocol("grm");
        var engine = new JudgeEngine();
        var noiseless = new JudgeEngine(new SimulatedJudgeOptions { Noise = new NoiseModel { MetaNoise = 0 } });
        var seen = new List<double>();
        var sound = new List<double>();
        foreach (Rollout rollout in Asked.Batch)
        {
            for (int sample = 0; sample < 40; sample++)
            {
                string text = engine.Answer(Asked.Request(Asked.Question(grm, rollout, sample))).Text;
                seen.Add(engine.MetaReward(text));
                sound.Add(noiseless.MetaReward(text));
            }
        }

        Assert.InRange(Correlation(seen, sound), 0.55, 0.85);
    }

    private static double Vote(Rollout rollout, IReadOnlyList<double>[] scores, IEnumerable<int> samples)
    {
        var totals = new double[rollout.Responses.Count];
        foreach (int sample in samples)
        {
            for (int i = 0; i < totals.Length; i++)
            {
                totals[i] += scores[sample][i];
            }
        }

        double highest = totals.Max();
        return totals[rollout.Best![0]] == highest ? 1.0 / totals.Count(t => t == highest) : 0;
    }

    private static double Correlation(List<double> x, List<double> y)
    {
        double mx = x.Average(), my = y.Average();
        double xy = x.Zip(y, (a, b) => (a - mx) * (b - my)).Sum();
        return xy / Math.Sqrt(x.Sum(a => (a - mx) * (a - mx)) * y.Sum(b => (b - my) * (b - my)));
    }
}
