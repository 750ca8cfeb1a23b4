using Tribunal.Judgements;
using Tribunal.Protocols;
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

        using var matches = Matches.Of(_options, field, rollout.Responses.Count, LedgerView.Of(ledger));
        Referee referee = PlayOn(rollout, field, matches, ledger, allowance);
        return referee.Draws.Count > 0 ? new NextDraws(referee.Draws, null) : new NextDraws([], referee.Stop);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        var field = Field.Of(rollout, _answers);
        using Matches? matches = field.Entrants < 2 ? null : Matches.Of(_options, field, rollout.Responses.Count, view);
        return Cast(rollout, view, field, stop, matches, played: null);
    }

    public Verdict Conclude(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var field = Field.Of(rollout, _answers);
        if (field.Entrants < 2)
        {
            return Cast(rollout, ledger, StopReason.Exhausted);
        }

        var view = LedgerView.Of(ledger);
        using var matches = Matches.Of(_options, field, rollout.Responses.Count, view);
        Referee referee = PlayOn(rollout, field, matches, ledger, allowance);
        bool over = referee.Draws.Count == 0;
        StopReason? stop = over ? referee.Stop : ledger.Count == 0 ? null : StopReason.Budget;

        // A tournament that is over is played out the same way by whoever settles it; an allowance is no part of that.
        return Cast(rollout, view, field, stop, matches, over && allowance is null ? referee : null);
    }

    private Verdict Cast(Rollout rollout, LedgerView view, Field field, StopReason? stop, Matches? matches, Referee? played)
    {
        int n = rollout.Responses.Count;
        if (n < 2)
        {
            return VerdictWriter.Unscorable(rollout, view, stop, Alone);
        }

        if (matches is null)
        {
            // All answers are the same: nobody is better, and nobody had to ask a judge.
            double[] even = new double[n];
            Array.Fill(even, 0.5);
            return VerdictWriter.Scored(rollout, view, Ranked(even, rollout), 0.5, 0, stop);
        }

        bool knockout = _options.Tournament.Kind == TournamentKind.Knockout && field.Entrants > 2;
        bool elo = _options.Tournament.Rating == RatingKind.Elo && field.Entrants > 2;
        bool byMatch = (knockout || elo) && matches.Plain;
        double[] weights = byMatch ? [] : new double[matches.Ballots.Count];
        int kept = byMatch ? matches.Kept() : matches.Weights(weights);
        if (kept == 0)
        {
            return VerdictWriter.Unscorable(rollout, view, stop);
        }

        double[] rewards;
        BradleyTerry? fit = null;
        if (knockout || elo)
        {
            Referee referee = played ?? Play(rollout, field, matches, allowance: null, settle: true);
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
        return VerdictWriter.Scored(rollout, view, standing, Confidence(), kept, stop, fit?.WinInterval(leader, Rival()));

        double Confidence()
        {
            if (byMatch)
            {
                return MatchConfidence(matches, field.Entrants, leader);
            }

            matches.Ballots.Soften(weights.Length, _options.Meta, weights);
            return knockout || elo
                ? MatchConfidence(matches.Ballots, weights, leader)
                : Tally.Confidence(matches.Ballots, matches.Ballots.Count, weights, _options.Rule, fit, leader);
        }

        int Rival() => field.EntrantOf[Array.Find(standing.Ranking, response => field.EntrantOf[response] != leader)];
    }

    // Rounds that an earlier call found complete are not played again; where an allowance is shared out, all are.
    private Referee PlayOn(Rollout rollout, Field field, Matches matches, IReadOnlyList<Judgement> ledger, int? allowance)
    {
        if (allowance is not null || ledger is not RolloutJudgements { IsNamed: true, Count: > 0 } judgements)
        {
            return Play(rollout, field, matches, allowance, settle: false);
        }

        PlayedRounds before = judgements.Played is { } played && played.Scheme == this ? played : new PlayedRounds(this, Pairing(field.Entrants, rollout), [], null);
        var referee = new Referee(_options, _stopping, rollout, field, matches, allowance: null, before);
        PlayOut(referee, before.Pairing, settle: false);
        judgements.Played = before with { Rounds = referee.Rounds, Stop = referee.Stop };
        return referee;
    }

    private Referee Play(Rollout rollout, Field field, Matches matches, int? allowance, bool settle)
    {
        var referee = new Referee(_options, _stopping, rollout, field, matches, allowance);
        PlayOut(referee, Pairing(field.Entrants, rollout), settle);
        return referee;
    }

    private static void PlayOut(Referee referee, IPairing pairing, bool settle)
    {
        while (pairing.Next(referee.Rounds) is { } pairs && referee.Play(pairs, settle))
        {
        }
    }

    public int MatchCount(Rollout rollout) => PairIndex.Count(rollout.Responses.Count);

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        int n = rollout.Responses.Count;
        int pairs = PairIndex.Count(n);
        var field = Field.Of(rollout, null);
        LedgerView view = LedgerView.Of([.. ledger.Where(j => j.Sample < allowance)]);
        using var matches = Matches.Of(_options, field, n, view);
        Ballots ballots = matches.Ballots;
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

    private double[] Rated(int entrants, List<MatchResult[]> rounds, Rollout rollout)
    {
        EloOptions elo = _options.Tournament.Elo;
        return Elo.Rewards(
            Elo.Rate(entrants, [.. rounds.SelectMany(r => r)], elo, StableHash.Of((ulong)_options.Seed, "elo", rollout.Id)), elo);
    }

    private Standing Ranked(double[] rewards, Rollout rollout) =>
        Standing.Of(rewards, Standing.TieSeed(_options.Seed, rollout.Id));

    // The least certain of the leader's own matches.
    private double MatchConfidence(Matches matches, int entrants, int leader)
    {
        double confidence = 1;
        for (int other = 0; other < entrants; other++)
        {
            if (other != leader && matches.Single(PairIndex.Of(leader, other, entrants), leader, other) is { Count: > 0 } ballots)
            {
                Span<double> weights = new double[ballots.Count];
                ballots.Weights(0, weights.Length, _options.Meta, weights);
                confidence = Least(confidence, Duel.Between(ballots, weights.Length, weights, 0, 1, majority: false));
            }
        }

        return confidence;
    }

    // The same where weights follow from all ballots.
    private static double MatchConfidence(Ballots ballots, ReadOnlySpan<double> weights, int leader)
    {
        double confidence = 1;
        for (int other = 0; other < ballots.Candidates; other++)
        {
            if (other != leader)
            {
                confidence = Least(confidence, Duel.Between(ballots, ballots.Count, weights, leader, other, majority: false));
            }
        }

        return confidence;
    }

    private static double Least(double confidence, Duel duel) => duel.Count > 0 ? Math.Min(confidence, duel.VoteConfidence) : confidence;
}
