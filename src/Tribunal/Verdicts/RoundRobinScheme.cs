using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Every pair of responses, each until its match is decided; two responses are one match.</summary>
internal sealed class RoundRobinScheme(SchemeOptions options) : IJudgingScheme
{
    private const string Alone = "one response alone can't be compared by a pair judge";

    private readonly StoppingRule _stopping =
        StoppingRule.Create(options.Policy, options.Meta, VotingRule.Majority, options.Tournament.Votes);

    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null)
    {
        int n = rollout.Responses.Count;
        if (n < 2)
        {
            return new NextDraws([], StopReason.Exhausted);
        }

        int pairs = PairIndex.Count(n);
        var drawn = new SlotSet[pairs];
        for (int i = 0; i < ledger.Count; i++)
        {
            if (ledger[i].Sample >= 0)
            {
                (int vote, int pair) = PairIndex.FromSample(ledger[i].Sample, n);
                (drawn[pair] ??= new SlotSet()).Add(vote);
            }
        }

        Matches? matches = null;
        List<Draw> draws = [];
        StopReason? worst = null;
        for (int pair = 0; pair < pairs; pair++)
        {
            int current = pair;
            (int a, int b) = PairIndex.At(pair, n);
            SlotSet slots = drawn[pair] ??= new SlotSet();

            // An allowance is shared evenly; pairs with low numbers take what is left over.
            int cap = allowance is { } all ? (all / pairs) + (pair < all % pairs ? 1 : 0) : int.MaxValue;
            Advance advance = _stopping.Next(slots, cap, () => (matches ??= Matches.Of(n, LedgerView.Of(ledger))).Single(current, a, b));
            if (advance.Stop is { } stop)
            {
                worst = worst is { } before && Severity(before) >= Severity(stop) ? before : stop;
                continue;
            }

            for (int vote = 0; vote < advance.Upto; vote++)
            {
                if (!slots.Has(vote))
                {
                    draws.Add(new Draw(PairIndex.Sample(vote, pair, n), PresentationOrder.Pair(options.Seed, rollout.Id, a, b, vote), [a, b]));
                }
            }
        }

        return draws.Count > 0 ? new NextDraws(draws, null) : new NextDraws([], worst);
    }

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        int n = rollout.Responses.Count;
        if (n < 2)
        {
            return VerdictWriter.Unscorable(rollout, view, stop, Alone);
        }

        var matches = Matches.Of(n, view);
        double[] weights = new double[matches.Ballots.Count];
        int kept = 0;
        foreach ((int start, int count) in matches.Segments)
        {
            kept += matches.Ballots.Weights(start, count, options.Meta, weights.AsSpan(start, count));
        }

        return kept == 0
            ? VerdictWriter.Unscorable(rollout, view, stop)
            : Election.Hold(rollout, view, matches.Ballots, weights, kept, options, stop);
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
