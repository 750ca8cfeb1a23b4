using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Puts verdicts together.</summary>
internal static class VerdictWriter
{
    public static Verdict Scored(
        Rollout rollout, LedgerView view, RankedRewards ranked, double confidence, (int Unusable, int Kept) votes, StopReason? stop, (double Low, double High)? lead = null) => new()
        {
            Id = rollout.Id,
            Status = VerdictStatus.Scored,
            Rewards = ranked.Rewards,
            Best = ranked.Best,
            Ranking = ranked.Ranking,
            Confidence = Math.Clamp(confidence, 0, 1),
            Margin = ranked.Margin,
            LeadInterval = lead is { } ends ? [ends.Low, ends.High] : null,
            Votes = view.Counts(votes.Unusable, votes.Kept),
            Stop = view.Judgements.Count == 0 ? null : stop,
            Usage = view.Usage,
        };

    public static Verdict Unscorable(Rollout rollout, LedgerView view, int unusable, StopReason? stop, string? reason = null)
    {
        VoteCounts counts = view.Counts(unusable, kept: 0);
        return new Verdict
        {
            Id = rollout.Id,
            Status = VerdictStatus.Unscorable,
            Votes = counts,
            Stop = counts.Drawn == 0 ? null : stop,
            Usage = view.Usage,
            Reason = reason ?? Why(counts, view),
        };
    }

    private static string Why(VoteCounts counts, LedgerView view)
    {
        if (counts.Drawn == 0)
        {
            return "no judgement was drawn";
        }

        List<string> parts = [];
        Add(counts.Unparsable, "unparsable");
        Add(counts.Truncated, "truncated");
        Add(counts.Refused, "refused");
        Add(counts.Failed, "failed");
        Add(counts.Valid, "without weight");
        string? first = view.Judgements.Select(static judgement => judgement.Why).FirstOrDefault(static why => !string.IsNullOrEmpty(why));
        return $"none of {counts.Drawn} judgements can be voted on: {string.Join(", ", parts)}{(first is null ? "" : $"; first: {first}")}";

        void Add(int count, string what)
        {
            if (count > 0)
            {
                parts.Add($"{count} {what}");
            }
        }
    }
}
