using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>
/// Pairs of responses: one match for two, a tournament for more. Matches of a round are drawn together, each until its own
/// stopping rule has enough; the next round follows from the results.
/// </summary>
internal sealed class TournamentScheme : IJudgingScheme, IStatisticsReader
{
    private const string Alone = "one response alone can't be compared by a pair judge";

    private readonly SchemeOptions _options;
    private readonly StoppingRule _stopping;
    private readonly AnswerReader? _answers;

    public TournamentScheme(SchemeOptions options)
    {
        _options = options;
        _stopping = StoppingRule.Create(options.Policy, options.Meta, VotingRule.Majority, options.Tournament.Votes);
        _answers = options.Tournament.Teams is { } teams ? new AnswerReader(teams) : null;
    }

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var field = Field.Of(rollout, _answers);
        if (field.Entrants < 2)
        {
            return new NextDraws([], StopReason.Exhausted);
        }

        var referee = new Referee(_options, _stopping, rollout, field, ledger, allowance);
        IPairing pairing = Pairing(field.Entrants, rollout);
        while (pairing.Next(referee.Rounds) is { } pairs)
        {
            if (!referee.Play(pairs, settle: false))
            {
                break;
            }
        }

        return referee.Draws.Count > 0 ? new NextDraws(referee.Draws, null) : new NextDraws([], referee.Stop);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        int n = rollout.Responses.Count;
        if (n < 2)
        {
            return VerdictWriter.Unscorable(rollout, view, stop, Alone);
        }

        var field = Field.Of(rollout, _answers);
        if (field.Entrants < 2)
        {
            // All answers are the same: nobody is better, and nobody had to ask a judge.
            double[] even = new double[n];
            Array.Fill(even, 0.5);
            return VerdictWriter.Scored(rollout, view, Ranked(even, rollout), 0.5, 0, stop);
        }

        var matches = Matches.Of(_options, field, n, view);
        double[] weights = new double[matches.Ballots.Count];
        int kept = 0;
        foreach ((int start, int count) in matches.Segments)
        {
            kept += matches.Ballots.Weights(start, count, _options.Meta, weights.AsSpan(start, count));
        }

        if (kept == 0)
        {
            return VerdictWriter.Unscorable(rollout, view, stop);
        }

        bool knockout = _options.Tournament.Kind == TournamentKind.Knockout && field.Entrants > 2;
        bool elo = _options.Tournament.Rating == RatingKind.Elo && field.Entrants > 2;
        double[] rewards;
        BradleyTerry? fit = null;
        if (knockout || elo)
        {
            var referee = new Referee(_options, _stopping, rollout, field, ledger, allowance: null);
            IPairing pairing = Pairing(field.Entrants, rollout);
            while (pairing.Next(referee.Rounds) is { } pairs && referee.Play(pairs, settle: true))
            {
            }

            rewards = knockout ? KnockoutPairing.Rewards(field.Entrants, referee.Rounds) : Rated(field.Entrants, referee.Rounds, rollout);
        }
        else
        {
            rewards = Tally.Rewards(matches.Ballots, matches.Ballots.Count, weights, _options.Rule, out fit);
        }

        double[] perResponse = new double[n];
        for (int i = 0; i < n; i++)
        {
            perResponse[i] = rewards[field.EntrantOf[i]];
        }

        Standing standing = Ranked(perResponse, rollout);
        int leader = field.EntrantOf[standing.Best];
        VotingRule rule = knockout ? VotingRule.Majority : _options.Rule;
        matches.Ballots.Soften(weights.Length, _options.Meta, weights);
        double confidence = knockout || elo
            ? MatchConfidence(matches, weights, leader)
            : Tally.Confidence(matches.Ballots, matches.Ballots.Count, weights, rule, fit, leader);
        int rival = field.EntrantOf[Array.Find(standing.Ranking, response => field.EntrantOf[response] != leader)];
        return VerdictWriter.Scored(rollout, view, standing, confidence, kept, stop, fit?.WinInterval(leader, rival));
    }

    public int MatchCount(Rollout rollout) => PairIndex.Count(rollout.Responses.Count);

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        int n = rollout.Responses.Count;
        int pairs = PairIndex.Count(n);
        var field = Field.Of(rollout, null);
        LedgerView view = LedgerView.Of([.. ledger.Where(j => j.Sample < allowance)]);
        Ballots ballots = Matches.Of(_options, field, n, view).Ballots;
        if (pairs == 0 || ballots.Count == 0)
        {
            return new RolloutStatistics
            {
                Drawn = allowance,
                Valid = 0,
                Margin = 0,
                Variance = 0,
                Step = 2 * Math.Max(1, pairs),
                Closed = pairs == 0 || allowance >= StoppingRule.Inseparable * pairs,
            };
        }

        double[] weights = new double[ballots.Count];
        Array.Fill(weights, 1);
        double[] rewards = Tally.Rewards(ballots, ballots.Count, weights, VotingRule.Mean, out _);
        int[] ranking = Standing.Of(rewards, 0).Ranking;

        // One observation per round of votes: by how much the leader's share of wins exceeds the runner-up's.
        var rounds = new SortedDictionary<int, double>();
        for (int row = 0; row < ballots.Count; row++)
        {
            ReadOnlySpan<double> values = ballots.Row(row);
            double lead = Share(values[ranking[0]]) - Share(values[ranking[1]]);
            rounds[ballots.Slot(row)] = rounds.GetValueOrDefault(ballots.Slot(row)) + (lead / (n - 1));
        }

        double mean = rounds.Values.Average();
        return new RolloutStatistics
        {
            Drawn = allowance,
            Valid = ballots.Count,
            Margin = Math.Max(mean, 0),
            Variance = rounds.Values.Average(v => (v - mean) * (v - mean)) * pairs,
            Step = 2 * pairs,
            Closed = n == 2 && Duel.Between(ballots, ballots.Count, weights, 0, 1, majority: false).Balanced && ballots.Count >= StoppingRule.Inseparable,
        };

        static double Share(double value) => double.IsNaN(value) ? 0 : value;
    }

    private IPairing Pairing(int entrants, Rollout rollout)
    {
        ulong seed = _options.Tournament.SharedBracket
            ? StableHash.Of((ulong)_options.Seed, "bracket")
            : StableHash.Of((ulong)_options.Seed, "bracket", rollout.Id);
        return _options.Tournament.Kind switch
        {
            TournamentKind.Knockout => new KnockoutPairing(entrants, seed),
            TournamentKind.Swiss => new SwissPairing(entrants, _options.Tournament.Rounds, seed),
            _ => new RoundRobinPairing(entrants),
        };
    }

    private double[] Rated(int entrants, IReadOnlyList<IReadOnlyList<MatchResult>> rounds, Rollout rollout)
    {
        EloOptions elo = _options.Tournament.Elo;
        return Elo.Rewards(
            Elo.Rate(entrants, [.. rounds.SelectMany(r => r)], elo, StableHash.Of((ulong)_options.Seed, "elo", rollout.Id)), elo);
    }

    private Standing Ranked(double[] rewards, Rollout rollout) =>
        Standing.Of(rewards, Standing.TieSeed(_options.Seed, rollout.Id));

    // The least certain of the leader's own matches.
    private static double MatchConfidence(Matches matches, ReadOnlySpan<double> weights, int leader)
    {
        double confidence = 1;
        Ballots ballots = matches.Ballots;
        for (int other = 0; other < ballots.Candidates; other++)
        {
            if (other != leader && Duel.Between(ballots, ballots.Count, weights, leader, other, majority: false) is { Count: > 0 } duel)
            {
                confidence = Math.Min(confidence, duel.VoteConfidence);
            }
        }

        return confidence;
    }
}
