using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>A panel of pair judges and judges of lists: a vote of the one compares every pair once, a vote of the other scores the list.</summary>
internal sealed class MixedScheme(SchemeOptions options) : IJudgingScheme
{
    private readonly PanelSeats _seats = options.Seats!;
    private readonly StoppingRule _stopping = options.Stopping(options.Rule, fixedVotes: null);

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        var view = LedgerView.Of(ledger);
        var candidates = Candidates.Of(rollout);
        HashSet<int> drawn = [.. view.Judgements.Select(static judgement => judgement.Sample)];
        HashSet<int> complete = [.. Enumerable.Range(0, options.MostVotes).Where(vote => Missing(rollout, candidates, drawn, vote).Count == 0)];
        Advance advance = _stopping.Next(complete, allowance, () => Collect(candidates, view));
        return advance.Stop is { } stop
            ? new NextDraws([], stop)
            : new NextDraws([.. Enumerable.Range(0, advance.Upto).SelectMany(vote => Missing(rollout, candidates, drawn, vote)).Select(sample => _seats.Of(sample, rollout.Id, rollout.Responses.Count))], null);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        var candidates = Candidates.Of(rollout);
        return TableVerdict.Cast(rollout, view, Collect(candidates, view), candidates, options, stop);
    }

    // The samples of a vote that are still to draw.
    private List<int> Missing(Rollout rollout, Candidates candidates, HashSet<int> drawn, int vote)
    {
        if (_seats.Skips(rollout, vote))
        {
            return [];
        }

        int first = _seats.FirstOf(vote, rollout.Responses.Count);
        if (_seats.SeatOf(vote).Protocol.Kind != JudgingKind.Pairwise)
        {
            return drawn.Contains(first) ? [] : [first];
        }

        var missing = new List<int>();
        for (int a = 0; a < candidates.Count; a++)
        {
            for (int b = a + 1; b < candidates.Count; b++)
            {
                (int i, int j) = candidates.Meeting(a, b, vote);
                int sample = first + PairIndex.Of(i, j, rollout.Responses.Count);
                if (!drawn.Contains(sample))
                {
                    missing.Add(sample);
                }
            }
        }

        return missing;
    }

    private VoteTable Collect(Candidates candidates, LedgerView view) =>
        RecordedScheme.Collect(candidates, view.Judgements, options, voteOf: judgement => _seats.VoteOf(judgement.Sample, candidates.Responses));
}
