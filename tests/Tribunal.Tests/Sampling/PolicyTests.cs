using CsCheck;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Verdicts;

namespace Tribunal.Tests.Sampling;

public sealed class PolicyTests(ITestOutputHelper output)
{
    private static readonly PolicyOptions Adaptive = new() { Kind = PolicyKind.Adaptive };
    private static readonly SchemeOptions Pairs = new() { Kind = JudgingKind.Pairwise, Policy = Adaptive };
    private static readonly SchemeOptions Lists = new() { Kind = JudgingKind.Listwise, Policy = Adaptive };

    [Theory]
    [InlineData(JudgingKind.Pairwise, 2, 0.4)]
    [InlineData(JudgingKind.Listwise, 2, 0.4)]
    [InlineData(JudgingKind.Listwise, 4, 0.4)]
    public void Adaptive_keeps_the_accuracy_of_32_judgements_at_a_fraction_of_them(JudgingKind kind, int responses, double share)
    {
        const int rollouts = 8000;

        // Noise at which 32 judgements gain about what they gain in the DeepSeek-GRM paper (85.2 → 88.5 on RewardBench).
        var model = new NoiseModel(1, responses, noise: 0.45);
        (double accuracy, double drawn) fixedRun = Play(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = 32 } }, model, rollouts);
        (double accuracy, double drawn) adaptive = Play(new SchemeOptions { Kind = kind, Policy = Adaptive }, model, rollouts);
        output.WriteLine($"{kind} {responses}: fixed-32 {fixedRun.accuracy:P2}; adaptive {adaptive.accuracy:P2} with {adaptive.drawn:F2} judgements");
        Assert.InRange(adaptive.accuracy, fixedRun.accuracy - 0.003, 1);
        Assert.InRange(adaptive.drawn, 2, share * 32);
    }

    [Theory]
    [InlineData(JudgingKind.Pairwise)]
    [InlineData(JudgingKind.Listwise)]
    public void Adaptive_keeps_what_a_meta_filter_gains(JudgingKind kind)
    {
        const int rollouts = 6000;
        var model = new NoiseModel(2, 2, noise: 0.45);
        var meta = new MetaOptions { Model = "meta" };
        (double accuracy, double drawn) plain = Play(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = 8 } }, model, rollouts);
        (double accuracy, double drawn) guided = Play(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = 8 }, Meta = meta }, model, rollouts);
        (double accuracy, double drawn) fixedRun = Play(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = 32 }, Meta = meta }, model, rollouts);
        (double accuracy, double drawn) adaptive = Play(new SchemeOptions { Kind = kind, Policy = Adaptive, Meta = meta }, model, rollouts);
        output.WriteLine($"{kind}: plain-8 {plain.accuracy:P2}, meta-8 {guided.accuracy:P2}, meta-32 {fixedRun.accuracy:P2}; adaptive {adaptive.accuracy:P2} with {adaptive.drawn:F2} judgements");
        Assert.True(kind == JudgingKind.Pairwise || guided.accuracy > plain.accuracy);
        Assert.InRange(adaptive.accuracy, fixedRun.accuracy - 0.003, 1);
        Assert.InRange(adaptive.drawn, 2, 0.4 * 32);
    }

    [Fact]
    public void Unanimous_pairs_stop_at_four()
    {
        Rollout rollout = Ledgers.Rollout(2);
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(JudgingSchemes.Create(Pairs), rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => 1));
        Assert.Equal(4, ledger.Count);
        Assert.Equal(StopReason.Confident, stop);
    }

    [Fact]
    public void A_judge_that_follows_the_position_is_given_up()
    {
        Rollout rollout = Ledgers.Rollout(2);
        foreach (PolicyKind kind in new[] { PolicyKind.Adaptive, PolicyKind.Certified })
        {
            IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Policy = Adaptive with { Kind = kind, Max = 256 } });
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Pair(d.Sample, 0, 1, d.Order[0], order: d.Order));
            Assert.Equal(8, ledger.Count);
            Assert.Equal(StopReason.Exhausted, stop);
        }
    }

    [Fact]
    public void Equal_scores_are_given_up()
    {
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(JudgingSchemes.Create(Lists), Ledgers.Rollout(3), d => Ledgers.List(d.Sample, [6, 6, 6]));
        Assert.Equal(8, ledger.Count);
        Assert.Equal(StopReason.Exhausted, stop);
    }

    [Fact]
    public void Near_ties_of_a_list_end_once_nobody_can_lead_by_much()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Lists);
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, Ledgers.Rollout(3), Near);
        Assert.InRange(ledger.Count, 8, 24);
        Assert.Equal(StopReason.Exhausted, stop);
        scheme = JudgingSchemes.Create(Lists with { Policy = Adaptive with { Indifference = 0 } });
        Assert.Equal(32, Ledgers.Run(scheme, Ledgers.Rollout(3), Near).Ledger.Count);

        // Now the first leads by a point, now the second, mostly neither; the third is far behind.
        static Judgement Near(Draw d) => Ledgers.List(d.Sample, [d.Sample % 4 == 0 ? 7 : 6, d.Sample % 4 == 2 ? 7 : 6, 2]);
    }

    [Fact]
    public void Votes_that_cancel_out_by_chance_are_no_position_bias()
    {
        // Both orders always disagree, but now the first place wins, now the second.
        (List<Judgement> ledger, _) = Ledgers.Run(
            JudgingSchemes.Create(Pairs), Ledgers.Rollout(2), d => Ledgers.Pair(d.Sample, 0, 1, d.Order[(d.Sample >> 1) % 2], order: d.Order));
        Assert.Equal(32, ledger.Count);
    }

    [Fact]
    public void Rounds_grow_to_a_quarter_of_the_maximum()
    {
        Assert.Equal([2, 4, 8, 16, 24, 32], Checkpoints(32));
        Assert.Equal([2, 4, 8, 16, 32, 64, 96, 128], Checkpoints(128));

        // Votes stay even throughout.
        static List<int> Checkpoints(int max)
        {
            IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Policy = Adaptive with { Max = max } });
            Rollout rollout = Ledgers.Rollout(2);
            List<Judgement> ledger = [];
            List<int> seen = [];
            while (scheme.Next(rollout, ledger).Draws is { Count: > 0 } draws)
            {
                ledger.AddRange(draws.Select(d => Ledgers.Pair(d.Sample, 0, 1, d.Order[(d.Sample >> 1) % 2], order: d.Order)));
                seen.Add(ledger.Count);
            }

            return seen;
        }
    }

    [Fact]
    public void A_long_list_shows_its_noise_sooner_than_a_pair_of_it()
    {
        // Two judgements agree on the two leaders to the point; the others jump, and so might these.
        double calm = Confidence([[8, 6, 4, 4], [8, 6, 4, 4]]);
        double jumpy = Confidence([[8, 6, 1, 8], [8, 6, 7, 2]]);
        Assert.True(jumpy < calm - 0.03, $"{jumpy} against {calm}");

        static double Confidence(double[][] scores) => JudgingSchemes.Create(Lists)
            .Cast(Ledgers.Rollout(4), [.. scores.Select((s, i) => Ledgers.List(i, s))], null).Confidence!.Value;
    }

    [Fact]
    public void Answers_that_never_parse_are_given_up()
    {
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(
            JudgingSchemes.Create(Lists), Ledgers.Rollout(3), d => Ledgers.Without(d.Sample, JudgementOutcome.Unparsable));
        Assert.Equal(8, ledger.Count);
        Assert.Equal(StopReason.Exhausted, stop);
    }

    [Fact]
    public void Coin_flips_end_before_the_maximum()
    {
        IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Policy = Adaptive with { Max = 128, Futility = 0.1 } });
        double drawn = Enumerable.Range(0, 2000).Average(r =>
        {
            Rollout rollout = Ledgers.Rollout(2, $"t{r}");
            return Ledgers.Run(scheme, rollout, d => Ledgers.Answer(d, rollout, (i, j, v) => Coin(r, v))).Ledger.Count;
        });
        output.WriteLine($"coin flips: {drawn:F1} of 128");
        Assert.InRange(drawn, 4, 0.75 * 128);

        static int Coin(int rollout, int vote) => (int)(StableHash.Mix((ulong)rollout, (ulong)vote) >> 63);
    }

    [Fact]
    public void What_was_drawn_beyond_a_checkpoint_does_not_change_the_decision() =>
        Gen.Select(Gen.Int[0, 1].Array[32], Gen.Int[0, 32], Gen.ULong, Gen.Bool).Sample((votes, extra, seed, certified) =>
        {
            Rollout rollout = Ledgers.Rollout(2);
            IJudgingScheme scheme = JudgingSchemes.Create(Pairs with { Policy = Adaptive with { Kind = certified ? PolicyKind.Certified : PolicyKind.Adaptive } });
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Ledgers.Pair(d.Sample, 0, 1, votes[d.Sample]));
            Judgement[] more = [.. ledger, .. Enumerable.Range(ledger.Count, Math.Max(0, Math.Min(32 - ledger.Count, extra))).Select(s => Ledgers.Pair(s, 0, 1, votes[s]))];
            var random = new SeededRandom(seed);
            random.Shuffle(more.AsSpan());
            NextDraws next = scheme.Next(rollout, more);
            Assert.Empty(next.Draws);
            Assert.Equal(stop, next.Stop);

            // Losing some of a round only asks for those again.
            Judgement[] holes = [.. ledger.Where(j => StableHash.Mix(seed, (ulong)j.Sample) % 3 != 0)];
            (List<Judgement> again, StopReason? same) = Resume(scheme, rollout, holes, votes);
            Assert.Equal(stop, same);
            Assert.Equal(ledger.Select(j => j.Sample).Order(), again.Select(j => j.Sample).Order());
        }, iter: 300);

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.05)]
    [InlineData(0.1)]
    [InlineData(0.2)]
    [InlineData(0.4)]
    [InlineData(0.8)]
    public void Certified_at_5_percent_errs_in_at_most_5_percent_of_streams(double margin)
    {
        const int streams = 20_000;
        const int horizon = 200;
        double threshold = MarginEProcess.Threshold(0.05, 2);
        int wrong = 0;
        int right = 0;
        Parallel.For(0, streams, stream =>
        {
            var random = new SeededRandom(StableHash.Mix(StableHash.Of(17, "certified"), (ulong)stream));
            var first = new MarginEProcess();
            var second = new MarginEProcess();
            bool certifiedFirst = false;
            for (int t = 0; t < horizon; t++)
            {
                int x = random.NextDouble() < (1 + margin) / 2 ? 1 : -1;
                first.Add(x);
                second.Add(-x);
                certifiedFirst |= first.Value >= threshold;

                // With no margin nobody leads, and either certificate is an error.
                if (second.Value >= threshold || (margin == 0 && certifiedFirst))
                {
                    Interlocked.Increment(ref wrong);
                    return;
                }
            }

            Interlocked.Add(ref right, certifiedFirst ? 1 : 0);
        });
        output.WriteLine($"margin {margin}: wrong at any time up to {horizon} in {(double)wrong / streams:P2} of {streams} streams, certified right in {(double)right / streams:P2}");
        Assert.InRange(wrong, 0, 0.05 * streams);
        Assert.True(margin < 0.4 || right > 0.9 * streams);
    }

    [Theory]
    [InlineData(JudgingKind.Pairwise, 2, 0.0)]
    [InlineData(JudgingKind.Pairwise, 2, 0.6)]
    [InlineData(JudgingKind.Listwise, 5, 0.0)]
    public void Certified_rollouts_without_a_leader_are_rare_whatever_the_position_bias(JudgingKind kind, int responses, double bias)
    {
        const int rollouts = 4000;
        SchemeOptions options = new() { Kind = kind, Policy = new PolicyOptions { Kind = PolicyKind.Certified, Max = 64 } };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        int certified = Enumerable.Range(0, rollouts).AsParallel().Count(r =>
        {
            Rollout rollout = Ledgers.Rollout(responses, $"c{r}");
            return Ledgers.Run(scheme, rollout, d => Judge(r, d)).Stop == StopReason.Certified;
        });
        output.WriteLine($"{kind} {responses}, position bias {bias}: certified without a leader {(double)certified / rollouts:P2}");
        Assert.InRange(certified, 0, 0.05 * rollouts);

        Judgement Judge(int r, Draw draw)
        {
            var random = new SeededRandom(StableHash.Mix(StableHash.Mix(5, (ulong)r), (ulong)draw.Sample));
            return kind == JudgingKind.Pairwise
                ? Ledgers.Pair(draw.Sample, 0, 1, random.NextDouble() < (1 + bias) / 2 ? draw.Order[0] : draw.Order[1], order: draw.Order)
                : Ledgers.List(draw.Sample, [.. Enumerable.Range(0, responses).Select(_ => random.NextDouble() < 0.5 ? 1.0 : 10)]);
        }
    }

    [Theory]
    [InlineData(JudgingKind.Pairwise, 2)]
    [InlineData(JudgingKind.Listwise, 4)]
    public void A_budget_beats_an_equal_split_of_the_same_total(JudgingKind kind, int responses)
    {
        const int rollouts = 3000;
        const int each = 6;
        var model = new NoiseModel(23, responses, noise: 1.5);
        (double accuracy, double drawn) equal = Play(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = each } }, model, rollouts);
        SchemeOptions options = new() { Kind = kind, Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = each * rollouts, Max = 64 } };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        List<Judgement>[] ledgers = [.. Enumerable.Range(0, rollouts).Select(_ => new List<Judgement>())];
        Rollout[] batch = [.. Enumerable.Range(0, rollouts).Select(model.Rollout)];
        BudgetRound round;
        int rounds = 0;
        do
        {
            round = BudgetRounds.Current(options, [.. batch.Select((r, i) => new RolloutLedger(r, ledgers[i]))], each * rollouts);
            for (int i = 0; i < rollouts; i++)
            {
                ledgers[i].AddRange(scheme.Next(batch[i], ledgers[i], round.Allowances[i]).Draws.Select(d => Judge(model, kind, i, d)));
            }

            rounds++;
        }
        while (!round.Over);
        double right = Enumerable.Range(0, rollouts).Count(i => scheme.Cast(batch[i], ledgers[i], null).Best == model.Best(i)) / (double)rollouts;
        int spent = ledgers.Sum(l => l.Count);
        output.WriteLine($"{kind} {responses}: equal split {equal.accuracy:P2}, budget {right:P2}, {spent} of {each * rollouts} judgements in {rounds} rounds");
        Assert.InRange(spent, 0, each * rollouts);
        Assert.InRange(right, equal.accuracy + 0.002, 1);
    }

    [Fact]
    public void A_budget_interrupted_anywhere_goes_on_to_the_same_end()
    {
        const int rollouts = 40;
        var model = new NoiseModel(3, 3, noise: 1.5);
        SchemeOptions options = new() { Kind = JudgingKind.Listwise, Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 240 } };
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        Rollout[] batch = [.. Enumerable.Range(0, rollouts).Select(model.Rollout)];
        string undisturbed = Finish(0);
        for (ulong seed = 1; seed < 6; seed++)
        {
            Assert.Equal(undisturbed, Finish(seed));
        }

        string Finish(ulong seed)
        {
            Dictionary<(int, int), Judgement> ledger = [];
            ulong tries = 0;
            while (true)
            {
                RolloutLedger[] now = [.. batch.Select((r, i) => new RolloutLedger(r, [.. ledger.Where(p => p.Key.Item1 == i).Select(p => p.Value)]))];
                BudgetRound round = BudgetRounds.Current(options, now, 240);
                if (round.Over)
                {
                    Assert.Equal(round.Spent, ledger.Count);
                    return string.Join(' ', ledger.Keys.Order());
                }

                // A seed of 0 draws all that is asked for, the others lose a part of each round on the way.
                foreach ((int i, Draw draw) in Enumerable.Range(0, rollouts).SelectMany(i => scheme.Next(batch[i], now[i].Ledger, round.Allowances[i]).Draws.Select(d => (i, d))))
                {
                    if (seed == 0 || StableHash.Mix(seed, tries++) % 3 != 0)
                    {
                        ledger[(i, draw.Sample)] = model.Score(i, draw);
                    }
                }
            }
        }
    }

    internal static (double Accuracy, double Drawn) Play(SchemeOptions options, NoiseModel model, int rollouts)
    {
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        (bool Right, int Drawn)[] results = new (bool, int)[rollouts];
        Parallel.For(0, rollouts, r =>
        {
            Rollout rollout = model.Rollout(r);
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, d => Judge(model, options.Kind, r, d));
            results[r] = (scheme.Cast(rollout, ledger, stop).Best == model.Best(r), ledger.Count);
        });
        return (results.Average(r => r.Right ? 1 : 0), results.Average(r => r.Drawn));
    }

    private static Judgement Judge(NoiseModel model, JudgingKind kind, int rollout, Draw draw) =>
        kind == JudgingKind.Pairwise ? model.Prefer(rollout, draw) : model.Score(rollout, draw);

    private static (List<Judgement> Ledger, StopReason? Stop) Resume(IJudgingScheme scheme, Rollout rollout, Judgement[] start, int[] votes)
    {
        List<Judgement> ledger = [.. start];
        while (true)
        {
            NextDraws next = scheme.Next(rollout, ledger);
            if (next.Draws.Count == 0)
            {
                return (ledger, next.Stop);
            }

            ledger.AddRange(next.Draws.Select(d => Ledgers.Pair(d.Sample, 0, 1, votes[d.Sample])));
        }
    }
}
