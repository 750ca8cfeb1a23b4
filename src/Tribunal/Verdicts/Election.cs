using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>One vote over all ballots of a rollout.</summary>
internal static class Election
{
    public static Verdict Hold(Rollout rollout, LedgerView view, Ballots ballots, SchemeOptions options, StopReason? stop)
    {
        int rows = ballots.Count;
        Span<double> weights = rows <= 256 ? stackalloc double[rows] : new double[rows];
        int kept = ballots.Weights(0, rows, options.Meta, weights);
        return kept == 0
            ? VerdictWriter.Unscorable(rollout, view, stop)
            : Hold(rollout, view, ballots, weights, kept, options, stop);
    }

    public static Verdict Hold(
        Rollout rollout, LedgerView view, Ballots ballots, Span<double> weights, int kept, SchemeOptions options, StopReason? stop)
    {
        double[] rewards = Tally.Rewards(ballots, ballots.Count, weights, options.Rule, out BradleyTerry? fit);
        var standing = Standing.Of(rewards, Standing.TieSeed(options.Seed, rollout.Id));
        ballots.Soften(ballots.Count, options.Meta, weights);
        double confidence = Tally.Confidence(ballots, ballots.Count, weights, options.Rule, fit, standing.Best);
        return VerdictWriter.Scored(rollout, view, standing, confidence, kept, stop, fit?.WinInterval(standing.Best, standing.Ranking[1]));
    }
}
