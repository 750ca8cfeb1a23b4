using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Every pair of responses, each until its match is decided; two responses are one match.</summary>
internal sealed class RoundRobinScheme(SchemeOptions options) : IJudgingScheme, IStatisticsReader
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
            int? cap = allowance is { } all ? (all / pairs) + (pair < all % pairs ? 1 : 0) : null;
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

    public int MatchCount(Rollout rollout) => PairIndex.Count(rollout.Responses.Count);

    public RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance)
    {
        int n = rollout.Responses.Count;
        int pairs = PairIndex.Count(n);
        LedgerView view = LedgerView.Of([.. ledger.Where(j => j.Sample < allowance)]);
        Ballots ballots = Matches.Of(n, view).Ballots;
        if (pairs == 0 || ballots.Count == 0)
        {
            return new RolloutStatistics
            {
                Drawn = allowance, Valid = 0, Margin = 0, Variance = 0, Step = 2 * Math.Max(1, pairs), Closed = pairs == 0 || allowance >= StoppingRule.Inseparable * pairs,
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
