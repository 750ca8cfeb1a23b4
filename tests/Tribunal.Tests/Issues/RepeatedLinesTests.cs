using CsCheck;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tests.Verdicts;
using Tribunal.Tournaments;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Issues;

/// <summary>
/// Reported: a run that went on with another concurrency drew judgements a second time, and both lines of a name voted: 2,872 judgements
/// of 2,400, and a higher confidence.
/// </summary>
public sealed class RepeatedLinesTests
{
    [Fact]
    public void A_ledger_whose_lines_stand_twice_in_any_order_gives_the_same_draws_verdict_and_counts() =>
        Gen.Select(Gen.Int[-1, 3], Gen.ULong, Gen.Int[0, 2], Gen.Int[2, 5]).Sample((kind, seed, policy, n) =>
        {
            Rollout rollout = Ledgers.Rollout(n);
            bool lists = kind < 0;
            IJudgingScheme scheme = JudgingSchemes.Create(new SchemeOptions
            {
                Kind = lists ? JudgingKind.Listwise : JudgingKind.Pairwise,
                Seed = (long)seed,
                Policy = new PolicyOptions { Kind = (PolicyKind)policy, Samples = 3, Max = 8 },
                Tournament = new TournamentOptions { Kind = (TournamentKind)Math.Max(kind, 0) },
            });
            (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, draw => lists
                ? Ledgers.List(draw.Sample, [.. Enumerable.Range(0, n).Select(i => 1 + (double)(StableHash.Mix(seed, (ulong)((draw.Sample * 8) + i)) % 10))])
                : Ledgers.Answer(draw, rollout, (i, j, _) => StableHash.Mix(seed, (ulong)draw.Sample) % 3 == 0 ? i : j));
            string expected = ListVoteTests.Json(scheme.Cast(rollout, ledger, stop));

            var random = new SeededRandom(seed);
            Judgement[] twice = [.. ledger, .. ledger.Where((_, at) => at % 3 != 1)];
            random.Shuffle(twice.AsSpan());
            Assert.Equal(expected, ListVoteTests.Json(scheme.Cast(rollout, twice, stop)));
            Assert.Equal(expected, ListVoteTests.Json(scheme.Conclude(rollout, twice)));
            Assert.Empty(scheme.Next(rollout, twice).Draws);
            Assert.Equal(ledger.Count, SortedLedger.Of(twice).Count);
        }, iter: 300);

    [Fact]
    public void Of_two_lines_of_one_name_the_first_counts_and_a_list_in_order_is_left_alone()
    {
        Judgement first = Ledgers.Pair(3, 0, 1, 0);
        Judgement[] ledger = [first, first with { Winner = 1 }, Ledgers.Pair(1, 0, 1, 1)];
        Assert.Equal([ledger[2], first], SortedLedger.Of(ledger));
        IReadOnlyList<Judgement> sorted = SortedLedger.Of(ledger);
        Assert.Same(sorted, SortedLedger.Of(sorted));
    }

    [Fact]
    public void Samples_of_other_judges_protocols_rollouts_and_runs_of_another_seed_have_names_of_their_own()
    {
        Judgement one = Ledgers.Pair(0, 0, 1, 0);
        Judgement[] ledger = [one, one with { Judge = "k" }, one with { Protocol = "rm-r1" }, one with { RolloutId = "s" }, one with { Seed = 7 }];
        Assert.Equal(5, SortedLedger.Of(ledger).Count);
        Assert.Equal(["j", "j", "j", "k", "j"], SortedLedger.Of(ledger).Select(static judgement => judgement.Judge));
    }

    [Fact]
    public void Weights_of_a_panel_count_a_name_once()
    {
        RolloutLedger rollout = new(Ledgers.Rollout(2) with { Best = [0] }, [Ledgers.Pair(0, 0, 1, 0), Ledgers.Pair(1, 0, 1, 1)]);
        RolloutLedger twice = rollout with { Ledger = [.. rollout.Ledger, .. rollout.Ledger] };
        Assert.Equal(PanelLearning.Learn(PanelMethod.Labelled, [rollout]), PanelLearning.Learn(PanelMethod.Labelled, [twice]));
        Assert.Equal(PanelLearning.Learn(PanelMethod.DawidSkene, [rollout]), PanelLearning.Learn(PanelMethod.DawidSkene, [twice]));
    }
}
