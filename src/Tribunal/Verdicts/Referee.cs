using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Plays a rollout's matches from the ledger, round by round.</summary>
internal sealed class Referee
{
    private readonly SchemeOptions _options;
    private readonly StoppingRule _stopping;
    private readonly Rollout _rollout;
    private readonly Field _field;
    private readonly Matches _matches;
    private readonly int? _allowance;
    private readonly SlotSet _slots = new();
    private readonly Func<Ballots> _ballots;
    private readonly List<MatchResult[]> _rounds = [];
    private (int Match, int A, int B) _current;
    private ulong? _orders;
    private int _spent;

    public Referee(
        SchemeOptions options, StoppingRule stopping, Rollout rollout, Field field, Matches matches, int? allowance, PlayedRounds? played = null)
    {
        _options = options;
        _stopping = stopping;
        _rollout = rollout;
        _field = field;
        _matches = matches;
        _allowance = allowance;
        if (played is not null)
        {
            _rounds.AddRange(played.Rounds);
            Stop = played.Stop;
        }

        _ballots = () => _matches.Single(_current.Match, _current.A, _current.B);
    }

    /// <summary>Results of the rounds that are complete.</summary>
    public List<MatchResult[]> Rounds => _rounds;

    /// <summary>What the current round still needs.</summary>
    public List<Draw> Draws { get; } = [];

    /// <summary>Why matches stopped: the weakest reason of all.</summary>
    public StopReason? Stop { get; private set; }

    /// <summary>Plays a round. False when it is not complete, or the allowance does not reach it.</summary>
    /// <param name="pairs">The matches.</param>
    /// <param name="settle">Decides matches by what was drawn of them, and asks for nothing.</param>
    public bool Play((int A, int B)[] pairs, bool settle)
    {
        int? left = _allowance - _spent;
        if (left < pairs.Length && _rounds.Count > 0)
        {
            Stop = StopReason.Budget;
            return false;
        }

        var results = new MatchResult[pairs.Length];
        bool complete = true;
        for (int m = 0; m < pairs.Length; m++)
        {
            (int a, int b) = pairs[m];
            int key = PairIndex.Of(a, b, _field.Entrants);
            _matches.Drawn(key, _slots);
            _current = (key, a, b);

            // An allowance is shared evenly; what is left over goes to the first matches.
            int? cap = left is { } all ? (all / pairs.Length) + (m < all % pairs.Length ? 1 : 0) : null;
            Advance advance = _stopping.Next(_slots, cap, _ballots);
            if (advance.Stop is { } stop)
            {
                Stop = Stop is { } before && Severity(before) >= Severity(stop) ? before : stop;
                _spent += advance.Upto;
                results[m] = new MatchResult(a, b, Score(key, a, advance.Upto));
            }
            else if (settle && _slots.Has(0))
            {
                results[m] = new MatchResult(a, b, Score(key, a, SlotSet.Limit));
            }
            else
            {
                complete = false;
                if (!settle)
                {
                    Ask(a, b, advance.Upto);
                }
            }
        }

        if (complete)
        {
            _rounds.Add(results);
        }

        return complete;
    }

    private void Ask(int a, int b, int upto)
    {
        int n = _rollout.Responses.Count;
        ulong orders = _orders ??= PresentationOrder.SeedOf(_options.Seed, _rollout.Id);
        int[]? ascending = null;
        int[]? descending = null;
        for (int vote = 0; vote < upto; vote++)
        {
            if (_slots.Has(vote))
            {
                continue;
            }

            (int i, int j) = _field.Players(a, b, vote);
            if (ascending is null || ascending[0] != i || ascending[1] != j)
            {
                // Nearly all votes of a match are of the same two: they share what they say of them.
                (ascending, descending) = ([i, j], [j, i]);
            }

            Draws.Add(new Draw(
                PairIndex.Sample(vote, PairIndex.Of(i, j, n), n),
                PresentationOrder.IsAscending(orders, i, j, vote) ? ascending : descending!,
                ascending));
        }
    }

    // 1, ½ or 0 for a; a knockout needs a winner, and gets one by a seeded coin.
    private double Score(int key, int a, int upto)
    {
        if (_options.Tournament.Kind is TournamentKind.None or TournamentKind.RoundRobin && _options.Tournament.Rating == RatingKind.Votes)
        {
            // A single round whose results nobody reads.
            return 0.5;
        }

        double lead = _matches.Plain ? _matches.Lead(key, a, upto) : WeightedLead(upto);
        if (Math.Abs(lead) > 1e-9)
        {
            return lead > 0 ? 1 : 0;
        }

        if (_options.Tournament.Kind != TournamentKind.Knockout)
        {
            return 0.5;
        }

        ulong coin = StableHash.Mix(StableHash.Of((ulong)_options.Seed, "coin", _rollout.Id), (ulong)key);
        return (coin & 1) == 0 ? 1 : 0;
    }

    private double WeightedLead(int upto)
    {
        Ballots ballots = _ballots();
        int rows = ballots.Below(upto);
        Span<double> weights = rows <= 256 ? stackalloc double[rows] : new double[rows];
        ballots.Weights(0, rows, _options.Meta, weights);
        double lead = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = ballots.Row(row);
            lead += weights[row] * (values[0] - values[1]);
        }

        return lead;
    }

    // A rollout is as decided as its least decided match.
    private static int Severity(StopReason reason) => reason switch
    {
        StopReason.Budget => 4,
        StopReason.Exhausted => 3,
        StopReason.Fixed => 2,
        StopReason.Confident => 1,
        _ => 0,
    };
}
