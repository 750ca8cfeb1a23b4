using Tribunal.Calibration;
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
        Ballots ballots = Collect(rollout.Responses.Count, view.Judgements, options, out int unusable);
        view.Unusable = unusable;
        return Election.Hold(rollout, view, ballots, options, stop);
    }

    /// <summary>Ballots whose slots are positions in the record.</summary>
    internal static Ballots Collect(int candidates, Judgement[] judgements, SchemeOptions options, out int unusable, bool features = false)
    {
        var ballots = new Ballots(candidates, judgements.Length, mirrored: false, options.MetaModel, features);
        unusable = 0;
        for (int i = 0; i < judgements.Length; i++)
        {
            Judgement judgement = judgements[i];
            if (judgement.Outcome != JudgementOutcome.Valid)
            {
                continue;
            }

            if (PairVerdict.TryRead(judgement, candidates, out PairVerdict pair))
            {
                ballots.AddChoice(i, judgement, pair.I, pair.J, pair.Winner, options.WeightOf(judgement));
            }
            else if (!ballots.AddScores(i, judgement, options.ScoreRange, options.WeightOf(judgement)))
            {
                unusable++;
            }
        }

        return ballots;
    }
}
