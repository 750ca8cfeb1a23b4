using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Voting;

namespace Tribunal.Verdicts;

/// <summary>Learns how a judge judges from rollouts that have two judgements or more.</summary>
public static class JudgeLearning
{
    /// <summary>The model; not fitted where there is too little to learn from.</summary>
    /// <param name="options">How the votes are counted.</param>
    /// <param name="rollouts">Rollouts with their judgements.</param>
    public static JudgeModel Learn(SchemeOptions options, IEnumerable<RolloutLedger> rollouts)
    {
        var fit = new JudgeFit();
        foreach (RolloutLedger rollout in rollouts)
        {
            Add(fit, options, rollout);
        }

        return fit.Fit();
    }

    /// <summary>The same of votes, of which the first so many judgements count.</summary>
    internal static JudgeModel Learn(SchemeOptions options, IEnumerable<(Rollout Rollout, VoteTable Votes, int Samples)> rollouts)
    {
        var fit = new JudgeFit();
        foreach ((Rollout rollout, VoteTable votes, int samples) in rollouts)
        {
            int rows = votes.Below(samples);
            if (Tally.Scored(votes, options.Rule) && votes.Choices == 0)
            {
                fit.AddList(rollout.Domain, votes, rows);
            }
            else if (votes.Candidates == 2)
            {
                fit.AddPair(rollout.Domain, votes, rows);
            }
        }

        return fit.Fit();
    }

    private static void Add(JudgeFit fit, SchemeOptions options, RolloutLedger of)
    {
        var candidates = Candidates.Of(of.Rollout);
        var view = LedgerView.Of(of.Ledger);
        if (candidates.Count < 2)
        {
            return;
        }

        VoteTable table = RecordedScheme.Collect(candidates, view.Judgements, options);
        if (options.Kind == JudgingKind.Listwise && Tally.Scored(table, options.Rule))
        {
            fit.AddList(of.Rollout.Domain, table, table.Count);
        }
        else if (candidates.Count == 2)
        {
            fit.AddPair(of.Rollout.Domain, table, table.Count);
        }
        else if (options.Kind == JudgingKind.Pairwise)
        {
            var matches = Matches.Of(options, of.Rollout, candidates, view.Judgements);
            for (int pair = 0; pair < PairIndex.Count(candidates.Count); pair++)
            {
                (int a, int b) = PairIndex.At(pair, candidates.Count);
                VoteTable match = matches.Single(a, b);
                fit.AddPair(of.Rollout.Domain, match, match.Count);
            }
        }
    }
}
