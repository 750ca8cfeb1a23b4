using System.Buffers;
using Tribunal.Judging;
using Tribunal.MetaReward;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Pair judgements grouped by match and, inside a match, by vote. Made anew for every question, in memory that is lent.</summary>
internal sealed class Matches : IDisposable
{
    private readonly SchemeOptions _options;
    private readonly int _entrants;
    private readonly Judgement[] _judgements;
    private readonly Vote[] _votes;

    // Match and position in _votes of everything drawn, ascending: a match is a slice, and in it votes ascend.
    private readonly long[] _drawn;
    private readonly int _count;
    private Ballots? _ballots;
    private (int Match, int Start, int Count)[]? _segments;

    private Matches(SchemeOptions options, int entrants, Judgement[] judgements, Vote[] votes, long[] drawn, int count)
    {
        _options = options;
        _entrants = entrants;
        _judgements = judgements;
        _votes = votes;
        _drawn = drawn;
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
        Vote[] votes = ArrayPool<Vote>.Shared.Rent(marks.Length);
        long[] drawn = ArrayPool<long>.Shared.Rent(marks.Length);
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
                drawn[count] = ((long)PairIndex.Of(a, b, field.Entrants) << 32) | (uint)count;
                votes[count++] = new Vote(number, a, b, winner, counts, at);
            }
        }

        SmallSort.Ascending(drawn.AsSpan(0, count));
        return new Matches(options, field.Entrants, view.Judgements, votes, drawn, count);
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        ArrayPool<Vote>.Shared.Return(_votes);
        ArrayPool<long>.Shared.Return(_drawn);
    }

    /// <summary>Finds a match: what was drawn of it, usable or not.</summary>
    public ReadOnlySpan<long> SliceOf(int match)
    {
        ReadOnlySpan<long> drawn = _drawn.AsSpan(0, _count);
        int start = LowerBound(drawn, (long)match << 32);
        int length = 0;
        while (start + length < _count && (int)(drawn[start + length] >> 32) == match)
        {
            length++;
        }

        return drawn.Slice(start, length);
    }

    /// <summary>Which votes of a match have been drawn.</summary>
    public void Drawn(ReadOnlySpan<long> match, SlotSet slots)
    {
        slots.Clear();
        foreach (long at in match)
        {
            slots.Add(_votes[(int)at].Number);
        }
    }

    /// <summary>By how much <paramref name="a"/> leads in a match, over the votes below <paramref name="upto"/>; where votes are <see cref="Plain"/>.</summary>
    public double Lead(ReadOnlySpan<long> match, int a, int upto)
    {
        double lead = 0;
        foreach (long at in match)
        {
            ref readonly Vote vote = ref _votes[(int)at];
            if (vote is { Counts: true, Winner: not PairMark.None } && vote.Number < upto)
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

        ReadOnlySpan<long> slice = SliceOf(match);
        var ballots = new Ballots(2, slice.Length, mirrored: true);
        foreach (long at in slice)
        {
            ref readonly Vote vote = ref _votes[(int)at];
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
        for (int i = 0; i < _count; i++)
        {
            int match = (int)(_drawn[i] >> 32);
            ref readonly Vote vote = ref _votes[(int)_drawn[i]];
            if (!vote.Counts)
            {
                continue;
            }

            if (segments is [.., var last] && last.Match == match)
            {
                segments[^1] = last with { Count = last.Count + 1 };
            }
            else
            {
                segments.Add((match, ballots.Count, 1));
            }

            int? winner = vote.Winner == PairMark.None ? null : vote.Winner;
            ballots.AddChoice(vote.Number, _judgements[vote.At], vote.A, vote.B, winner, WeightOf(vote));
        }

        _segments = [.. segments];
        return ballots;
    }

    private double WeightOf(Vote vote) => _options.WeightOf(_judgements[vote.At]);

    private static int LowerBound(ReadOnlySpan<long> ascending, long value)
    {
        int low = 0;
        int high = ascending.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = ascending[middle] < value ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>A vote of a match.</summary>
    /// <param name="Number">Its number in the match.</param>
    /// <param name="A">One entrant.</param>
    /// <param name="B">The other.</param>
    /// <param name="Winner">The winner, or <see cref="PairMark.None"/>.</param>
    /// <param name="Counts">Whether it can be voted with.</param>
    /// <param name="At">Where the judgement stands in the view.</param>
    private readonly record struct Vote(int Number, int A, int B, int Winner, bool Counts, int At);
}
