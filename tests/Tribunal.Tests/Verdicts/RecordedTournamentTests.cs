using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Tests.Verdicts;

public sealed class RecordedTournamentTests
{
    private const int Responses = 6;
    private static readonly SchemeOptions Options = new() { Kind = JudgingKind.Pairwise, Policy = new PolicyOptions { Samples = 3 }, Seed = 11 };

    [Theory]
    [InlineData(TournamentKind.RoundRobin, RatingKind.Votes)]
    [InlineData(TournamentKind.RoundRobin, RatingKind.Elo)]
    [InlineData(TournamentKind.Knockout, RatingKind.Votes)]
    [InlineData(TournamentKind.Swiss, RatingKind.Elo)]
    public void A_tournament_played_again_on_its_own_record_ends_the_same(TournamentKind kind, RatingKind rating)
    {
        SchemeOptions options = Options with { Tournament = new TournamentOptions { Kind = kind, Rating = rating } };
        Rollout rollout = Ledgers.Rollout(Responses);
        IJudgingScheme scheme = JudgingSchemes.Create(options);
        (List<Judgement> ledger, StopReason? stop) = Ledgers.Run(scheme, rollout, draw => Ledgers.Answer(draw, rollout, (i, j, vote) => (i + j + vote) % 3 == 0 ? i : j));
        Verdict drawn = scheme.Cast(rollout, ledger, stop);
        var tournament = new RecordedTournament(options);
        PlayedTournament played = tournament.Play(rollout, ledger);
        Verdict again = tournament.Cast(rollout, played);
        Assert.Equal((ledger.Count, stop, null), (played.Ledger.Count, played.Stop, played.Missing));
        Assert.Equal(drawn.Rewards!, again.Rewards!);
        Assert.Equal((drawn.Confidence, drawn.Votes), (again.Confidence, again.Votes));
    }

    [Fact]
    public void A_knockout_on_a_round_robins_record_spends_a_third_of_it_and_finds_the_strongest()
    {
        var tournament = new RecordedTournament(Options with { Tournament = new TournamentOptions { Kind = TournamentKind.Knockout } });
        PlayedTournament played = tournament.Play(Ledgers.Rollout(Responses), Record(votes: 3));
        Assert.Equal((Responses - 1) * 3, played.Ledger.Count);
        Assert.Equal(played.Ledger.Count, played.Ledger.Select(static j => j.Sample).Distinct().Count());
        Assert.Equal(Responses - 1, tournament.Cast(Ledgers.Rollout(Responses), played).Best);
    }

    [Fact]
    public void A_record_shorter_than_the_policy_asks_for_ends_matches_early()
    {
        SchemeOptions options = Options with { Policy = new PolicyOptions { Samples = 8 }, Tournament = new TournamentOptions { Kind = TournamentKind.RoundRobin } };
        Assert.Equal(30, new RecordedTournament(options).Play(Ledgers.Rollout(Responses), Record(votes: 2)).Ledger.Count);
    }

    [Fact]
    public void A_pair_that_was_never_recorded_leaves_the_rollout_unscorable_and_says_which()
    {
        var tournament = new RecordedTournament(Options with { Tournament = new TournamentOptions { Kind = TournamentKind.RoundRobin } });
        Rollout rollout = Ledgers.Rollout(Responses);
        PlayedTournament played = tournament.Play(rollout, [.. Record(votes: 3).Where(static j => j.Pair is not [2, 4])]);
        Assert.Equal((2, 4), played.Missing);
        Verdict verdict = tournament.Cast(rollout, played);
        Assert.Equal(VerdictStatus.Unscorable, verdict.Status);
        Assert.Null(verdict.Rewards);
        Assert.Contains("2 and 4", verdict.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_grid_is_rules_times_shares_times_tournaments_times_policies()
    {
        RolloutLedger[] record = [new(Ledgers.Rollout(Responses) with { Best = [Responses - 1] }, Record(votes: 4, metas: true))];
        var request = new ResampleRequest
        {
            Options = Options with { Meta = new MetaOptions { Model = "recorded" } },
            Resamples = 3,
            Samples = [1, 2],
            Policies = [new PolicyOptions { Kind = PolicyKind.Adaptive }],
            Rules = [VotingRule.Auto, VotingRule.BradleyTerryDavidson],
            Keeps = [0.5, 1],
            Tournaments =
            [
                new TournamentOptions { Kind = TournamentKind.Knockout },
                new TournamentOptions { Kind = TournamentKind.RoundRobin },
                new TournamentOptions { Kind = TournamentKind.RoundRobin, Rating = RatingKind.Elo },
            ],
        };
        IReadOnlyList<ResampleResult> results = Resampling.Run(request, record);

        // Rules don't touch a knockout or Elo: these are tried once.
        Assert.Equal(3 * 2 * (4 + 2), results.Count);
        Assert.Equal([0.5, 1], results.Select(static r => r.Keep!.Value).Distinct());
        ResampleResult knockout = results.First(static r => r.Tournament?.Kind == TournamentKind.Knockout && r.Policy.Samples == 2);
        Assert.Equal((2.0 * (Responses - 1), 1.0), (knockout.Judgements.Mean, knockout.Accuracy.Mean));
        ResampleResult all = results.First(static r => r.Tournament?.Kind == TournamentKind.RoundRobin && r.Policy.Samples == 2);
        Assert.Equal(2 * PairIndex.Count(Responses), all.Judgements.Mean);
        Assert.Equal(
            results.Select(static r => (r.Accuracy, r.Judgements)),
            Resampling.Run(request, record, parallelism: 2).Select(static r => (r.Accuracy, r.Judgements)));
        RolloutLedger[] partial = [record[0] with { Ledger = [.. record[0].Ledger.Where(static j => j.Pair is not [0, 1])] }];
        Assert.Contains("14 of 15", Assert.Throws<ProblemsException>(() => Resampling.Run(request, partial)).Message, StringComparison.Ordinal);
    }

    // The higher index always wins.
    private static List<Judgement> Record(int votes, bool metas = false)
    {
        int pairs = PairIndex.Count(Responses);
        return [.. Enumerable.Range(0, votes * pairs).Select(s => PairIndex.At(s % pairs, Responses) is var (i, j) ? Ledgers.Pair(s, i, j, j, metas ? s % 7 : null) : throw new InvalidOperationException())];
    }
}
