using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Sampling;
using Tribunal.Simulator.Judging;
using Tribunal.Tournaments;
using Tribunal.Verdicts;

namespace Tribunal.Simulator.Tests.Acceptance;

/// <summary>
/// What the policies promise, on the simulated judge with its stated noise (docs/simulator.md) at the scale of the DeepSeek-GRM paper,
/// k up to 32. The rules were developed on batches of seeds 1001 to 1005 (and one more, 70004, where pairs missed the mark
/// and lost the give-up rule that cost them it); the seeds here were first looked at when the rules stood, and nothing was changed
/// for them. Each prints its figures with 95 % intervals over rollouts.
/// </summary>
public sealed class AcceptanceTests(ITestOutputHelper output)
{
    private static readonly SchemeOptions Plain = new() { Kind = JudgingKind.Listwise };
    private static readonly PolicyOptions Adaptive = new() { Kind = PolicyKind.Adaptive, Confidence = 0.95, Max = 32 };

    [Theory]
    [InlineData("grm", 2, 80001, 6000)]
    [InlineData("grm", 3, 80002, 6000)]
    [InlineData("grm", 4, 80003, 6000)]
    [InlineData("rrm", 2, 80004, 10_000)]
    public void Adaptive_reaches_what_32_judgements_reach_with_at_most_two_fifths_of_them(string protocol, int responses, long seed, int rollouts)
    {
        var trial = new Trial(protocol, responses, rollouts, seed);
        Played whole = trial.Play(Plain with { Policy = new PolicyOptions { Samples = 32 } });
        Played adaptive = trial.Play(Plain with { Policy = Adaptive });
        (double difference, double half) = adaptive.Over(whole);
        (double cost, double width) = Played.Interval(adaptive.Drawn);
        output.WriteLine($"{protocol}, {responses} responses: fixed-32 {whole.Accuracy:P2}, adaptive {adaptive.Accuracy:P2}: {100 * difference:F2} ± {100 * half:F2} points with {cost:F2} ± {width:F2} judgements, {cost / 32:P1}");
        Assert.InRange(difference, -0.003, 1);
        Assert.InRange(cost, 2, 0.4 * 32);
    }

    [Theory]
    [InlineData(0.5, 1.1, 80011)]
    [InlineData(0.9, 0.7, 80012)]
    public void It_does_so_for_a_judge_of_other_noise(double noise, double bias, long seed)
    {
        var trial = new Trial("grm", 3, 5000, seed, new NoiseModel { Noise = noise, Bias = bias });
        Played whole = trial.Play(Plain with { Policy = new PolicyOptions { Samples = 32 } });
        Played adaptive = trial.Play(Plain with { Policy = Adaptive });
        (double difference, double half) = adaptive.Over(whole);
        output.WriteLine($"noise {noise}, bias {bias}: fixed-32 {whole.Accuracy:P2}, adaptive {100 * difference:F2} ± {100 * half:F2} points with {adaptive.Judgements / 32:P1}");
        Assert.InRange(difference, -0.003, 1);
        Assert.InRange(adaptive.Judgements, 2, 0.4 * 32);
    }

    public static TheoryData<string, NoiseModel, string, int, TournamentKind, long, double> Learned() => new()
    {
        { "sharp", new NoiseModel { Noise = 0.25, Bias = 0.3 }, "grm", 2, TournamentKind.None, 90001, 0.2 },
        { "sharp", new NoiseModel { Noise = 0.25, Bias = 0.3 }, "rrm", 4, TournamentKind.Knockout, 90002, 0.25 },
        { "order-biased", new NoiseModel { Noise = 0.65, Bias = 0.6, Position = 1.2 }, "grm", 3, TournamentKind.None, 90003, 0.36 },
        { "order-biased", new NoiseModel { Noise = 0.65, Bias = 0.6, Position = 1.2 }, "rrm", 2, TournamentKind.None, 90004, 0.5 },
        { "correlated", new NoiseModel { Noise = 0.65, Bias = 1.2 }, "rrm", 2, TournamentKind.None, 90005, 0.35 },
    };

    [Theory]
    [MemberData(nameof(Learned))]
    public void With_a_learned_prior_it_loses_little_and_stops_where_the_judge_lets_it(
        string judge, NoiseModel noise, string protocol, int responses, TournamentKind tournament, long seed, double share)
    {
        var trial = new Trial(protocol, responses, 4000, seed, noise);
        SchemeOptions options = Plain with { Tournament = new TournamentOptions { Kind = tournament } };
        Played whole = trial.Play(options with { Policy = new PolicyOptions { Samples = 32 } });
        Played adaptive = trial.Play(options with { Policy = Adaptive, Learned = trial.Learn(options with { Policy = Adaptive }) });
        (double difference, double half) = adaptive.Over(whole);
        output.WriteLine($"{judge} {protocol} {responses} {tournament}: fixed-32 {whole.Accuracy:P2}, learned {100 * difference:F2} ± {100 * half:F2} points with {adaptive.Judgements / whole.Judgements:P1}");

        // What 4,000 rollouts can tell of a loss of 0.3 points.
        Assert.InRange(difference, -0.003 - half, 1);
        Assert.InRange(adaptive.Judgements / whole.Judgements, 0.05, share);
    }

    [Fact]
    public void Meta_guided_voting_beats_plain_voting_at_every_k_from_4()
    {
        var trial = new Trial("grm", 3, 8000, 80021, meta: true);
        foreach (int k in new[] { 4, 8, 16, 32 })
        {
            SchemeOptions options = Plain with { Policy = new PolicyOptions { Samples = k } };
            Played plain = trial.Play(options);
            Played guided = trial.Play(options with { Meta = new MetaOptions { Model = "simulated" } });
            (double gain, double half) = guided.Over(plain);
            output.WriteLine($"k = {k}: plain {plain.Accuracy:P2}, meta-guided {guided.Accuracy:P2}: {100 * gain:F2} ± {100 * half:F2} points");
            Assert.True(gain - half > 0);
        }
    }

    [Fact]
    public void A_budget_beats_an_equal_split_of_the_same_total()
    {
        const int each = 4;
        List<double> gains = [];
        foreach ((string protocol, int responses, long seed) in new[] { ("grm", 2, 80031L), ("grm", 4, 80032L), ("rrm", 2, 80033L) })
        {
            var trial = new Trial(protocol, responses, 10_000, seed);
            Played equal = trial.Play(Plain with { Policy = new PolicyOptions { Samples = each } });
            Played budget = trial.PlayBudget(Plain, each * trial.Batch.Length);
            (double gain, double half) = budget.Over(equal);
            output.WriteLine($"{protocol}, {responses} responses: equal split {equal.Accuracy:P2}, budget {budget.Accuracy:P2}: {100 * gain:F2} ± {100 * half:F2} points, {budget.Drawn.Sum():N0} of {equal.Drawn.Sum():N0} judgements");
            Assert.InRange(budget.Drawn.Sum(), 0, equal.Drawn.Sum());
            gains.AddRange(budget.Right.Zip(equal.Right, (b, e) => b - e));
        }

        (double all, double width) = Played.Interval([.. gains]);
        output.WriteLine($"all three: {100 * all:F2} ± {100 * width:F2} points");
        Assert.True(all - width > 0);
    }
}
