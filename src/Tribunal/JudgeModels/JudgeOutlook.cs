using Tribunal.Voting;

namespace Tribunal.JudgeModels;

/// <summary>What a judge's model expects of a rollout or match.</summary>
internal static class JudgeOutlook
{
    /// <summary>What is expected.</summary>
    /// <param name="learned">The model; one that is fitted to what the votes are, else nothing is known.</param>
    /// <param name="rows">How many of the first rows.</param>
    /// <param name="weights">What each weighs as evidence.</param>
    /// <param name="leader">Who leads.</param>
    /// <param name="drawn">Judgements that those rows are of, usable or not, above 0.</param>
    /// <param name="most">Judgements of the whole pool.</param>
    public static Outlook Of(JudgeModel learned, VoteTable votes, int rows, ReadOnlySpan<double> weights, VotingRule rule, int leader, int drawn, int most)
    {
        if (votes.Candidates < 2)
        {
            return new Outlook(1, 0, 0);
        }

        JudgeModel model = learned.For(votes.Domain);
        double toCome = Math.Max(0, most - drawn);
        if (!votes.Pairs && Tally.Scored(votes, rule))
        {
            return model.Lists is { } lists && ListEvidence.Of(votes, rows, weights, lists.First) is { } scores
                ? new ListGrid(lists).Assess(scores, leader, toCome * scores.Count / drawn)
                : Unknown;
        }

        if (model.Pairs is not { } pairs)
        {
            return Unknown;
        }

        double changes = 0;
        double gain = 0;
        double share = 0;
        for (int other = 0; other < votes.Candidates; other++)
        {
            if (other != leader)
            {
                var evidence = PairEvidence.Of(votes, rows, weights, leader, other, majority: rule == VotingRule.Majority);
                Outlook outlook = pairs.Grid.Assess(evidence, toCome * evidence.Count / drawn);
                changes += 1 - outlook.Pool;
                gain += outlook.Gain;
                share += outlook.Share;
            }
        }

        return new Outlook(Math.Max(0, 1 - changes), gain, share);
    }

    /// <summary>What is expected of two candidates' margins to come; null where the model says nothing of them.</summary>
    /// <param name="rows">How many of the first rows, each of which counts the same.</param>
    /// <param name="ofVotes">What follows from the shares that the one wins and loses.</param>
    /// <param name="ofScores">What follows from the mean and the standard deviation of their score difference.</param>
    public static double? Mean(JudgeModel learned, VoteTable votes, int rows, VotingRule rule, int leader, int other, Func<double, double, double> ofVotes, Func<double, double, double> ofScores)
    {
        JudgeModel model = learned.For(votes.Domain);
        double[] weights = JudgeFit.Ones(rows);
        return !votes.Pairs && Tally.Scored(votes, rule)
            ? model.Lists is { } lists && ListEvidence.Of(votes, rows, weights, lists.First) is { } scores ? new ListGrid(lists).Mean(scores, leader, other, ofScores) : null
            : model.Pairs?.Grid.Mean(PairEvidence.Of(votes, rows, weights, leader, other, majority: rule == VotingRule.Majority), ofVotes);
    }

    // Whatever a model says nothing of needs all judgements.
    private static Outlook Unknown => new(0, 0.5, 1);
}
