using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>A vote of a match.</summary>
/// <param name="Number">Its number in the match, from 0.</param>
/// <param name="Counts">Whether it can be voted with.</param>
/// <param name="Winner">The winning candidate; null for a draw.</param>
internal sealed record MatchVote(int Number, Judgement Judgement, bool Counts, int? Winner);

/// <summary>Two candidates that met, and the votes between them by number.</summary>
internal sealed record Match(int A, int B, List<MatchVote> Votes);

/// <summary>The matches that a rollout's pair judgements make up.</summary>
internal sealed class Matches(SchemeOptions options, int candidates, string? domain)
{
    // By the pair's number; null where two never met.
    private readonly Match?[] _matches = new Match?[PairIndex.Count(candidates)];

    /// <summary>Valid judgements that hold nothing that can be voted on.</summary>
    public int Unusable { get; private set; }

    /// <summary>Groups a rollout's judgements by the candidates that met. Judgements inside a candidate decide nothing and count as unusable.</summary>
    public static Matches Of(SchemeOptions options, Rollout rollout, Candidates candidates, IReadOnlyList<Judgement> ledger)
    {
        var matches = new Matches(options, candidates.Count, rollout.Domain);
        foreach (Judgement judgement in ledger)
        {
            matches.Add(judgement, candidates);
        }

        return matches;
    }

    /// <summary>The numbers of a match's votes that have been drawn, usable or not.</summary>
    public HashSet<int> Drawn(int a, int b) => [.. _matches[IndexOf(a, b)]?.Votes.Select(static vote => vote.Number) ?? []];

    /// <summary>The usable votes of one match, candidates 0 and 1 being a and b.</summary>
    public VoteTable Single(int a, int b)
    {
        var table = new VoteTable(2, mirrored: options.Seats is null, options.MetaModel, members: options.Members) { Domain = domain };
        foreach (MatchVote vote in _matches[IndexOf(a, b)]?.Votes ?? [])
        {
            if (vote.Counts)
            {
                table.AddChoice(vote.Number, vote.Judgement, 0, 1, vote.Winner == a ? 0 : vote.Winner == b ? 1 : null, options.WeightOf(vote.Judgement));
            }
        }

        return table;
    }

    /// <summary>All usable votes, match by match, between all candidates; and their weights, those of a match being siblings.</summary>
    public VoteTable All(out double[] weights, out int kept)
    {
        var table = new VoteTable(candidates, mirrored: options.Seats is null, options.MetaModel, members: options.Members) { Unusable = Unusable };
        var ends = new List<int>();
        foreach (Match? match in _matches)
        {
            foreach (MatchVote vote in match?.Votes ?? [])
            {
                if (vote.Counts)
                {
                    table.AddChoice(vote.Number, vote.Judgement, match!.A, match.B, vote.Winner, options.WeightOf(vote.Judgement));
                }
            }

            ends.Add(table.Count);
        }

        weights = new double[table.Count];
        kept = 0;
        int start = 0;
        foreach (int end in ends)
        {
            kept += table.Weights(start, end - start, options.Meta, weights.AsSpan(start, end - start));
            start = end;
        }

        return table;
    }

    private int IndexOf(int a, int b) => PairIndex.Of(a, b, candidates);

    private void Add(Judgement judgement, Candidates of)
    {
        int responses = of.Responses;
        bool valid = judgement.Outcome == JudgementOutcome.Valid;
        if (judgement.Sample < 0 || responses < 2)
        {
            Unusable += valid ? 1 : 0;
            return;
        }

        // A judgement that failed may not say what it compared; its number does.
        (int number, int named) = PairIndex.FromSample(judgement.Sample, responses);
        bool says = PairVerdict.TryReadPair(judgement, responses, out int i, out int j);
        (i, j) = says ? (i, j) : PairIndex.At(named, responses);
        (int a, int b) = (of[i], of[j]);
        bool counts = valid && says && a != b && (judgement.Winner is not { } winner || winner == i || winner == j);
        Unusable += valid && !counts ? 1 : 0;
        if (a != b)
        {
            Match match = _matches[IndexOf(a, b)] ??= new Match(a, b, []);
            match.Votes.Add(new MatchVote(number, judgement, counts, counts && judgement.Winner is { } response ? of[response] : null));
        }
    }
}
