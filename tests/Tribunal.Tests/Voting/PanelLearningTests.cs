using System.Text.Json;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Voting;

/// <summary>Panels that weigh themselves.</summary>
public sealed class PanelLearningTests
{
    [Theory]
    [InlineData(PanelMethod.OneCoin)]
    [InlineData(PanelMethod.DawidSkene)]
    [InlineData(PanelMethod.Labelled)]
    public void Better_judges_weigh_more_and_the_panel_votes_better_on_rollouts_it_has_not_seen(PanelMethod method)
    {
        List<RolloutLedger> rollouts = Panel(800, first: 0);
        PanelWeights panel = PanelLearning.Learn(method, rollouts);
        Assert.Equal(["good", "idle", "poor"], panel.Weights.Select(static w => w.Judge));
        Assert.True(panel.Weights[0].Weight > 3 * panel.Weights[1].Weight);
        Assert.True(panel.Weights[0].Weight > 3 * panel.Weights[2].Weight);

        List<RolloutLedger> unseen = Panel(400, first: 10_000);
        Assert.True(Accuracy(panel, unseen) > Accuracy(null, unseen) + 0.05);
        Assert.All(unseen, r => Assert.Same(r.Rollout, new SchemeOptions { Kind = JudgingKind.Pairwise, Panel = panel }.Untaught(r.Rollout)));
        bool taught = method == PanelMethod.Labelled;
        Assert.All(rollouts, r => Assert.Equal(taught, new SchemeOptions { Kind = JudgingKind.Pairwise, Panel = panel }.Untaught(r.Rollout).Best is null));
    }

    [Fact]
    public void Without_labels_labels_change_nothing()
    {
        List<RolloutLedger> rollouts = Panel(100, first: 0);
        RolloutLedger[] turned = [.. rollouts.Select(static r => r with { Rollout = r.Rollout with { Best = [1 - r.Rollout.Best![0]] } })];
        Assert.Equal(PanelLearning.Learn(PanelMethod.DawidSkene, rollouts), PanelLearning.Learn(PanelMethod.DawidSkene, turned));
        Assert.NotEqual(PanelLearning.Learn(PanelMethod.Labelled, rollouts), PanelLearning.Learn(PanelMethod.Labelled, turned));
    }

    [Fact]
    public void Which_of_two_responses_stands_first_in_the_batch_changes_nothing()
    {
        List<RolloutLedger> rollouts = Panel(100, first: 0);
        RolloutLedger[] mirrored = [.. rollouts.Select(static (r, i) => i % 2 == 0 ? r : r with
        {
            Ledger = [.. r.Ledger.Select(static j => j with { Winner = 1 - j.Winner, Order = [.. j.Order.Select(static o => 1 - o)] })],
        })];
        PanelWeights one = PanelLearning.Learn(PanelMethod.DawidSkene, rollouts);
        PanelWeights other = PanelLearning.Learn(PanelMethod.DawidSkene, mirrored);
        Assert.All(one.Weights.Zip(other.Weights), static w => Assert.Equal(w.First.Weight, w.Second.Weight, 6));
    }

    [Fact]
    public void A_vote_for_what_stands_first_weighs_less_from_a_judge_that_favours_it()
    {
        var random = new SeededRandom(5);
        RolloutLedger[] rollouts = [.. Enumerable.Range(0, 600).Select(i =>
        {
            int best = random.Next(2);
            return new RolloutLedger(Ledgers.Rollout(2, $"r{i}"), [.. Enumerable.Range(0, 5).Select(judge =>
            {
                bool turned = random.Next(2) == 0;
                int first = turned ? 1 : 0;
                double p = judge > 0 ? 0.85 : best == first ? 0.95 : 0.6;
                return Ledgers.Pair(judge, 0, 1, random.NextDouble() < p ? best : 1 - best, id: $"r{i}") with { Judge = judge > 0 ? $"fair-{judge}" : "biased", Order = turned ? [1, 0] : [0, 1] };
            })]);
        })];
        PanelWeight biased = PanelLearning.Learn(PanelMethod.DawidSkene, rollouts).Weights[0];
        Assert.Equal("biased", biased.Judge);
        Assert.True(biased.Later > 1.5 * biased.Weight, $"{biased.Weight} first, {biased.Later} later");

        var panel = new PanelWeights { Weights = [biased] };
        Judgement vote = Ledgers.Pair(0, 0, 1, 0) with { Judge = "biased" };
        Assert.Equal(biased.Weight, panel.Of(vote));
        Assert.Equal(biased.Later, panel.Of(vote with { Order = [1, 0] }));
        Judgement list = Ledgers.List(0, [3, 8]) with { Judge = "biased", Protocol = "rrm" };
        Assert.Equal(biased.Later, panel.Of(list));
        Assert.Equal(biased.Weight, panel.Of(list with { Order = [1, 0] }));
    }

    [Fact]
    public void Weights_are_the_same_after_a_round_trip_and_unknown_fields_are_refused()
    {
        PanelWeights panel = PanelLearning.Learn(PanelMethod.Labelled, Panel(40, first: 0));
        string json = JsonSerializer.Serialize(panel, TribunalJson.Default.PanelWeights);
        Assert.Equal(panel, JsonSerializer.Deserialize(json, TribunalJson.Default.PanelWeights));
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("""{"weights":[],"run":"rm"}""", TribunalJson.Default.PanelWeights));
    }

    [Fact]
    public void Lists_say_between_every_two_what_their_scores_say()
    {
        RolloutLedger[] lists = [.. Panel(300, first: 0).Select(static r => r with
        {
            Ledger = [.. r.Ledger.Select(static j => Ledgers.List(j.Sample, j.Winner == 0 ? [9, 4] : [4, 9], id: j.RolloutId) with { Judge = j.Judge, Protocol = j.Protocol, Order = j.Order })],
        })];
        PanelWeights scores = PanelLearning.Learn(PanelMethod.OneCoin, lists);
        PanelWeights choices = PanelLearning.Learn(PanelMethod.OneCoin, Panel(300, first: 0));
        Assert.Equal(choices.Weights.Select(static w => w.Weight), scores.Weights.Select(static w => w.Weight));
    }

    // One judge that is right nine times in ten, and four calls each of one that tosses coins and one hardly better.
    private static List<RolloutLedger> Panel(int rollouts, int first) => [.. Enumerable.Range(first, rollouts).Select(i =>
    {
        var random = new SeededRandom((ulong)i);
        string id = $"r{i}";
        int best = random.Next(2);
        Rollout rollout = Ledgers.Rollout(2, id) with { Prompt = [new Message("user", id)], Best = [best] };
        return new RolloutLedger(rollout, [.. Enumerable.Range(0, 9).Select(s =>
        {
            (string judge, double right) = s == 0 ? ("good", 0.92) : s % 2 == 0 ? ("idle", 0.5) : ("poor", 0.58);
            return Ledgers.Pair(s, 0, 1, random.NextDouble() < right ? best : 1 - best, id: id) with { Judge = judge, Order = random.Next(2) == 0 ? [0, 1] : [1, 0] };
        })]);
    })];

    private static double Accuracy(PanelWeights? panel, List<RolloutLedger> rollouts)
    {
        IJudgingScheme scheme = JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise, Panel = panel });
        return rollouts.Average(r => scheme.Cast(r.Rollout, r.Ledger, stop: null).Best == r.Rollout.Best![0] ? 1.0 : 0);
    }
}
