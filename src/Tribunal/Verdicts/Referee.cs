using Tribunal.Judging;
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
    private readonly IReadOnlyList<Judgement> _ledger;
    private readonly int? _allowance;
    private readonly Dictionary<int, SlotSet> _drawn = [];
    private readonly List<IReadOnlyList<MatchResult>> _rounds = [];
    private Matches? _matches;
    private int _spent;

    public Referee(
        SchemeOptions options, StoppingRule stopping, Rollout rollout, Field field, IReadOnlyList<Judgement> ledger, int? allowance)
    {
        _options = options;
        _stopping = stopping;
        _rollout = rollout;
        _field = field;
        _ledger = ledger;
        _allowance = allowance;
        int n = rollout.Responses.Count;
        for (int i = 0; i < ledger.Count; i++)
        {
            if (ledger[i].Sample < 0 || ledger[i].Hinted)
            {
                continue;
            }

            (int vote, _) = PairIndex.FromSample(ledger[i].Sample, n);
            if (ledger[i].Pair is not [var a, var b] || !Valid(a, n) || !Valid(b, n))
            {
                // A judgement that failed may not say what it compared; its number does.
                (a, b) = PairIndex.At(PairIndex.FromSample(ledger[i].Sample, n).Pair, n);
            }

            int first = field.EntrantOf[a];
            int second = field.EntrantOf[b];
            if (first != second)
            {
                Slots(PairIndex.Of(first, second, field.Entrants)).Add(vote);
            }
        }

        static bool Valid(int index, int n) => (uint)index < (uint)n;
    }

    /// <summary>Results of the rounds that are complete.</summary>
    public IReadOnlyList<IReadOnlyList<MatchResult>> Rounds => _rounds;

    /// <summary>What the current round still needs.</summary>
    public List<Draw> Draws { get; } = [];

    /// <summary>Why matches stopped: the weakest reason of all.</summary>
    public StopReason? Stop { get; private set; }

    /// <summary>Plays a round. False when it is not complete, or the allowance does not reach it.</summary>
    /// <param name="pairs">The matches.</param>
    /// <param name="settle">Decides matches by what was drawn of them, and asks for nothing.</param>
    public bool Play(IReadOnlyList<(int A, int B)> pairs, bool settle)
    {
        int? left = _allowance - _spent;
        if (left < pairs.Count && _rounds.Count > 0)
        {
            Stop = StopReason.Budget;
            return false;
        }

        var results = new MatchResult[pairs.Count];
        bool complete = true;
        for (int m = 0; m < pairs.Count; m++)
        {
            (int a, int b) = pairs[m];
            int key = PairIndex.Of(a, b, _field.Entrants);
            SlotSet slots = Slots(key);

            // An allowance is shared evenly; what is left over goes to the first matches.
            int? cap = left is { } all ? (all / pairs.Count) + (m < all % pairs.Count ? 1 : 0) : null;
            Advance advance = _stopping.Next(slots, cap, () => Ballots(key, a, b));
            if (advance.Stop is { } stop)
            {
                Stop = Stop is { } before && Severity(before) >= Severity(stop) ? before : stop;
                _spent += advance.Upto;
                results[m] = new MatchResult(a, b, Score(key, a, b, advance.Upto));
            }
            else if (settle && slots.Has(0))
            {
                results[m] = new MatchResult(a, b, Score(key, a, b, SlotSet.Limit));
            }
            else
            {
                complete = false;
                if (!settle)
                {
                    Ask(slots, a, b, advance.Upto);
                }
            }
        }

        if (complete)
        {
            _rounds.Add(results);
        }

        return complete;
    }

    private void Ask(SlotSet slots, int a, int b, int upto)
    {
        int n = _rollout.Responses.Count;
        for (int vote = 0; vote < upto; vote++)
        {
            if (!slots.Has(vote))
            {
                (int i, int j) = _field.Players(a, b, vote);
                Draws.Add(new Draw(
                    PairIndex.Sample(vote, PairIndex.Of(i, j, n), n),
                    PresentationOrder.Pair(_options.Seed, _rollout.Id, i, j, vote),
                    [i, j]));
            }
        }
    }

    private Ballots Ballots(int key, int a, int b) =>
        (_matches ??= Matches.Of(_options, _field, _rollout.Responses.Count, LedgerView.Of(_ledger))).Single(key, a, b);

    // 1, ½ or 0 for a; a knockout needs a winner, and gets one by a seeded coin.
    private double Score(int key, int a, int b, int upto)
    {
        if (_options.Tournament.Kind is TournamentKind.None or TournamentKind.RoundRobin && _options.Tournament.Rating == RatingKind.Votes)
        {
            // A single round whose results nobody reads.
            return 0.5;
        }

        Ballots ballots = Ballots(key, a, b);
        int rows = ballots.Below(upto);
        Span<double> weights = rows <= 256 ? stackalloc double[rows] : new double[rows];
        ballots.Weights(0, rows, _options.Meta, weights);
        double lead = 0;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = ballots.Row(row);
            lead += weights[row] * (values[0] - values[1]);
        }

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

    private SlotSet Slots(int key)
    {
        if (!_drawn.TryGetValue(key, out SlotSet? slots))
        {
            _drawn[key] = slots = new SlotSet();
        }

        return slots;
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
