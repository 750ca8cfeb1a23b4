using Tribunal.MetaReward;
using Tribunal.Voting;

namespace Tribunal.Sampling;

/// <summary>Where a rollout or match stands: it needs every slot below <paramref name="Upto"/>, or is over for a reason.</summary>
internal readonly record struct Advance(int Upto, StopReason? Stop);

/// <summary>
/// When to stop sampling one rollout or one match. Decisions are made at checkpoints only, over the slots below them, so that
/// the same draws give the same decision in whatever order they arrive and whatever else has been drawn.
/// </summary>
internal abstract class StoppingRule
{
    /// <summary>Four mirrored pairs: enough to see that a judge follows the position, or sees no difference.</summary>
    public const int Inseparable = 8;

    /// <summary>What comes next.</summary>
    /// <param name="drawn">What has been drawn.</param>
    /// <param name="allowance">The most slots allowed; null when nothing says so.</param>
    /// <param name="ballots">The usable judgements, made when they are needed.</param>
    public abstract Advance Next(SlotSet drawn, int? allowance, Func<Ballots> ballots);

    public static StoppingRule Create(PolicyOptions policy, MetaOptions meta, VotingRule rule, int? votes) => policy.Kind switch
    {
        PolicyKind.Adaptive => new AdaptiveRule(policy, meta, rule),
        PolicyKind.Certified => new CertifiedRule(policy, meta, rule),
        PolicyKind.Budget => new BudgetRule(policy, meta, rule),
        _ => new FixedRule(votes ?? policy.Samples),
    };
}

/// <summary>The same number for all.</summary>
internal sealed class FixedRule(int samples) : StoppingRule
{
    public override Advance Next(SlotSet drawn, int? allowance, Func<Ballots> ballots)
    {
        int end = Math.Min(samples, allowance ?? samples);
        return drawn.Full(end) ? new Advance(end, end < samples ? StopReason.Budget : StopReason.Fixed) : new Advance(end, null);
    }
}

/// <summary>Rounds that grow, and a decision after each.</summary>
internal abstract class RoundRule(PolicyOptions policy, MetaOptions meta, VotingRule rule) : StoppingRule
{
    protected PolicyOptions Policy { get; } = policy;

    protected VotingRule Rule { get; } = rule;

    public override Advance Next(SlotSet drawn, int? allowance, Func<Ballots> ballots)
    {
        int end = Math.Min(Policy.Max, allowance ?? Policy.Max);
        Ballots? made = null;
        for (int checkpoint = Math.Min(First, end); ; checkpoint = Math.Min(After(checkpoint), end))
        {
            if (!drawn.Full(checkpoint))
            {
                return new Advance(checkpoint, null);
            }

            if (checkpoint > 0 && Decide(made ??= ballots(), checkpoint) is { } stop)
            {
                return new Advance(checkpoint, stop);
            }

            if (checkpoint == end)
            {
                return new Advance(end, end < Policy.Max ? StopReason.Budget : StopReason.Exhausted);
            }
        }
    }

    /// <summary>The decision over the slots below a checkpoint; null goes on.</summary>
    public StopReason? Decide(Ballots ballots, int checkpoint)
    {
        int rows = ballots.Below(checkpoint);
        Span<double> weights = rows <= 256 ? stackalloc double[rows] : new double[rows];
        if (ballots.Weights(0, rows, meta, weights) == 0)
        {
            // A rollout that the judge can't answer eight times won't be answered by asking on.
            return checkpoint >= Inseparable ? StopReason.Exhausted : null;
        }

        double[] rewards = Tally.Rewards(ballots, rows, weights, Rule, out BradleyTerry? fit);
        var standing = Standing.Of(rewards, 0);
        ballots.Soften(rows, meta, weights);
        if (Enough(ballots, rows, weights, fit, standing) is { } enough)
        {
            return enough;
        }

        if (ballots.Candidates < 2)
        {
            return null;
        }

        Duel duel = Duel.Between(ballots, rows, weights, standing.Best, standing.Ranking[1], majority: Rule == VotingRule.Majority);
        return (duel.Balanced && rows >= Inseparable) || Hopeless(ballots, rows, weights, checkpoint, standing, duel) ? StopReason.Exhausted : null;
    }

    /// <summary>Why no more is needed; null when more is.</summary>
    protected abstract StopReason? Enough(Ballots ballots, int rows, ReadOnlySpan<double> weights, BradleyTerry? fit, Standing standing);

    /// <summary>Whether the maximum can't be expected to decide.</summary>
    protected abstract bool Hopeless(Ballots ballots, int rows, ReadOnlySpan<double> weights, int checkpoint, Standing standing, Duel duel);

    /// <summary>The probability that the leader leads.</summary>
    protected double Confidence(Ballots ballots, int rows, ReadOnlySpan<double> weights, BradleyTerry? fit, Standing standing) =>
        Tally.Confidence(ballots, rows, weights, Rule, fit, standing.Best);

    /// <summary>Whether candidates are told apart by score differences rather than by votes.</summary>
    protected bool Scored(Ballots ballots) => !ballots.Pairs && Tally.Scored(ballots, Rule);

    private int First => Even(Policy.Min);

    // A last round as large as all before it would mostly be spent on rollouts that a part of it decides.
    private int After(int checkpoint)
    {
        int grown = (int)Math.Min(SlotSet.Limit, Math.Ceiling(checkpoint * Policy.Growth));
        return Even(Math.Max(checkpoint + 1, Math.Min(grown, checkpoint + Math.Max(8, Policy.Max / 4))));
    }

    // Mirrored pairs of votes are never cut in two.
    private int Even(int count) => Math.Min(Policy.Max, count + (count & 1));
}

/// <summary>
/// Until the leader leads with the confidence asked for: Beta posterior for votes (Adaptive-Consistency, arXiv 2305.11860),
/// Student-t posterior for score differences.
/// </summary>
internal sealed class AdaptiveRule(PolicyOptions policy, MetaOptions meta, VotingRule rule) : RoundRule(policy, meta, rule)
{
    protected override StopReason? Enough(Ballots ballots, int rows, ReadOnlySpan<double> weights, BradleyTerry? fit, Standing standing) =>
        Confidence(ballots, rows, weights, fit, standing) >= Policy.Confidence ? StopReason.Confident : null;

    protected override bool Hopeless(Ballots ballots, int rows, ReadOnlySpan<double> weights, int checkpoint, Standing standing, Duel duel)
    {
        bool scored = Scored(ballots);
        if (scored && rows >= Inseparable && Policy.Indifference > 0
            && Tally.Confidence(ballots, rows, weights, Rule, null, standing.Best, -Policy.Indifference) >= Policy.Confidence)
        {
            return true;
        }

        if (Policy.Futility <= 0 || checkpoint >= Policy.Max || duel.Count <= 0)
        {
            return false;
        }

        (double location, double scale) = duel.Margin(scored, scored ? ListSpread.Of(ballots, rows, weights) : default);
        return LeaderPosterior.Decidable(location, scale, checkpoint, Policy.Max, Policy.Confidence) < Policy.Futility;
    }
}

/// <summary>
/// Until an e-process certifies that the leader leads everyone else. The certificate counts every valid judgement the same:
/// a meta reward is not known before its judgement is, so that filtering by it would void the promise.
/// </summary>
internal sealed class CertifiedRule(PolicyOptions policy, MetaOptions meta, VotingRule rule) : RoundRule(policy, meta, rule)
{
    protected override StopReason? Enough(Ballots ballots, int rows, ReadOnlySpan<double> weights, BradleyTerry? fit, Standing standing)
    {
        double threshold = MarginEProcess.Threshold(1 - Policy.Confidence, ballots.Candidates);
        for (int other = 0; other < ballots.Candidates; other++)
        {
            if (other != standing.Best && Bet(ballots, rows, standing.Best, other).Value < threshold)
            {
                return null;
            }
        }

        return StopReason.Certified;
    }

    protected override bool Hopeless(Ballots ballots, int rows, ReadOnlySpan<double> weights, int checkpoint, Standing standing, Duel duel)
    {
        // Even if every judgement to come agreed.
        double threshold = MarginEProcess.Threshold(1 - Policy.Confidence, ballots.Candidates);
        return Best(standing.Best, standing.Ranking[1]) < threshold && Best(standing.Ranking[1], standing.Best) < threshold;

        double Best(int leader, int other)
        {
            MarginEProcess process = Bet(ballots, rows, leader, other);
            for (int i = checkpoint; i < Policy.Max; i++)
            {
                process.Add(1);
            }

            return process.Value;
        }
    }

    private MarginEProcess Bet(Ballots ballots, int rows, int leader, int other)
    {
        var process = new MarginEProcess();
        bool signs = ballots.Pairs || !Scored(ballots);
        double? first = null;
        int block = -1;
        for (int row = 0; row < rows; row++)
        {
            ReadOnlySpan<double> values = ballots.Row(row);
            double d = values[leader] - values[other];
            if (double.IsNaN(d))
            {
                continue;
            }

            d = signs ? Math.Sign(d) : d;
            if (!ballots.Mirrored)
            {
                process.Add(d);
            }
            else if (first is { } mirrored && ballots.Slot(row) >> 1 == block)
            {
                // Both orders of a mirrored pair, or neither: a judge that follows the position must not look like a margin.
                process.Add(mirrored);
                process.Add(d);
                first = null;
            }
            else
            {
                first = d;
                block = ballots.Slot(row) >> 1;
            }
        }

        return process;
    }
}

/// <summary>
/// What the allowance says, and no more. Without an allowance only the first round is drawn, so that a batch never spends more
/// than its total.
/// </summary>
internal sealed class BudgetRule(PolicyOptions policy, MetaOptions meta, VotingRule rule) : RoundRule(policy, meta, rule)
{
    public override Advance Next(SlotSet drawn, int? allowance, Func<Ballots> ballots)
    {
        int end = Math.Min(Policy.Max, allowance ?? Policy.Min);
        if (!drawn.Full(end))
        {
            return new Advance(end, null);
        }

        StopReason? decided = end > 0 ? Decide(ballots(), end) : null;
        return new Advance(end, decided ?? (end < Policy.Max ? StopReason.Budget : StopReason.Exhausted));
    }

    protected override StopReason? Enough(Ballots ballots, int rows, ReadOnlySpan<double> weights, BradleyTerry? fit, Standing standing) =>
        Confidence(ballots, rows, weights, fit, standing) >= Policy.Confidence ? StopReason.Confident : null;

    protected override bool Hopeless(Ballots ballots, int rows, ReadOnlySpan<double> weights, int checkpoint, Standing standing, Duel duel) => false;
}
