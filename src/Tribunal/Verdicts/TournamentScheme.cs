using MathNet.Numerics.Distributions;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>
/// Pairs of responses: one match for two, a tournament for more. Matches of a round are drawn together, each until its own
/// stopping rule has enough; the next round follows from the results.
/// </summary>
internal sealed class TournamentScheme(SchemeOptions options) : IJudgingScheme, IStatisticsReader
{
    private const string Alone = "one response alone can't be compared by a pair judge";

    private readonly StoppingRule _stopping = options.Stopping(VotingRule.Majority, options.Tournament.Votes);
    private readonly AnswerReader? _answers = options.Tournament.Teams is { } teams ? new AnswerReader(teams) : null;

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        Candidates candidates = CandidatesOf(rollout);
        if (candidates.Count < 2)
        {
            return new NextDraws([], StopReason.Exhausted);
        }

        var matches = Matches.Of(options, rollout, candidates, LedgerView.Of(ledger).Judgements);
        MatchRounds rounds = Follow(rollout, candidates, matches, allowance, settle: false);
        return rounds.Draws.Count > 0 ? new NextDraws(rounds.Draws, null) : new NextDraws([], rounds.Stop);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        if (rollout.Responses.Count < 2)
        {
            return VerdictWriter.Unscorable(rollout, view, unusable: 0, stop, Alone);
        }

        var texts = Candidates.Of(rollout);
        Candidates candidates = CandidatesOf(rollout);
        if (candidates.Count < 2)
        {
            return TableVerdict.Even(rollout, view, texts, unusable: 0, options.Seed, stop);
        }

        var matches = Matches.Of(options, rollout, candidates, view.Judgements);
        VoteTable votes = matches.All(out double[] weights, out int kept);
        if (kept == 0)
        {
            return VerdictWriter.Unscorable(rollout, view, votes.Unusable, stop);
        }

        BradleyTerry? fit = null;
        bool byResults = candidates.Count > 2 && (options.Tournament.Kind == TournamentKind.Knockout || options.Tournament.Rating == RatingKind.Elo);
        double[] rewards = byResults
            ? ByResults(rollout, candidates, Follow(rollout, candidates, matches, allowance: null, settle: true).Rounds)
            : Tally.Rewards(votes, votes.Count, weights, options.Rule, out fit);
        var ranked = RankedRewards.Of(candidates.PerResponse(rewards), RankedRewards.TieSeed(options.Seed, rollout.Id), texts);
        int leader = candidates[ranked.Best];
        votes.Soften(votes.Count, options.Meta, weights);
        double confidence = options.Pool?.For(rollout.Domain).Pairs is { } model
            ? PoolConfidence(model, votes, weights, fit, leader)
            : byResults
            ? MatchConfidence(votes, weights, leader)
            : Tally.Confidence(votes, votes.Count, weights, options.Rule, fit, leader);
        return VerdictWriter.Scored(rollout, view, ranked, confidence, (votes.Unusable, kept), stop, fit?.WinInterval(leader, Rival())) with
        {
            Ratings = options.Tournament is { KeepRatings: true, Rating: RatingKind.Elo } and not { Kind: TournamentKind.Knockout }
                ? candidates.PerResponse(Ratings(rollout, candidates, Follow(rollout, candidates, matches, allowance: null, settle: true).Rounds))
                : null,
        };

        int Rival() => candidates[Array.Find(ranked.Ranking, response => candidates[response] != leader)];
    }

    /// <summary>The matches by round, as far as the ledger goes, by the first response of each candidate.</summary>
    public IReadOnlyList<IReadOnlyList<PlayedMatch>> Rounds(Rollout rollout, IReadOnlyList<Judgement> ledger)
    {
        Candidates candidates = CandidatesOf(rollout);
        var matches = Matches.Of(options, rollout, candidates, LedgerView.Of(ledger).Judgements);
        return candidates.Count < 2 ? [] :
        [
            .. Follow(rollout, candidates, matches, allowance: null, settle: true).Rounds.Select(round =>
                (IReadOnlyList<PlayedMatch>)[.. round.Select(match => new PlayedMatch(candidates.First(match.A), candidates.First(match.B), match.ScoreA))]),
        ];
    }

    public int MatchCount(Rollout rollout) => PairIndex.Count(Candidates.Of(rollout).Count);

    // Votes are counted round by round over the matches, as they would be numbered if every candidate were one response.
    public IReadOnlyList<Judgement> Within(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        var candidates = Candidates.Of(rollout);
        return [.. LedgerView.Of(ledger).Judgements.Where(judgement => NumberOf(judgement.Sample) < allowance)];

        int NumberOf(int sample)
        {
            if (candidates.Count == candidates.Responses || sample < 0)
            {
                return sample;
            }

            (int vote, int pair) = PairIndex.FromSample(sample, candidates.Responses);
            (int i, int j) = PairIndex.At(pair, candidates.Responses);
            return candidates[i] == candidates[j]
                ? int.MaxValue
                : PairIndex.Sample(vote, PairIndex.Of(candidates[i], candidates[j], candidates.Count), candidates.Count);
        }
    }

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        var candidates = Candidates.Of(rollout);
        int pairs = PairIndex.Count(candidates.Count);
        VoteTable votes = Matches.Of(options, rollout, candidates, Within(rollout, ledger, allowance)).All(out _, out _);
        if (pairs == 0 || votes.Count == 0)
        {
            bool closed = pairs == 0 || allowance >= StoppingRule.Inseparable * pairs;
            return new RolloutStatistics { Drawn = allowance, Valid = 0, Margin = 0, Variance = 0, Step = 2 * Math.Max(1, pairs), Closed = closed };
        }

        double[] weights = JudgeFit.Ones(votes.Count);
        double[] rewards = Tally.Rewards(votes, votes.Count, weights, VotingRule.Mean, out _);
        int[] ranking = RankedRewards.Of(rewards, 0).Ranking;

        // One observation per round of votes: by how much the leader's share of wins exceeds the runner-up's.
        var rounds = new SortedDictionary<int, double>();
        for (int row = 0; row < votes.Count; row++)
        {
            ReadOnlySpan<double> values = votes.Row(row);
            double lead = Share(values[ranking[0]]) - Share(values[ranking[1]]);
            rounds[votes.Sample(row)] = rounds.GetValueOrDefault(votes.Sample(row)) + (lead / (candidates.Count - 1));
        }

        double mean = rounds.Values.Average();
        return new RolloutStatistics
        {
            Drawn = allowance,
            Valid = votes.Count,
            Margin = Math.Max(mean, 0),
            Variance = rounds.Values.Average(v => (v - mean) * (v - mean)) * pairs,
            Step = 2 * pairs,
            Rise = candidates.Count == 2 && options.Learned?.For(rollout.Domain).Pairs is { } model ? RiseOf(model, PairEvidence.Of(votes, votes.Count, weights, 0, 1, majority: false)) : null,
            Closed = candidates.Count == 2 && PairComparison.Between(votes, votes.Count, weights, 0, 1, majority: false).Balanced && votes.Count >= StoppingRule.Inseparable,
        };

        static double Share(double value) => double.IsNaN(value) ? 0 : value;
    }

    private static Func<int, double> RiseOf(PairModel model, PairEvidence evidence) => more => model.Grid.Assess(evidence, more).Gain;

    private Candidates CandidatesOf(Rollout rollout) => Candidates.Of(rollout, _answers is null ? null : _answers.Read);

    private MatchRounds Follow(Rollout rollout, Candidates candidates, Matches matches, int? allowance, bool settle)
    {
        IPairing pairing = Pairing(candidates.Count, rollout);
        var rounds = new MatchRounds(options, _stopping, rollout, candidates, matches, allowance);
        while (pairing.Next(rounds.Rounds) is { } pairs && rounds.Follow(pairs, settle))
        {
        }

        return rounds;
    }

    private IPairing Pairing(int candidates, Rollout rollout)
    {
        ulong seed = options.Tournament.SharedBracket
            ? StableHash.Of((ulong)options.Seed, "bracket")
            : StableHash.Of((ulong)options.Seed, "bracket", rollout.Id);
        return options.Tournament.Kind switch
        {
            TournamentKind.Knockout => new KnockoutPairing(candidates, seed),
            TournamentKind.Swiss => new SwissPairing(candidates, options.Tournament.Rounds, seed),
            TournamentKind.Random => OneRound.Random(candidates, options.Tournament.MeetingsEach, seed),
            TournamentKind.Anchors => OneRound.Anchors(candidates, options.Tournament.MeetingsEach, seed),
            _ => OneRound.All(candidates),
        };
    }

    private double[] ByResults(Rollout rollout, Candidates candidates, List<MatchResult[]> rounds) => options.Tournament.Kind == TournamentKind.Knockout
        ? KnockoutPairing.Rewards(candidates.Count, rounds)
        : Elo.Rewards(Ratings(rollout, candidates, rounds), options.Tournament.Elo);

    // That no match of the leader's would turn; where a fit over all matches says who leads, that the rest of them would not move it.
    private double PoolConfidence(PairModel model, VoteTable votes, double[] weights, BradleyTerry? fit, int leader)
    {
        double turns = 0;
        for (int other = 0; other < votes.Candidates; other++)
        {
            var evidence = other == leader ? default : PairEvidence.Of(votes, votes.Count, weights, leader, other, majority: false);
            if (evidence.Count <= 0)
            {
                continue;
            }

            double left = Math.Max(0, options.MostVotes - evidence.Count);
            turns += fit is null || votes.Candidates == 2
                ? 1 - model.Grid.Assess(evidence, left).Pool
                : left <= 0 ? 0 : Normal.CDF(0, 1, -Normal.InvCDF(0, 1, Math.Clamp(fit.Stronger(leader, other), 1e-12, 1 - 1e-12)) / Math.Sqrt(left / options.MostVotes));
        }

        return Math.Max(0, 1 - turns);
    }

    private double[] Ratings(Rollout rollout, Candidates candidates, List<MatchResult[]> rounds) =>
        Elo.Rate(candidates.Count, [.. rounds.SelectMany(static round => round)], options.Tournament.Elo, StableHash.Of((ulong)options.Seed, "elo", rollout.Id));

    // The least certain of the leader's own matches.
    private static double MatchConfidence(VoteTable votes, double[] weights, int leader)
    {
        double confidence = 1;
        for (int other = 0; other < votes.Candidates; other++)
        {
            if (other != leader && PairComparison.Between(votes, votes.Count, weights, leader, other, majority: false) is { Count: > 0 } pair)
            {
                confidence = Math.Min(confidence, pair.VoteConfidence);
            }
        }

        return confidence;
    }
}
