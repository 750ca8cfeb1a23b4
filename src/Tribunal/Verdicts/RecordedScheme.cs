using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Votes on judgements of any origin.</summary>
internal sealed class RecordedScheme(SchemeOptions options) : IJudgingScheme
{
    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null) => new([], StopReason.Exhausted);

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        var candidates = Candidates.Of(rollout);
        VoteTable votes = Collect(candidates, view.Judgements, options, domain: rollout.Domain);
        bool even = candidates.Count == 1 && candidates.Responses > 1 && view.Judgements.All(static judgement => judgement.Pair is not null);
        return even
            ? TableVerdict.Even(rollout, view, candidates, votes.Unusable, options.Seed, stop)
            : TableVerdict.Cast(rollout, view, votes, candidates, options, stop);
    }

    /// <summary>The votes, numbered by their judgements' positions in the record, or as it is said.</summary>
    internal static VoteTable Collect(
        Candidates candidates, IReadOnlyList<Judgement> judgements, SchemeOptions options, bool features = false, string? domain = null, Func<Judgement, int>? voteOf = null)
    {
        var votes = new VoteTable(candidates.Count, mirrored: false, options.MetaModel, features, options.Members) { Domain = domain };
        for (int i = 0; i < judgements.Count; i++)
        {
            Judgement judgement = judgements[i];
            if (judgement.Outcome == JudgementOutcome.Valid && !Add(voteOf?.Invoke(judgement) ?? i, judgement))
            {
                votes.Unusable++;
            }
        }

        return votes;

        bool Add(int vote, Judgement judgement)
        {
            if (!PairVerdict.TryRead(judgement, candidates.Responses, out PairVerdict pair))
            {
                return votes.AddScores(vote, judgement, candidates, options.ScoreRange, options.WeightOf(judgement));
            }

            (int a, int b) = (candidates[pair.I], candidates[pair.J]);
            if (a != b)
            {
                int? winner = pair.Winner is { } response ? candidates[response] : null;
                votes.AddChoice(vote, judgement, a, b, winner, options.WeightOf(judgement));
            }

            return a != b;
        }
    }
}
