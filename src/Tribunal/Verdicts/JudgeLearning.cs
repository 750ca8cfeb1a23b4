using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Sampling;
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

    /// <summary>The model that a run which drew what is recorded, in its order, would have learned from its first judgements.</summary>
    /// <param name="options">How the votes are counted.</param>
    /// <param name="rollouts">Rollouts with what was recorded of them.</param>
    public static JudgeModel LearnFirst(SchemeOptions options, IReadOnlyList<RolloutLedger> rollouts) => Learn(options, rollouts.Where(rollout => PilotWave.Holds(options.Seed, rollout.Rollout.Id, rollouts.Count)).Select(rollout =>
    {
        int most = PilotWave.Samples(options.Seed, rollout.Rollout.Id, options.Policy);
        var seen = new Dictionary<(int, int), int>();
        return rollout with
        {
            // The first of every pair, or of the rollout where a list was scored.
            Ledger = [.. rollout.Ledger.Where(judgement => !judgement.Hinted && (seen[KeyOf(judgement)] = seen.GetValueOrDefault(KeyOf(judgement)) + 1) <= most)],
        };
    }));

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

    private static (int, int) KeyOf(Judgement judgement) => judgement.Pair is [var i, var j] ? (i, j) : default;

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
