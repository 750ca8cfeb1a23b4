using Tribunal.JudgeModels;
using Tribunal.MetaReward;
using Tribunal.Voting;

namespace Tribunal.Sampling;

/// <summary>Where a rollout or match stands: it needs every number below <paramref name="Upto"/>, or is over for a reason.</summary>
internal readonly record struct Advance(int Upto, StopReason? Stop);

/// <summary>
/// When to stop sampling one rollout or one match. Decisions are made at checkpoints only, over the judgements numbered below them, so that
/// the same draws give the same decision in whatever order they arrive and whatever else has been drawn.
/// </summary>
internal abstract class StoppingRule
{
    /// <summary>Four mirrored pairs: enough to see that a judge follows the position, or sees no difference.</summary>
    public const int Inseparable = 8;

    /// <summary>What comes next.</summary>
    /// <param name="drawn">The numbers that have been drawn, votes of a match or samples of a list.</param>
    /// <param name="allowance">The most judgements allowed; null when nothing says so.</param>
    /// <param name="votes">The usable judgements, made when they are needed.</param>
    public abstract Advance Next(IReadOnlySet<int> drawn, int? allowance, Func<VoteTable> votes);

    /// <summary>The rule of a policy.</summary>
    /// <param name="meta">What meta rewards do.</param>
    /// <param name="fixedVotes">Votes under the fixed policy; null goes by the policy.</param>
    /// <param name="learned">What is known of the judge; null for nothing.</param>
    /// <param name="block">What rounds are rounded up to: a mirrored pair of votes, of every member where a panel judges.</param>
    public static StoppingRule Create(PolicyOptions policy, MetaOptions meta, VotingRule rule, int? fixedVotes, int block = 2, JudgeModel? learned = null) => policy.Kind switch
    {
        PolicyKind.Adaptive when policy.Learns && learned is { IsFitted: true } => new LearnedRule(policy, meta, rule, block, learned),
        PolicyKind.Adaptive => new AdaptiveRule(policy, meta, rule, block),
        PolicyKind.Certified => new CertifiedRule(policy, meta, rule, block, policy.Learns && learned is { IsFitted: true } ? learned : null),
        PolicyKind.Budget => new BudgetRule(policy, meta, rule, block),
        _ => new FixedRule(fixedVotes ?? policy.Samples),
    };

    protected static bool HasAll(IReadOnlySet<int> drawn, int end) => Enumerable.Range(0, end).All(drawn.Contains);
}

/// <summary>The same number for all.</summary>
internal sealed class FixedRule(int samples) : StoppingRule
{
    public override Advance Next(IReadOnlySet<int> drawn, int? allowance, Func<VoteTable> votes)
    {
        int end = Math.Min(samples, allowance ?? samples);
        return HasAll(drawn, end) ? new Advance(end, end < samples ? StopReason.Budget : StopReason.Fixed) : new Advance(end, null);
    }
}

/// <summary>Where the votes of a rollout or match stand at a checkpoint.</summary>
/// <param name="Votes">The usable judgements.</param>
/// <param name="Rows">How many of the first rows count.</param>
/// <param name="Weights">What each weighs.</param>
/// <param name="Fit">The Bradley–Terry fit, where the rule makes one.</param>
/// <param name="Ranked">The ranking so far.</param>
/// <param name="Checkpoint">Judgements drawn.</param>
internal sealed record Standing(VoteTable Votes, int Rows, double[] Weights, BradleyTerry? Fit, RankedRewards Ranked, int Checkpoint);

/// <summary>Rounds that grow, and a decision after each.</summary>
internal abstract class RoundRule(PolicyOptions policy, MetaOptions meta, VotingRule rule, int block) : StoppingRule
{
    protected PolicyOptions Policy { get; } = policy;

    protected VotingRule Rule { get; } = rule;

    public override Advance Next(IReadOnlySet<int> drawn, int? allowance, Func<VoteTable> votes)
    {
        int end = Math.Min(Policy.Max, allowance ?? Policy.Max);
        VoteTable? made = null;
        for (int checkpoint = Math.Min(First, end); ; checkpoint = Math.Min(After(checkpoint), end))
        {
            if (!HasAll(drawn, checkpoint))
            {
                return new Advance(checkpoint, null);
            }

            if (checkpoint > 0 && Decide(made ??= votes(), checkpoint, end) is { } stop)
            {
                return new Advance(checkpoint, stop);
            }

            if (checkpoint == end)
            {
                return new Advance(end, end < Policy.Max ? StopReason.Budget : StopReason.Exhausted);
            }
        }
    }

    /// <summary>The decision over the judgements numbered below a checkpoint, of at most so many; null goes on.</summary>
    public StopReason? Decide(VoteTable votes, int checkpoint, int most)
    {
        int rows = votes.Below(checkpoint);
        double[] weights = new double[rows];
        if (votes.Weights(0, rows, meta, weights) == 0)
        {
            // A rollout that the judge can't answer eight times won't be answered by asking on.
            return checkpoint >= Inseparable ? StopReason.Exhausted : null;
        }

        double[] rewards = Tally.Rewards(votes, rows, weights, Rule, out BradleyTerry? fit);
        var ranked = RankedRewards.Of(rewards, 0);
        votes.Soften(rows, meta, weights);
        var standing = new Standing(votes, rows, weights, fit, ranked, checkpoint);
        if (Enough(standing, most) is { } enough)
        {
            return enough;
        }

        if (votes.Candidates < 2)
        {
            return null;
        }

        PairComparison pair = PairComparison.Between(votes, rows, weights, ranked.Best, ranked.Ranking[1], majority: Rule == VotingRule.Majority);
        return (JudgesOrders && pair.Balanced && rows >= Inseparable) || Hopeless(standing, pair) ? StopReason.Exhausted : null;
    }

    /// <summary>Why no more is needed; null when more is.</summary>
    protected abstract StopReason? Enough(Standing at, int most);

    /// <summary>Whether votes that cancel out, order against order, end it; a model that knows of orders says so by itself.</summary>
    protected virtual bool JudgesOrders => true;

    /// <summary>Whether the maximum can't be expected to decide.</summary>
    protected abstract bool Hopeless(Standing at, PairComparison pair);

    /// <summary>The probability that the leader leads.</summary>
    protected double Confidence(Standing at) => Tally.Confidence(at.Votes, at.Rows, at.Weights, Rule, at.Fit, at.Ranked.Best);

    /// <summary>
    /// Whether some number of the judgements that are left raises the probability of the right verdict by what they are worth, given what is expected of the
    /// whole of them.
    /// </summary>
    protected bool Worthwhile(Outlook whole, JudgeModel learned, Standing at, int most)
    {
        // By how much one judgement has to raise it: 0.001 at the confidence of 0.95.
        double worth = (1 - Policy.Confidence) / 50;
        int left = most - at.Checkpoint;
        bool worthwhile = whole.Gain > left * worth;

        // All judgements that are left, or fewer: a lone one seldom changes a verdict, a few do.
        for (int more = 1; more < left && !worthwhile && whole.Gain > worth; more *= 2)
        {
            worthwhile = Expect(learned, at, more).Gain > more * worth;
        }

        return worthwhile;
    }

    /// <summary>What is expected of so many judgements more.</summary>
    protected Outlook Expect(JudgeModel learned, Standing at, int more) =>
        JudgeOutlook.Of(learned, at.Votes, at.Rows, at.Weights, Rule, at.Ranked.Best, at.Checkpoint, at.Checkpoint + more);

    /// <summary>Whether candidates are told apart by score differences rather than by votes.</summary>
    protected bool Scored(VoteTable votes) => !votes.Pairs && Tally.Scored(votes, Rule);

    /// <summary>The first round.</summary>
    protected virtual int First => Even(Policy.Min);

    // A last round as large as all before it would mostly be spent on rollouts that a part of it decides.
    private int After(int checkpoint)
    {
        int grown = (int)Math.Min(PolicyOptions.MostSamples, Math.Ceiling(checkpoint * Policy.Growth));
        return Even(Math.Max(checkpoint + 1, Math.Min(grown, checkpoint + Math.Max(8, Policy.Max / 4))));
    }

    // Mirrored pairs of votes are never cut in two, and no member of a panel has more of them than another.
    private int Even(int count) => Math.Min(Policy.Max, (count + block - 1) / block * block);
}

/// <summary>
/// Until the leader leads with the confidence asked for: Beta posterior for votes (Adaptive-Consistency, arXiv 2305.11860),
/// Student-t posterior for score differences.
/// </summary>
internal sealed class AdaptiveRule(PolicyOptions policy, MetaOptions meta, VotingRule rule, int block) : RoundRule(policy, meta, rule, block)
{
    protected override StopReason? Enough(Standing at, int most) => Confidence(at) >= Policy.Confidence ? StopReason.Confident : null;

    protected override bool Hopeless(Standing at, PairComparison pair)
    {
        bool scored = Scored(at.Votes);
        if (scored && at.Rows >= Inseparable && Policy.Indifference > 0
            && Tally.Confidence(at.Votes, at.Rows, at.Weights, Rule, null, at.Ranked.Best, -Policy.Indifference) >= Policy.Confidence)
        {
            return true;
        }

        if (Policy.Futility <= 0 || at.Checkpoint >= Policy.Max || pair.Count <= 0)
        {
            return false;
        }

        (double location, double scale) = pair.Margin(scored, scored ? ListEvidence.Of(at.Votes, at.Rows, at.Weights) : null);
        return LeaderPosterior.Decidable(location, scale, at.Checkpoint, Policy.Max, Policy.Confidence) < Policy.Futility;
    }
}

/// <summary>
/// Until the judgements to come are not expected to change the verdict for the better by more than is worth their cost, by a model of
/// the judge that a run has learned: both where the leader is sure and where no number of judgements would separate the leaders.
/// </summary>
internal sealed class LearnedRule(PolicyOptions policy, MetaOptions meta, VotingRule rule, int block, JudgeModel learned) : RoundRule(policy, meta, rule, block)
{
    protected override bool JudgesOrders => false;

    // A model that knows how far the judge agrees with itself needs no second judgement where one says enough.
    protected override int First => Policy.Min == 1 ? 1 : base.First;

    protected override StopReason? Enough(Standing at, int most)
    {
        if (at.Checkpoint >= most)
        {
            return null;
        }

        Outlook whole = Expect(learned, at, most - at.Checkpoint);
        return Worthwhile(whole, learned, at, most) ? null : whole.Pool >= Policy.Confidence ? StopReason.Confident : StopReason.Exhausted;
    }

    protected override bool Hopeless(Standing at, PairComparison pair) => false;
}

/// <summary>
/// Until an e-process certifies that the leader leads everyone else. The certificate counts every valid judgement the same:
/// a meta reward is not known before its judgement is, so that filtering by it would void the promise. What a run has learned of its judge
/// moves judgements, never the certificate: a rollout ends without one where none is to be expected and more would not better its verdict.
/// </summary>
internal sealed class CertifiedRule(PolicyOptions policy, MetaOptions meta, VotingRule rule, int block, JudgeModel? learned = null) : RoundRule(policy, meta, rule, block)
{
    protected override StopReason? Enough(Standing at, int most)
    {
        double threshold = MarginEProcess.Threshold(1 - Policy.Confidence, at.Votes.Candidates);
        return Enumerable.Range(0, at.Votes.Candidates).All(other => other == at.Ranked.Best || Bet(at, at.Ranked.Best, other).Value >= threshold) ? StopReason.Certified : null;
    }

    protected override bool Hopeless(Standing at, PairComparison pair)
    {
        // Even if every judgement to come agreed.
        double threshold = MarginEProcess.Threshold(1 - Policy.Confidence, at.Votes.Candidates);
        (int first, int second) = (at.Ranked.Best, at.Ranked.Ranking[1]);
        if (Best(first, second) < threshold && Best(second, first) < threshold)
        {
            return true;
        }

        return learned is not null && at.Checkpoint < Policy.Max
            && Reaches(first, second) + Reaches(second, first) < (1 - Policy.Confidence) / 5
            && !Worthwhile(Expect(learned, at, Policy.Max - at.Checkpoint), learned, at, Policy.Max);

        double Reaches(int leader, int other)
        {
            MarginEProcess process = Bet(at, leader, other);
            double toCome = (double)(Policy.Max - at.Checkpoint) * at.Rows / at.Checkpoint;
            return JudgeOutlook.Mean(learned, at.Votes, at.Rows, Rule, leader, other, OfVotes, OfScores) ?? 1;

            double OfVotes(double won, double lost) => process.Reaches(threshold, toCome, stake =>
            {
                (double up, double down) = (Math.Log(1 + stake), Math.Log(1 - stake));
                double mean = (won * up) + (lost * down);
                return (mean, (won * up * up) + (lost * down * down) - (mean * mean));
            });

            // To the second order about the mean.
            double OfScores(double mean, double deviation) => process.Reaches(threshold, toCome, stake =>
            {
                double slope = stake / (1 + (stake * Math.Clamp(mean, -1, 1)));
                return (Math.Log(1 + (stake * Math.Clamp(mean, -1, 1))) - (slope * slope * deviation * deviation / 2), slope * slope * deviation * deviation);
            });
        }

        double Best(int leader, int other)
        {
            MarginEProcess process = Bet(at, leader, other);
            for (int i = at.Checkpoint; i < Policy.Max; i++)
            {
                process.Add(1);
            }

            return process.Value;
        }
    }

    private MarginEProcess Bet(Standing at, int leader, int other)
    {
        VoteTable votes = at.Votes;
        var process = new MarginEProcess();
        bool signs = votes.Pairs || !Scored(votes);
        double? first = null;
        int mirror = -1;
        for (int row = 0; row < at.Rows; row++)
        {
            double[] values = votes.Row(row);
            double d = values[leader] - values[other];
            if (double.IsNaN(d))
            {
                continue;
            }

            d = signs ? Math.Sign(d) : d;
            if (!votes.Mirrored)
            {
                process.Add(d);
            }
            else if (first is { } mirrored && votes.Sample(row) >> 1 == mirror)
            {
                // Both orders of a mirrored pair, or neither: a judge that follows the position must not look like a margin.
                process.Add(mirrored);
                process.Add(d);
                first = null;
            }
            else
            {
                first = d;
                mirror = votes.Sample(row) >> 1;
            }
        }

        return process;
    }
}

/// <summary>
/// What the allowance says, and no more. Without an allowance only the first round is drawn, so that a batch never spends more
/// than its total.
/// </summary>
internal sealed class BudgetRule(PolicyOptions policy, MetaOptions meta, VotingRule rule, int block) : RoundRule(policy, meta, rule, block)
{
    public override Advance Next(IReadOnlySet<int> drawn, int? allowance, Func<VoteTable> votes)
    {
        int end = Math.Min(Policy.Max, allowance ?? Policy.Min);
        if (!HasAll(drawn, end))
        {
            return new Advance(end, null);
        }

        StopReason? decided = end > 0 ? Decide(votes(), end, Policy.Max) : null;
        return new Advance(end, decided ?? (end < Policy.Max ? StopReason.Budget : StopReason.Exhausted));
    }

    protected override StopReason? Enough(Standing at, int most) => Confidence(at) >= Policy.Confidence ? StopReason.Confident : null;

    protected override bool Hopeless(Standing at, PairComparison pair) => false;
}
