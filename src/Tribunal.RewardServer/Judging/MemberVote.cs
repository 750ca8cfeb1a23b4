using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Judging;

/// <summary>What a member of a panel says of a rollout by itself.</summary>
/// <param name="Judge">The judge's name.</param>
/// <param name="Protocol">How it was asked.</param>
/// <param name="Drawn">Its judgements.</param>
/// <param name="Valid">Those of them that have a verdict.</param>
/// <param name="Rewards">The vote of its judgements alone: a reward per response of the rollout; null where it has none.</param>
public sealed record MemberVote(string Judge, string Protocol, int Drawn, int Valid, IReadOnlyList<double>? Rewards)
{
    /// <summary>The members' votes in the order of their first judgements; null where there is one judge.</summary>
    internal static IReadOnlyList<MemberVote>? Of(Rollout rollout, IReadOnlyList<Judgement> drawn)
    {
        List<IGrouping<(string, string), Judgement>> members = [.. drawn.GroupBy(static judgement => (judgement.Judge, judgement.Protocol))];
        return members.Count < 2 ? null : [.. members.Select(own => new MemberVote(
            own.Key.Item1, own.Key.Item2, own.Count(), own.Count(static judgement => judgement.Outcome == JudgementOutcome.Valid), MemberSums.VoteOf(rollout, [.. own]).Rewards))];
    }
}
