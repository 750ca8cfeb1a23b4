using CsCheck;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Tournaments;
using Tribunal.Training;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Issues;

/// <summary>
/// Reported: of two responses with the same text one had a reward of 0.9 and the other of 0.1, with confidence, and a label on one of
/// them counted against the judge that chose the other.
/// </summary>
public sealed class IdenticalResponsesTests
{
    [Fact]
    public void Equal_texts_have_equal_rewards_and_never_meet_under_every_tournament_policy_and_rule() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3].Array[2, 9], Gen.ULong, Gen.Int[0, 2], Gen.Bool, Gen.Int[0, 4]).Sample((kind, texts, seed, policy, meta, rule) =>
        {
            Rollout rollout = Texts(texts);
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = JudgingKind.Pairwise,
                Seed = (long)seed,
                Rule = (VotingRule)rule,
                Meta = meta ? new MetaOptions { Model = "m" } : new MetaOptions(),
                Policy = new PolicyOptions { Kind = (PolicyKind)policy, Samples = 3, Max = 8 },
                Tournament = new TournamentOptions { Kind = (TournamentKind)kind },
            });
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, draw =>
            {
                Assert.NotEqual(texts[draw.Pair![0]], texts[draw.Pair[1]]);
                ulong random = StableHash.Mix(seed, (ulong)draw.Sample);
                return Ledgers.Answer(draw, rollout, (i, j, _) => random % 4 == 0 ? null : random % 4 == 1 ? i : j) with { Meta = random % 7 };
            });
            Verdict verdict = scheme.Cast(rollout, ledger, stop);
            Check(rollout, texts, verdict);
            Check(rollout, texts, JudgingSchemes.ForRecorded(new SchemeOptions { Kind = JudgingKind.Pairwise, Rule = (VotingRule)rule, Seed = (long)seed }).Cast(rollout, ledger, stop));
        }, iter: 500);

    [Fact]
    public void Lists_give_equal_texts_the_mean_of_their_scores() =>
        Gen.Select(Gen.Int[0, 2].Array[1, 7], Gen.ULong, Gen.Int[0, 4], Gen.Bool).Sample((texts, seed, rule, meta) =>
        {
            Rollout rollout = Texts(texts);
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = JudgingKind.Listwise,
                Seed = (long)seed,
                Rule = (VotingRule)rule,
                Meta = meta ? new MetaOptions { Model = "m" } : new MetaOptions(),
                Policy = new PolicyOptions { Samples = 5 },
            });
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, draw => Ledgers.List(
                draw.Sample,
                [.. Enumerable.Range(0, texts.Length).Select(i => 1 + (double)(StableHash.Mix(seed, (ulong)((draw.Sample * 16) + i)) % 10))],
                StableHash.Mix(seed, (ulong)draw.Sample) % 7));
            Check(rollout, texts, scheme.Cast(rollout, ledger, stop));
        }, iter: 500);

    [Fact]
    public void Scores_of_two_equal_texts_are_averaged()
    {
        Rollout rollout = Texts([0, 1, 0]);
        Verdict verdict = JudgingSchemes.Create(new SchemeOptions { Kind = JudgingKind.Listwise })
            .Cast(rollout, [Ledgers.List(0, [10, 5.5, 1]), Ledgers.List(1, [4, 10, 4])], StopReason.Fixed);
        Assert.Equal([(0.5 + (3 / 9.0)) / 2, 0.75, (0.5 + (3 / 9.0)) / 2], verdict.Rewards!, static (a, b) => Math.Abs(a - b) < 1e-12);
        Assert.Equal([1, 0, 2], verdict.Ranking);
    }

    [Theory]
    [InlineData(JudgingKind.Pairwise)]
    [InlineData(JudgingKind.Listwise)]
    public void Where_all_texts_are_the_same_nobody_leads(JudgingKind kind)
    {
        Rollout rollout = Texts([0, 0, 0]) with { Best = [2] };
        IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions { Kind = kind, Policy = new PolicyOptions { Samples = 4 } });
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, static draw => Ledgers.List(draw.Sample, [9, 3, 2]));
        Assert.Equal(kind == JudgingKind.Pairwise ? 0 : 4, ledger.Count);
        Verdict verdict = scheme.Cast(rollout, ledger, stop);
        Assert.Equal(VerdictStatus.Scored, verdict.Status);
        Assert.Single(verdict.Rewards!.Distinct());
        Assert.Equal([0, 1, 2], verdict.Ranking);
        Assert.Equal(0.5, verdict.Confidence);
        Assert.Equal(0, verdict.Margin);
        Assert.Null(rollout.KnownBest());
    }

    [Fact]
    public void A_budget_is_spent_as_if_every_text_stood_once()
    {
        List<Judgement>[] repeated = Spend([Texts([0, 1, 0, 1], "a"), Texts([0, 1, 2], "b"), Texts([0, 0], "c")]);
        List<Judgement>[] once = Spend([Texts([0, 1], "a"), Texts([0, 1, 2], "b"), Texts([0], "c")]);
        Assert.Equal(once.Select(static ledger => ledger.Count), repeated.Select(static ledger => ledger.Count));
        Assert.InRange(repeated.Sum(static ledger => ledger.Count), 40, 60);
        Assert.All(repeated[0], static judgement => Assert.Equal([0, 1], judgement.Pair));
        Assert.All(repeated, static ledger => Assert.Equal(ledger.Count, ledger.Select(static j => j.Sample).Distinct().Count()));

        static List<Judgement>[] Spend(Rollout[] batch)
        {
            var options = new SchemeOptions { Kind = JudgingKind.Pairwise, Policy = new PolicyOptions { Kind = PolicyKind.Budget, Judgements = 60, Min = 2, Max = 16 } };
            IJudgingScheme scheme = JudgingSchemes.Create(options);
            List<Judgement>[] ledgers = [.. batch.Select(static _ => new List<Judgement>())];
            while (true)
            {
                // Texts need not be kept to share a budget out.
                BudgetRound round = BudgetRounds.Current(options, [.. batch.Select((r, i) => new RolloutLedger(r.WithoutTexts(), ledgers[i]))], 60);
                if (round.Over)
                {
                    return ledgers;
                }

                for (int i = 0; i < batch.Length; i++)
                {
                    Rollout rollout = batch[i];
                    ledgers[i].AddRange(scheme.Next(rollout, ledgers[i], round.Allowances[i]).Draws
                        .Select(draw => Ledgers.Answer(draw, rollout, static (a, b, vote) => vote % 3 == 0 ? a : b)));
                }
            }
        }
    }

    [Fact]
    public void A_label_holds_for_every_response_of_its_text()
    {
        Rollout rollout = Texts([0, 1, 0, 2]) with { Best = [2] };
        Assert.Equal([0, 2], rollout.KnownBest());
        Assert.Equal([0, 2], Label.Of(rollout, pair: null)!.Best);
        Assert.Equal([0], Label.Of(rollout, [0, 1])!.Best);
        Assert.Null(Label.Of(rollout, [0, 2]));
        Assert.Null(Label.Of(Texts([0, 0]) with { Scores = [1, 5] }, pair: null));
        Assert.Equal([1], (Texts([0, 1]) with { Best = [1] }).KnownBest());
        Assert.Null(Texts([0, 1]).KnownBest());
    }

    [Fact]
    public void No_training_data_order_effect_or_weight_of_a_judge_comes_of_two_equal_texts()
    {
        Rollout rollout = Texts([0, 0, 1]) with { Best = [0] };
        TracedJudgement[] ledger = [Ledgers.Pair(0, 0, 1, 0), Ledgers.Pair(3, 0, 1, 0, order: [1, 0])];
        var selection = new TrainingSelection(new TrainingOptions { Form = TrainingForm.Meta, Protocol = "rrm" });
        Assert.All(selection.Select(rollout, ledger), static trajectory => Assert.Equal(DropReason.NoContrast, trajectory.Dropped));
        Assert.Equal(default, OrderEffects.Of(rollout, ledger));
        Assert.Equal(0, PanelLearning.Learn(PanelMethod.Labelled, [new RolloutLedger(rollout, ledger)]).Weights.Sum(static w => w.Judgements));
        Assert.Equal(0, PanelLearning.Learn(PanelMethod.OneCoin, [new RolloutLedger(rollout, ledger)]).Weights.Sum(static w => w.Judgements));
    }

    [Fact]
    public void A_record_of_any_of_the_equal_texts_plays_a_tournament_again()
    {
        Rollout rollout = Texts([0, 1, 0]);
        var tournament = new RecordedTournament(new SchemeOptions
        {
            Kind = JudgingKind.Pairwise,
            Policy = new PolicyOptions { Samples = 2 },
            Tournament = new TournamentOptions { Kind = TournamentKind.RoundRobin },
        });
        PlayedTournament played = tournament.Play(rollout, [Ledgers.Pair(0, 0, 1, 1), Ledgers.Pair(1, 0, 2, 0), Ledgers.Pair(2, 1, 2, 1)]);
        Assert.Null(played.Missing);
        Assert.Equal(2, played.Ledger.Count);
        Verdict verdict = tournament.Cast(rollout, played);
        Assert.Equal(1, verdict.Best);
        Assert.Equal(verdict.Rewards![0], verdict.Rewards[2]);
    }

    private static Rollout Texts(int[] texts, string id = "r") =>
        Ledgers.Rollout(texts.Length, id) with { Responses = [.. texts.Select(static text => new Response($"text {text}"))] };

    private static void Check(Rollout rollout, int[] texts, Verdict verdict)
    {
        if (verdict.Status == VerdictStatus.Unscorable)
        {
            Assert.True(texts.Length < 2);
            return;
        }

        double[] rewards = [.. verdict.Rewards!];
        for (int i = 0; i < texts.Length; i++)
        {
            for (int j = i + 1; j < texts.Length; j++)
            {
                if (texts[i] == texts[j])
                {
                    Assert.Equal(rewards[i], rewards[j]);
                    Assert.True(verdict.Ranking!.ToList().IndexOf(i) < verdict.Ranking!.ToList().IndexOf(j));
                }
            }
        }

        Assert.Equal(rollout.Responses.Count, verdict.Ranking!.Distinct().Count());
        if (texts.Length > 1 && texts.Distinct().Count() == 1)
        {
            Assert.Equal(0.5, verdict.Confidence);
        }
    }
}
