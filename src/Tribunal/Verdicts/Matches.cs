using Tribunal.Judging;
using Tribunal.Tournaments;
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

    /// <summary>All usable verdicts, candidates being the tournament's entrants, slots being votes.</summary>
    public Ballots Ballots { get; }

    /// <summary>The rows of each match.</summary>
    public IEnumerable<(int Start, int Count)> Segments => _segments.Values;

    /// <summary>Groups a rollout's judgements by the entrants that met. Judgements inside a team decide nothing and count as unusable.</summary>
    public static Matches Of(SchemeOptions options, Field field, int responses, LedgerView view)
    {
        var found = new List<Vote>(view.Judgements.Length);
        view.Unusable = 0;
        foreach (Judgement judgement in view.Judgements)
        {
            if (judgement.Outcome != JudgementOutcome.Valid)
            {
                continue;
            }

            if (judgement.Sample < 0 || !PairVerdict.TryRead(judgement, responses, out PairVerdict verdict)
                || field.EntrantOf[verdict.I] == field.EntrantOf[verdict.J])
            {
                view.Unusable++;
                continue;
            }

            int a = field.EntrantOf[verdict.I];
            int b = field.EntrantOf[verdict.J];
            int? winner = verdict.Winner is { } won ? field.EntrantOf[won] : null;
            int number = PairIndex.FromSample(judgement.Sample, responses).Vote;
            found.Add(new Vote(PairIndex.Of(a, b, field.Entrants), number, a, b, winner, judgement));
        }

        if (field.Entrants > 2)
        {
            found.Sort((x, y) => x.Match != y.Match ? x.Match.CompareTo(y.Match) : x.Number.CompareTo(y.Number));
        }

        var ballots = new Ballots(field.Entrants, found.Count, mirrored: true, options.MetaModel);
        var segments = new Dictionary<int, (int Start, int Count)>();
        foreach (Vote vote in found)
        {
            segments[vote.Match] = segments.TryGetValue(vote.Match, out var segment) ? (segment.Start, segment.Count + 1) : (ballots.Count, 1);
            ballots.AddChoice(vote.Number, vote.Judgement, vote.A, vote.B, vote.Winner, options.WeightOf(vote.Judgement));
        }

        return new Matches(ballots, segments);
    }

    /// <summary>The ballots of one match, candidates 0 and 1 being entrants i and j.</summary>
    public Ballots Single(int match, int i, int j)
    {
        (int start, int count) = _segments.TryGetValue(match, out var segment) ? segment : (0, 0);
        return Ballots.Extract(start, count, i, j);
    }

    private readonly record struct Vote(int Match, int Number, int A, int B, int? Winner, Judgement Judgement);
}
