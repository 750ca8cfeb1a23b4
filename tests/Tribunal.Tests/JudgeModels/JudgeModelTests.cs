using Tribunal.Calibration;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;

namespace Tribunal.Tests.JudgeModels;

/// <summary>What is learned of a judge, on judges whose parameters are known.</summary>
public sealed class JudgeModelTests(ITestOutputHelper output)
{
    private static readonly SchemeOptions Pairs = new() { Kind = JudgingKind.Pairwise, Policy = new PolicyOptions { Kind = PolicyKind.Adaptive } };
    private static readonly SchemeOptions Lists = new() { Kind = JudgingKind.Listwise, Policy = new PolicyOptions { Kind = PolicyKind.Adaptive } };

    [Theory]
    [InlineData(0.4, 0)]
    [InlineData(1.5, 0)]
    [InlineData(0.8, 1.5)]
    public void Four_votes_of_each_pair_tell_how_often_votes_agree_and_what_the_order_does(double spread, double position)
    {
        JudgeModel model = JudgeLearning.Learn(Pairs, Enumerable.Range(0, 600).Select(r => Judged(r, spread, position, votes: 4)));
        double agree = Enumerable.Range(0, 4000).Average(r => Same(Share(r, spread, position, first: true)));
        double across = Enumerable.Range(0, 4000).Average(r => Share(r, spread, position, true) is var p && Share(r, spread, position, false) is var q ? (p * q) + ((1 - p) * (1 - q)) : 0);
        output.WriteLine($"agreement {model.Pairs!.Agreement:0.000} of {agree:0.000}, across orders {model.Pairs.AgreementAcrossOrders:0.000} of {across:0.000}, first {model.Pairs.First:0.00}");
        Assert.InRange(model.Pairs.Agreement, agree - 0.04, agree + 0.04);
        Assert.InRange(model.Pairs.AgreementAcrossOrders, across - 0.04, across + 0.04);
        Assert.InRange(model.Pairs.First, position - 0.35, position + 0.35);

        static double Same(double p) => (p * p) + ((1 - p) * (1 - p));
    }

    [Theory]
    [InlineData(0.4, 0)]
    [InlineData(1.5, 0)]
    [InlineData(0.8, 1.5)]
    public void Confidence_is_how_often_the_whole_pool_says_the_same(double spread, double position)
    {
        JudgeModel model = JudgeLearning.Learn(Pairs, Enumerable.Range(0, 500).Select(r => Judged(r, spread, position, votes: r % 4 == 0 ? 4 : 2)));
        IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Learned = model });
        var outcomes = new List<Outcome>();
        for (int r = 1000; r < 5000; r++)
        {
            RolloutLedger pool = Judged(r, spread, position, votes: 32);
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, pool.Rollout, draw => pool.Ledger[draw.Sample]);
            Verdict verdict = scheme.Cast(pool.Rollout, ledger, stop);
            int lead = pool.Ledger.Sum(static judgement => judgement.Winner == 0 ? 1 : -1);
            outcomes.Add(new Outcome(verdict.Confidence!.Value, lead == 0 || (lead > 0 ? 0 : 1) == verdict.Best));
        }

        Reliability table = Calibrator.Table(outcomes);
        output.WriteLine($"ECE against the pool {table.Ece:0.0000}");
        Assert.InRange(table.Ece, 0, 0.03);
    }

    [Fact]
    public void Few_rollouts_teach_nothing_and_the_model_says_so()
    {
        JudgeModel model = JudgeLearning.Learn(Pairs, Enumerable.Range(0, JudgeModel.Fewest - 1).Select(r => Judged(r, 1, 0, votes: 2)));
        Assert.False(model.IsFitted);
        Assert.Contains("only 23 of the 24", model.Note, StringComparison.Ordinal);
    }

    [Fact]
    public void A_judge_that_agrees_with_itself_needs_two_votes_or_one_and_one_that_does_not_needs_more()
    {
        JudgeModel sure = JudgeLearning.Learn(Pairs, Enumerable.Range(0, 1500).Select(r => Judged(r, 60, 0, votes: 2)));
        JudgeModel unsure = JudgeLearning.Learn(Pairs, Enumerable.Range(0, 200).Select(r => Judged(r, 0.8, 0, votes: 4)));
        Assert.Equal(2, Unanimous(sure, min: 2));
        Assert.Equal(1, Unanimous(sure, min: 1));
        Assert.InRange(Unanimous(unsure, min: 2), 4, 16);

        static int Unanimous(JudgeModel model, int min)
        {
            IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Learned = model, Policy = Pairs.Policy with { Min = min } });
            Rollout rollout = Ledgers.Rollout(2);
            return Ledgers.Run(scheme, rollout, draw => Ledgers.Pair(draw.Sample, 0, 1, 1, order: draw.Order)).Ledger.Count;
        }
    }

    [Fact]
    public void What_the_place_in_a_list_is_worth_is_no_noise()
    {
        JudgeModel model = JudgeLearning.Learn(Lists, Enumerable.Range(0, 200).Select(r =>
        {
            Rollout rollout = Ledgers.Rollout(3, $"l{r}");
            return new RolloutLedger(rollout, [.. Enumerable.Range(0, 4).Select(s =>
            {
                int[] order = PresentationOrder.List(0, rollout.Id, s, 3);
                return Ledgers.List(s, [.. Enumerable.Range(0, 3).Select(i => 4.0 + ((r + (2 * i)) % 3) + (Array.IndexOf(order, i) == 0 ? 2 : Array.IndexOf(order, i) == 1 ? 1 : 0))], id: rollout.Id) with { Order = order };
            })]);
        }));

        // Two points of nine from the last place to the first, and nothing else that differs from judgement to judgement.
        Assert.InRange(model.Lists!.First, 0.21, 0.23);
        Assert.InRange(model.Lists.Noise, 0, 0.02);
    }

    [Fact]
    public void A_calibration_halves_the_error_on_other_rollouts_and_takes_labels()
    {
        // Sure of itself, and right in three of four.
        static IEnumerable<LabelledVerdict> Verdicts(ulong seed, int count) => Enumerable.Range(0, count).Select(r =>
        {
            var random = new SeededRandom(StableHash.Mix(seed, (ulong)r));
            double confidence = 1 - (0.2 * random.NextDouble() * random.NextDouble());
            return new LabelledVerdict($"{seed}-{r}", confidence, 0, false, random.NextDouble() < 0.4 + (0.4 * confidence));
        });
        StoredCalibration calibration = StoredCalibration.Fit([.. Verdicts(1, 800)])!;
        LabelledVerdict[] later = [.. Verdicts(2, 2000)];
        double before = Calibrator.Table([.. later.Select(static v => new Outcome(v.Confidence, v.Right))]).Ece;
        double after = Calibrator.Table([.. later.Select(v => new Outcome(calibration.Of(v.Confidence, v.Margin, v.Exhausted), v.Right))]).Ece;
        output.WriteLine($"{before:0.000} → {after:0.000}");
        Assert.InRange(after, 0, before / 2);
        Assert.Null(StoredCalibration.Fit([.. Verdicts(3, StoredCalibration.Fewest - 1)]));
    }

    [Fact]
    public void Where_the_confidence_says_nothing_the_margin_tells_who_is_right_and_where_a_cascade_may_end()
    {
        // Always sure; the closer the responses, the likelier an error that every judgement shares. The other judge makes half as many.
        static IEnumerable<LabelledVerdict> Verdicts(ulong seed, int count) => Enumerable.Range(0, count).Select(r =>
        {
            var random = new SeededRandom(StableHash.Mix(seed, (ulong)r));
            double margin = random.NextDouble();
            double wrong = 0.5 * Math.Exp(-6 * margin);
            double luck = random.NextDouble();
            return new LabelledVerdict($"{seed}-{r}", 0.99, margin, false, luck >= wrong, random.NextDouble() >= wrong / 2);
        });
        LabelledVerdict[] labelled = [.. Verdicts(1, 4000)];
        StoredCalibration calibration = StoredCalibration.Fit(labelled)!;
        Assert.NotNull(calibration.Odds);
        Assert.InRange(calibration.Of(0.99, 0, false), 0.4, 0.65);
        Assert.InRange(calibration.Of(0.99, 0.5, false), 0.95, 1);

        (double below, double goOn, double lost) = calibration.Cascade(labelled, 0.01);
        LabelledVerdict[] later = [.. Verdicts(2, 20_000)];
        double net = later.Where(v => calibration.Of(v.Confidence, v.Margin, v.Exhausted) >= below).Sum(static v => (v.OtherRight!.Value ? 1.0 : 0) - (v.Right ? 1 : 0)) / later.Length;
        output.WriteLine($"below {below:0.000}: {goOn:P1} go on, {lost:P2} lost on the half held back, {net:P2} on other rollouts");
        Assert.InRange(net, 0, 0.02);
        Assert.InRange(goOn, 0.05, 0.5);

        // Without the other's verdicts all that is wrong counts as lost, so that more goes on.
        Assert.InRange(calibration.Cascade([.. labelled.Select(static v => v with { OtherRight = null })], 0.01).Below, below, 1);
    }

    [Fact]
    public void What_is_learned_spares_a_certificate_that_is_not_to_be_expected_and_costs_hardly_any()
    {
        PolicyOptions certified = new() { Kind = PolicyKind.Certified };
        JudgeModel model = JudgeLearning.Learn(Lists, Enumerable.Range(0, 300).Select(static r => Scored(r, samples: 4)));
        (int drawn, int sure) = Play(Lists with { Policy = certified });
        (int drawnLearned, int sureLearned) = Play(Lists with { Policy = certified, Learned = model });
        output.WriteLine($"{drawn} judgements, {sure} certified; learned {drawnLearned}, {sureLearned}");
        Assert.InRange(drawnLearned, drawn / 2, 0.9 * drawn);
        Assert.InRange(sureLearned, sure - (0.02 * 300), sure);

        static (int Drawn, int Certified) Play(SchemeOptions options)
        {
            IJudgingScheme scheme = JudgingSchemes.Create(options);
            var runs = Enumerable.Range(5000, 300).Select(r =>
            {
                RolloutLedger all = Scored(r, samples: 32);
                return Ledgers.Run(scheme, all.Rollout, draw => all.Ledger[draw.Sample]);
            }).ToList();
            return (runs.Sum(static run => run.Ledger.Count), runs.Count(static run => run.Stop == StopReason.Certified));
        }

        // Three responses whose true scores are 1.5 points apart, by 1 in every judgement.
        static RolloutLedger Scored(int r, int samples)
        {
            Rollout rollout = Ledgers.Rollout(3, $"s{r}");
            var truth = new SeededRandom(StableHash.Mix(31, (ulong)r));
            double[] means = [5.5 + (1.5 * truth.NextNormal()), 5.5 + (1.5 * truth.NextNormal()), 5.5 + (1.5 * truth.NextNormal())];
            return new RolloutLedger(rollout, [.. Enumerable.Range(0, samples).Select(v =>
            {
                var random = new SeededRandom(StableHash.Mix(StableHash.Mix(32, (ulong)r), (ulong)v));
                return Ledgers.List(v, [.. means.Select(mean => Math.Clamp(mean + random.NextNormal(), 1, 10))], id: rollout.Id);
            })]);
        }
    }

    // A logistic judge: a pair's log-odds are normal, and the first place has so much more.
    private static RolloutLedger Judged(int r, double spread, double position, int votes)
    {
        Rollout rollout = Ledgers.Rollout(2, $"p{r}");
        return new RolloutLedger(rollout, [.. Enumerable.Range(0, votes).Select(v =>
        {
            int[] order = PresentationOrder.Pair(0, rollout.Id, 0, 1, v);
            var random = new SeededRandom(StableHash.Mix(StableHash.Mix(77, (ulong)r), (ulong)v));
            return Ledgers.Pair(v, 0, 1, random.NextDouble() < Share(r, spread, position, order[0] == 0) ? 0 : 1, id: rollout.Id, order: order);
        })]);
    }

    private static double Share(int r, double spread, double position, bool first)
    {
        double odds = (spread * 2.5 * new SeededRandom(StableHash.Mix(99, (ulong)r)).NextNormal()) + (first ? position : -position);
        return 1 / (1 + Math.Exp(-odds));
    }
}
