using Tribunal.Judging;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Pair judgements grouped by match and, inside a match, by vote.</summary>
internal sealed class Matches
{
    private readonly Dictionary<int, (int Start, int Count)> _segments;

    private Matches(Ballots ballots, Dictionary<int, (int Start, int Count)> segments)
    {
        Ballots = ballots;
        _segments = segments;
    }

    /// <summary>All usable verdicts, candidates being the rollout's responses, slots being votes.</summary>
    public Ballots Ballots { get; }

    /// <summary>The rows of each match.</summary>
    public IEnumerable<(int Start, int Count)> Segments => _segments.Values;

    /// <summary>Groups a rollout's judgements by pair.</summary>
    public static Matches Of(int responses, LedgerView view)
    {
        var found = new List<(int Pair, int Vote, Judgement Judgement, PairVerdict Verdict)>(view.Judgements.Length);
        view.Unusable = 0;
        foreach (Judgement judgement in view.Judgements)
        {
            if (judgement.Outcome != JudgementOutcome.Valid)
            {
                continue;
            }

            if (judgement.Sample < 0 || !PairVerdict.TryRead(judgement, responses, out PairVerdict verdict))
            {
                view.Unusable++;
                continue;
            }

            int vote = PairIndex.FromSample(judgement.Sample, responses).Vote;
            found.Add((PairIndex.Of(verdict.I, verdict.J, responses), vote, judgement, verdict));
        }

        if (responses > 2)
        {
            found.Sort((a, b) => a.Pair != b.Pair ? a.Pair.CompareTo(b.Pair) : a.Vote.CompareTo(b.Vote));
        }

        var ballots = new Ballots(responses, found.Count, mirrored: true);
        var segments = new Dictionary<int, (int Start, int Count)>();
        foreach ((int pair, int vote, Judgement judgement, PairVerdict verdict) in found)
        {
            segments[pair] = segments.TryGetValue(pair, out var segment) ? (segment.Start, segment.Count + 1) : (ballots.Count, 1);
            ballots.AddChoice(vote, judgement, verdict.I, verdict.J, verdict.Winner, 1);
        }

        return new Matches(ballots, segments);
    }

    /// <summary>The ballots of one match, candidate 0 being the lower index.</summary>
    public Ballots Single(int pair, int i, int j)
    {
        (int start, int count) = _segments.TryGetValue(pair, out var segment) ? segment : (0, 0);
        return Ballots.Extract(start, count, i, j);
    }
}
