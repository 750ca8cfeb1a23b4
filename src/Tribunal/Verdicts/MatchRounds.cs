using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Tournaments;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Follows a rollout's matches from the ledger, round by round.</summary>
/// <param name="stopping">When a match has votes enough.</param>
/// <param name="candidates">Who meets.</param>
/// <param name="matches">What was drawn.</param>
/// <param name="allowance">The most judgements over all matches; null where nothing says so.</param>
internal sealed class MatchRounds(
    SchemeOptions options, StoppingRule stopping, Rollout rollout, Candidates candidates, Matches matches, int? allowance)
{
    private int _spent;

    /// <summary>Results of the rounds that are complete.</summary>
    public List<MatchResult[]> Rounds { get; } = [];

    /// <summary>What the current round still needs.</summary>
    public List<Draw> Draws { get; } = [];

    /// <summary>Why matches stopped: the weakest reason of all.</summary>
    public StopReason? Stop { get; private set; }

    /// <summary>Follows a round. False when it is not complete, or the allowance does not reach it.</summary>
    /// <param name="settle">Decides matches by what was drawn of them, and asks for nothing.</param>
    public bool Follow((int A, int B)[] pairs, bool settle)
    {
        int? left = allowance - _spent;
        if (left < pairs.Length && Rounds.Count > 0)
        {
            Stop = StopReason.Budget;
            return false;
        }

        var results = new List<MatchResult>(pairs.Length);
        for (int m = 0; m < pairs.Length; m++)
        {
            (int a, int b) = pairs[m];
            HashSet<int> drawn = matches.Drawn(a, b);

            // An allowance is shared evenly; what is left over goes to the first matches.
            int? cap = left is { } all ? (all / pairs.Length) + (m < all % pairs.Length ? 1 : 0) : null;
            Advance advance = stopping.Next(drawn, cap, () => matches.Single(a, b));
            if (advance.Stop is { } stop)
            {
                Stop = Stop is { } before && Severity(before) >= Severity(stop) ? before : stop;
                _spent += advance.Upto;
                results.Add(new MatchResult(a, b, Score(a, b, advance.Upto)));
            }
            else if (settle && drawn.Contains(0))
            {
                results.Add(new MatchResult(a, b, Score(a, b, PolicyOptions.MostSamples)));
            }
            else if (!settle)
            {
                Ask(a, b, drawn, advance.Upto);
            }
        }

        if (results.Count < pairs.Length)
        {
            return false;
        }

        Rounds.Add([.. results]);
        return true;
    }

    private void Ask(int a, int b, HashSet<int> drawn, int upto)
    {
        for (int vote = 0; vote < upto; vote++)
        {
            if (!drawn.Contains(vote))
            {
                (int i, int j) = candidates.Meeting(a, b, vote);
                Draws.Add(options.PairDraw(rollout, i, j, vote));
            }
        }
    }

    // 1, ½ or 0 for a; a knockout needs a winner, and gets one by a seeded coin.
    private double Score(int a, int b, int upto)
    {
        if (options.Tournament.Kind is TournamentKind.None or TournamentKind.RoundRobin or TournamentKind.Random or TournamentKind.Anchors && options.Tournament.Rating == RatingKind.Votes)
        {
            // A single round whose results nobody reads.
            return 0.5;
        }

        VoteTable votes = matches.Single(a, b);
        int rows = votes.Below(upto);
        double[] weights = new double[rows];
        votes.Weights(0, rows, options.Meta, weights);
        double lead = 0;
        for (int row = 0; row < rows; row++)
        {
            lead += weights[row] * (votes.Row(row)[0] - votes.Row(row)[1]);
        }

        if (Math.Abs(lead) > 1e-9)
        {
            return lead > 0 ? 1 : 0;
        }

        if (options.Tournament.Kind != TournamentKind.Knockout)
        {
            return 0.5;
        }

        ulong coin = StableHash.Mix(StableHash.Of((ulong)options.Seed, "coin", rollout.Id), (ulong)PairIndex.Of(a, b, candidates.Count));
        return (coin & 1) == 0 ? 1 : 0;
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
