using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Training;

/// <summary>A judgement in figures, and whether its verdict was right.</summary>
/// <param name="Features">As <see cref="MetaFeatures.Names"/>.</param>
/// <param name="Right">Its grade against the label (<see cref="Grading"/>).</param>
public sealed record MetaExample(double[] Features, bool Right);

/// <summary>Makes examples for a meta reward model out of labelled rollouts.</summary>
public static class MetaExamples
{
    /// <summary>
    /// One example for each usable judgement of a rollout whose label tells the responses apart; siblings are all of its usable judgements.
    /// A draw at the top votes for nobody and against nobody: it is no example, though it is a sibling.
    /// </summary>
    public static IReadOnlyList<MetaExample> Of(RolloutLedger item)
    {
        IReadOnlyList<Judgement> judgements = LedgerView.Of(item.Ledger).Judgements;
        var options = new SchemeOptions { Kind = JudgingKind.Listwise };
        VoteTable votes = RecordedScheme.Collect(Candidates.Of(item.Rollout), judgements, options, features: true);
        int width = MetaFeatures.Names.Count;
        double[] features = new double[votes.Count * width];
        MetaFeatures.Fill(votes, 0, votes.Count, features);
        var examples = new List<MetaExample>(votes.Count);
        for (int row = 0; row < votes.Count; row++)
        {
            Judgement judgement = judgements[votes.Sample(row)];
            if (votes.Features(row)[MetaFeatures.Draw] == 0
                && Label.Of(item.Rollout, judgement.Pair) is { } label && Grading.Of(judgement, label) is (Grade.Correct or Grade.Incorrect) and var grade)
            {
                examples.Add(new MetaExample(features.AsSpan(row * width, width).ToArray(), grade == Grade.Correct));
            }
        }

        return examples;
    }
}
