using Tribunal.Judgements;
using Tribunal.Learning.Meta;
using Tribunal.Protocols;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Learning.Panels;

/// <summary>How a panel's votes did over repeated splits, by method of weighing and number of judgements.</summary>
public sealed record PanelTrialRow
{
    /// <summary>The weights.</summary>
    public required PanelMethod Method { get; init; }

    /// <summary>Judgements of each test rollout that vote; null for all there are.</summary>
    public required int? Samples { get; init; }

    /// <summary>Accuracy on the test rollouts.</summary>
    public required Spread Accuracy { get; init; }

    /// <summary>That less the accuracy of equal weights, split by split.</summary>
    public required Spread Difference { get; init; }
}

/// <summary>Learns weights on a share of the rollouts and votes on the others, over repeated random splits; ranges are over splits.</summary>
public static class PanelTrial
{
    /// <summary>Runs it over every method.</summary>
    /// <param name="rollouts">Rollouts with their judgements; those without <c>best</c> or judgements are passed over.</param>
    /// <param name="rule">The voting rule.</param>
    /// <param name="seed">Of the splits.</param>
    /// <param name="splits">How many, 1 or more.</param>
    /// <param name="share">The share of rollouts that weights are learned from, in (0, 1).</param>
    /// <param name="samples">Numbers of judgements to vote with, each drawn at random from a rollout's; null for all.</param>
    /// <exception cref="TooFewLabelsException">There are fewer than two labelled rollouts.</exception>
    public static IReadOnlyList<PanelTrialRow> Run(IEnumerable<RolloutLedger> rollouts, VotingRule rule, long seed, int splits, double share, IReadOnlyList<int?> samples)
    {
        RolloutLedger[] labelled = [.. rollouts.Where(static r => r.Rollout.KnownBest() is not null && r.Ledger.Count > 0)];
        if (labelled.Length < 2)
        {
            throw new TooFewLabelsException($"{labelled.Length} labelled rollouts with judgements");
        }

        PanelMethod[] methods = Enum.GetValues<PanelMethod>();
        double[,,] accuracy = new double[methods.Length, samples.Count, splits];
        for (int split = 0; split < splits; split++)
        {
            (RolloutLedger[] train, RolloutLedger[] test) = MetaTrial.Split(labelled, seed, split, share);
            for (int method = 0; method < methods.Length; method++)
            {
                var vote = new SchemeOptions { Kind = JudgingKind.Pairwise, Rule = rule, Seed = seed, Panel = PanelLearning.Learn(methods[method], train) };
                for (int at = 0; at < samples.Count; at++)
                {
                    accuracy[method, at, split] = test.Average(r => MetaTrainer.Found(vote, r.Rollout, MetaTrial.Draw(r, samples[at], seed, split)) ? 1.0 : 0);
                }
            }
        }

        return [.. from at in Enumerable.Range(0, samples.Count)
                   from method in Enumerable.Range(0, methods.Length)
                   select new PanelTrialRow
                   {
                       Method = methods[method],
                       Samples = samples[at],
                       Accuracy = MetaTrial.Over(splits, s => accuracy[method, at, s]),
                       Difference = MetaTrial.Over(splits, s => accuracy[method, at, s] - accuracy[0, at, s]),
                   }];
    }
}
