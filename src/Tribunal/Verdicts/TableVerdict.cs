using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>The verdict of one vote over all judgements of a rollout.</summary>
internal static class TableVerdict
{
    public static Verdict Cast(Rollout rollout, LedgerView view, VoteTable votes, Candidates candidates, SchemeOptions options, StopReason? stop)
    {
        double[] weights = new double[votes.Count];
        int kept = votes.Weights(0, votes.Count, options.Meta, weights);
        if (kept == 0)
        {
            return VerdictWriter.Unscorable(rollout, view, votes.Unusable, stop);
        }

        double[] rewards = Tally.Rewards(votes, votes.Count, weights, options.Rule, out BradleyTerry? fit);
        var ranked = RankedRewards.Of(candidates.PerResponse(rewards), RankedRewards.TieSeed(options.Seed, rollout.Id), candidates);
        int leader = candidates[ranked.Best];
        votes.Soften(votes.Count, options.Meta, weights);

        // Where all responses are the same text, judges may agree on its score, but nobody leads.
        double confidence = candidates.Count == 1 && candidates.Responses > 1
            ? 0.5
            : options.Pool is { } model
            ? JudgeOutlook.Of(model, votes, votes.Count, weights, options.Rule, leader, view.Judgements.Count, Math.Max(options.MostVotes, view.Judgements.Count)).Pool
            : Tally.Confidence(votes, votes.Count, weights, options.Rule, fit, leader);
        return VerdictWriter.Scored(rollout, view, ranked, confidence, (votes.Unusable, kept), stop, fit?.WinInterval(leader, Rival()));

        int Rival() => candidates[Array.Find(ranked.Ranking, response => candidates[response] != leader)];
    }

    /// <summary>The verdict where all responses are the same to whoever compares: nobody is better, and nobody had to ask a judge.</summary>
    public static Verdict Even(Rollout rollout, LedgerView view, Candidates texts, int unusable, long seed, StopReason? stop)
    {
        double[] even = [.. Enumerable.Repeat(0.5, rollout.Responses.Count)];
        return VerdictWriter.Scored(rollout, view, RankedRewards.Of(even, RankedRewards.TieSeed(seed, rollout.Id), texts), 0.5, (unusable, 0), stop);
    }
}
