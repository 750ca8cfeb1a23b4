using Tribunal.Judging;
using Tribunal.Rollouts;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Votes on judgements of any origin.</summary>
internal sealed class RecordedScheme(SchemeOptions options) : IJudgingScheme
{
    public NextDraws Next(Rollout rollout, IReadOnlyList<Judgement> ledger, int? allowance = null) => new([], StopReason.Exhausted);

    public Verdict Cast(Rollout rollout, IReadOnlyList<Judgement> ledger, StopReason? stop)
    {
        var view = LedgerView.Of(ledger);
        return Election.Hold(rollout, view, Collect(rollout.Responses.Count, view, options), options, stop);
    }

    internal static Ballots Collect(int candidates, LedgerView view, SchemeOptions options)
    {
        var ballots = new Ballots(candidates, view.Judgements.Length, mirrored: false);
        view.Unusable = 0;
        for (int i = 0; i < view.Judgements.Length; i++)
        {
            Judgement judgement = view.Judgements[i];
            if (judgement.Outcome != JudgementOutcome.Valid)
            {
                continue;
            }

            if (PairVerdict.TryRead(judgement, candidates, out PairVerdict pair))
            {
                ballots.AddChoice(i, judgement, pair.I, pair.J, pair.Winner, 1);
            }
            else if (!ballots.AddScores(i, judgement, options.ScoreRange, 1))
            {
                view.Unusable++;
            }
        }

        return ballots;
    }
}
