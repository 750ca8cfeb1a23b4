using Tribunal.MetaReward;
using Tribunal.Verdicts;
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
    /// <summary>What comes next.</summary>
    /// <param name="drawn">What has been drawn.</param>
    /// <param name="cap">The most slots allowed.</param>
    /// <param name="ballots">The usable judgements, made when they are needed.</param>
    public abstract Advance Next(SlotSet drawn, int cap, Func<Ballots> ballots);

    public static StoppingRule Create(PolicyOptions policy, MetaOptions meta, VotingRule rule, int? votes) => policy.Kind switch
    {
        PolicyKind.Fixed => new FixedRule(votes ?? policy.Samples),
        _ => throw new ArgumentException($"policy.kind: {policy.Kind} is not supported.", nameof(policy)),
    };
}

/// <summary>The same number for all.</summary>
internal sealed class FixedRule(int samples) : StoppingRule
{
    public override Advance Next(SlotSet drawn, int cap, Func<Ballots> ballots)
    {
        int end = Math.Min(samples, cap);
        return drawn.Full(end) ? new Advance(end, end < samples ? StopReason.Budget : StopReason.Fixed) : new Advance(end, null);
    }
}
