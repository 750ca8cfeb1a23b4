using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>How far a policy would have gone through recorded judgements.</summary>
/// <param name="Used">How many of the first judgements it would have drawn.</param>
/// <param name="Stop">Why it would have stopped; <see cref="StopReason.Exhausted"/> too where the record ended first.</param>
internal readonly record struct RecordedReplay(int Used, StopReason Stop)
{
    /// <summary>Replays a policy over recorded judgements in their order.</summary>
    /// <param name="options">The scheme's options; any policy but <see cref="PolicyKind.Budget"/>.</param>
    /// <param name="recorded">Its judgements, in the order in which they count as drawn.</param>
    /// <exception cref="ArgumentException">Options are wrong, the policy is a budget, or a judgement is hinted.</exception>
    public static RecordedReplay Run(SchemeOptions options, Rollout rollout, IReadOnlyList<Judgement> recorded)
    {
        _ = JudgingSchemes.ForRecorded(options);
        Judgement[] ledger = [.. recorded];
        if (Array.Exists(ledger, static judgement => judgement.Hinted))
        {
            throw new ProblemsException([new Problem("", "hinted judgements are no record to replay a policy on")]);
        }

        VoteTable votes = RecordedScheme.Collect(Candidates.Of(rollout), ledger, options);
        return Run(Rule(options), votes, ledger.Length);
    }

    internal static StoppingRule Rule(SchemeOptions options) => options.Policy.Kind == PolicyKind.Budget
        ? throw new ProblemsException([new Problem("policy.kind", "a budget can't be replayed on recorded judgements")])
        : StoppingRule.Create(options.Policy, options.Meta, options.Rule, fixedVotes: null, learned: options.Learned);

    internal static RecordedReplay Run(StoppingRule rule, VoteTable votes, int recorded)
    {
        int count = Math.Min(recorded, PolicyOptions.MostSamples);
        HashSet<int> drawn = [.. Enumerable.Range(0, count)];
        Advance advance = rule.Next(drawn, count, () => votes);
        return new RecordedReplay(advance.Upto, advance.Stop is { } stop && stop != StopReason.Budget ? stop : StopReason.Exhausted);
    }
}
