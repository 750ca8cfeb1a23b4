using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Voting;

public sealed class PanelWeightsTests
{
    [Fact]
    public void Better_judges_weigh_more_and_bad_ones_nothing()
    {
        RolloutLedger[] labelled = Labelled(1, 400);
        var panel = PanelWeights.Learn(labelled);
        Assert.Equal(["bad", "good", "poor"], panel.Weights.Select(w => w.Judge));
        Assert.Equal(0, panel.Weights[0].Weight);
        Assert.True(panel.Weights[1].Weight > 2 * panel.Weights[2].Weight);
        Assert.Equal(400, panel.Weights[1].Judgements);
        Assert.Equal(2, panel.Weights.Sum(w => w.Weight), 9);

        // On rollouts that it has not seen, the panel does better with its weights.
        RolloutLedger[] others = Labelled(2, 1000);
        Assert.InRange(Accuracy(others, panel), Accuracy(others, null) + 0.05, 1);
    }

    [Fact]
    public void Weights_survive_json()
    {
        var panel = PanelWeights.Learn(Labelled(3, 30));
        string json = JsonSerializer.Serialize(panel, TribunalJson.Default.PanelWeights);
        Assert.StartsWith("{\"weights\":[{\"judge\":\"bad\",\"protocol\":\"rrm\",\"weight\":", json);
        PanelWeights again = JsonSerializer.Deserialize(json, TribunalJson.Default.PanelWeights)!;
        Assert.Equal(panel.Weights, again.Weights);
    }

    [Fact]
    public void Nothing_labelled_weighs_all_alike()
    {
        Assert.Empty(PanelWeights.Learn([]).Weights);
        Assert.Equal(1, PanelWeights.Learn([]).Of(Ledgers.Pair(0, 0, 1, 0)));
    }

    [Fact]
    public void Negative_weights_are_refused() =>
        Assert.Contains("panel", Assert.Throws<ProblemsException>(() => JudgingSchemes.Create(new SchemeOptions
        {
            Kind = JudgingKind.Pairwise,
            Panel = new PanelWeights { Weights = [new PanelWeight("j", "rrm", -1)] },
        })).Message);

    private static double Accuracy(RolloutLedger[] rollouts, PanelWeights? panel)
    {
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise, Panel = panel });
        return rollouts.Average(r => scheme.Cast(r.Rollout, r.Ledger, null).Best == r.Rollout.Best![0] ? 1.0 : 0);
    }

    private static RolloutLedger[] Labelled(ulong seed, int count)
    {
        var random = new SeededRandom(seed);
        var rollouts = new RolloutLedger[count];
        for (int i = 0; i < count; i++)
        {
            int best = random.Next(2);
            rollouts[i] = new RolloutLedger(Ledgers.Rollout(2, $"p{i}") with { Best = [best] },
            [
                Vote("good", 0.85, ref random),
                Vote("poor", 0.55, ref random),
                Vote("bad", 0.35, ref random),
            ]);

            Judgement Vote(string judge, double right, ref SeededRandom source) =>
                Ledgers.Pair(0, 0, 1, source.NextDouble() < right ? best : 1 - best) with { Judge = judge };
        }

        return rollouts;
    }
}
