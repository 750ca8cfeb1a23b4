using System.Buffers;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Pair judgements grouped by match and, inside a match, by vote. Made anew for every question, in memory that is lent.</summary>
internal sealed class Matches : IDisposable
{
    private const int None = -1;

    private readonly SchemeOptions _options;
    private readonly int _entrants;
    private readonly Judgement[] _judgements;
    private readonly Vote[] _votes;

    // Where the first of each match's votes stands in _votes, or None.
    private readonly int[] _first;
    private readonly int _count;
    private Ballots? _ballots;
    private (int Match, int Start, int Count)[]? _segments;

    private Matches(SchemeOptions options, int entrants, Judgement[] judgements, Vote[] votes, int[] first, int count)
    {
        _options = options;
        _entrants = entrants;
        _judgements = judgements;
        _votes = votes;
        _first = first;
        _count = count;
    }

    /// <summary>Whether a vote weighs what its judge does and nothing else.</summary>
    public bool Plain => _options.MetaModel is null && !MetaWeights.Active(_options.Meta);

    /// <summary>All usable verdicts, candidates being the tournament's entrants, slots being votes.</summary>
    public Ballots Ballots => _ballots ??= All();

    /// <summary>Groups a rollout's judgements by the entrants that met. Judgements inside a team decide nothing and count as unusable.</summary>
    public static Matches Of(SchemeOptions options, Field field, int responses, LedgerView view)
    {
        ReadOnlySpan<PairMark> marks = view.Marks;
        int matches = PairIndex.Count(field.Entrants);
        Vote[] votes = ArrayPool<Vote>.Shared.Rent(marks.Length);
        int[] first = ArrayPool<int>.Shared.Rent(matches);
        first.AsSpan(0, matches).Fill(None);
        int count = 0;
        view.Unusable = 0;
        for (int at = 0; at < marks.Length; at++)
        {
            PairMark mark = marks[at];
            if (mark.Sample < 0 || responses < 2)
            {
                view.Unusable += mark.Valid ? 1 : 0;
                continue;
            }

            // A judgement that failed may not say what it compared; its number does.
            (int number, int named) = PairIndex.FromSample(mark.Sample, responses);
            bool told = mark.IsWithin(responses);
            (int i, int j) = told ? (mark.I, mark.J) : PairIndex.At(named, responses);
            (int a, int b) = (field.EntrantOf[i], field.EntrantOf[j]);
            bool counts = told && mark.Counts && a != b;
            view.Unusable += mark.Valid && !counts ? 1 : 0;
            if (a != b)
            {
                int winner = counts && mark.Winner != PairMark.None ? field.EntrantOf[mark.Winner] : PairMark.None;
                votes[count++] = new Vote(PairIndex.Of(a, b, field.Entrants), number, a, b, winner, counts, at);
            }
        }

        // From the last one on, so that votes of a match ascend.
        for (int at = count - 1; at >= 0; at--)
        {
            votes[at].Next = first[votes[at].Match];
            first[votes[at].Match] = at;
        }

        return new Matches(options, field.Entrants, view.Judgements, votes, first, count);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<Vote>.Shared.Return(_votes);
        ArrayPool<int>.Shared.Return(_first);
    }

    /// <summary>Which votes of a match have been drawn, usable or not.</summary>
    public void Drawn(int match, SlotSet slots)
    {
        slots.Clear();
        for (int at = _first[match]; at != None; at = _votes[at].Next)
        {
            slots.Add(_votes[at].Number);
        }
    }

    /// <summary>By how much <paramref name="a"/> leads in a match, over the votes below <paramref name="upto"/>; where votes are <see cref="Plain"/>.</summary>
    public double Lead(int match, int a, int upto)
    {
        double lead = 0;
        for (int at = _first[match]; at != None; at = _votes[at].Next)
        {
            ref readonly Vote vote = ref _votes[at];
            if (vote.Counts && vote.Winner != PairMark.None && vote.Number < upto)
            {
                double weight = WeightOf(vote);
                lead += vote.Winner == a ? weight : -weight;
            }
        }

        return lead;
    }

    /// <summary>How many votes weigh anything, where they are <see cref="Plain"/>.</summary>
    public int Kept()
    {
        int kept = 0;
        for (int i = 0; i < _count; i++)
        {
            kept += _votes[i].Counts && WeightOf(_votes[i]) > 0 ? 1 : 0;
        }

        return kept;
    }

    /// <summary>Weights of <see cref="Ballots"/>, match by match. Returns how many are above 0.</summary>
    public int Weights(Span<double> weights)
    {
        Ballots ballots = Ballots;
        int kept = 0;
        foreach ((_, int start, int count) in _segments!)
        {
            kept += ballots.Weights(start, count, _options.Meta, weights.Slice(start, count));
        }

        return kept;
    }

    /// <summary>The ballots of one match, candidates 0 and 1 being entrants i and j.</summary>
    public Ballots Single(int match, int i, int j)
    {
        if (_options.MetaModel is not null)
        {
            // What a learned model reads of a vote is read once, beside all candidates.
            Ballots all = Ballots;
            (_, int start, int count) = Array.Find(_segments!, segment => segment.Match == match);
            return all.Extract(start, count, i, j);
        }

        int votes = 0;
        for (int at = _first[match]; at != None; at = _votes[at].Next)
        {
            votes++;
        }

        var ballots = new Ballots(2, votes, mirrored: true);
        for (int at = _first[match]; at != None; at = _votes[at].Next)
        {
            ref readonly Vote vote = ref _votes[at];
            if (vote.Counts)
            {
                int? winner = vote.Winner == i ? 0 : vote.Winner == j ? 1 : null;
                ballots.AddChoice(vote.Number, _judgements[vote.At], 0, 1, winner, WeightOf(vote));
            }
        }

        return ballots;
    }

    private Ballots All()
    {
        var ballots = new Ballots(_entrants, _count, mirrored: true, _options.MetaModel);
        var segments = new List<(int Match, int Start, int Count)>();
        for (int match = 0; match < PairIndex.Count(_entrants); match++)
        {
            int start = ballots.Count;
            for (int at = _first[match]; at != None; at = _votes[at].Next)
            {
                ref readonly Vote vote = ref _votes[at];
                if (vote.Counts)
                {
                    int? winner = vote.Winner == PairMark.None ? null : vote.Winner;
                    ballots.AddChoice(vote.Number, _judgements[vote.At], vote.A, vote.B, winner, WeightOf(vote));
                }
            }

            if (ballots.Count > start)
            {
                segments.Add((match, start, ballots.Count - start));
            }
        }

        _segments = [.. segments];
        return ballots;
    }

    private double WeightOf(in Vote vote) => _options.WeightOf(_judgements[vote.At]);

    /// <summary>A vote of a match.</summary>
    private struct Vote(int match, int number, int a, int b, int winner, bool counts, int at)
    {
        /// <summary>The match.</summary>
        public readonly int Match = match;

        /// <summary>Its number in the match.</summary>
        public readonly int Number = number;

        /// <summary>One entrant.</summary>
        public readonly int A = a;

        /// <summary>The other.</summary>
        public readonly int B = b;

        /// <summary>The winner, or <see cref="PairMark.None"/>.</summary>
        public readonly int Winner = winner;

        /// <summary>Whether it can be voted with.</summary>
        public readonly bool Counts = counts;

        /// <summary>Where the judgement stands in the view.</summary>
        public readonly int At = at;

        /// <summary>Where the match's next vote stands, or <see cref="None"/>.</summary>
        public int Next = None;
    }
}
