using Tribunal.Protocols;

namespace Tribunal.Voting;

/// <summary>The voting rules over the judgements of one rollout or match.</summary>
internal static class Tally
{
    /// <summary>What <see cref="VotingRule.Auto"/> stands for: sum for lists, Bradley–Terry for pairs, for mixtures and for panels of several protocols.</summary>
    public static bool Scored(VoteTable table, VotingRule rule) =>
        rule is VotingRule.Sum or VotingRule.Mean || (rule == VotingRule.Auto && table.Choices == 0 && !table.Comparisons);

    /// <summary>A reward per candidate in [0, 1] from the first rows, and the Bradley–Terry fit where the rule makes one.</summary>
    public static double[] Rewards(VoteTable table, int rows, ReadOnlySpan<double> weights, VotingRule rule, out BradleyTerry? fit)
    {
        fit = null;
        if (table.Candidates == 1 || Scored(table, rule))
        {
            return Scores(table, rows, weights, sum: rule != VotingRule.Mean);
        }

        if (rule == VotingRule.Majority)
        {
            return Majority(table, rows, weights);
        }

        if (table.Candidates == 2 && rule == VotingRule.Auto)
        {
            PairComparison pair = PairComparison.Between(table, rows, weights, 0, 1, majority: false);
            double first = BradleyTerry.PairReward(pair.For, pair.Against);
            return [first, 1 - first];
        }

        fit = BradleyTerry.Fit(Comparisons(table, rows, weights), new BradleyTerryOptions { Ties = rule == VotingRule.BradleyTerryDavidson });
        return [.. Enumerable.Range(0, table.Candidates).Select(fit.Reward)];
    }

    /// <summary>Every judgement as wins and draws between the candidates it looked at.</summary>
    public static PairTally Comparisons(VoteTable table, int rows, ReadOnlySpan<double> weights)
    {
        var tally = new PairTally(table.Candidates);
        for (int row = 0; row < rows; row++)
        {
            if (weights[row] <= 0)
            {
                continue;
            }

            ReadOnlySpan<double> values = table.Row(row);
            for (int i = 0; i < values.Length; i++)
            {
                for (int j = i + 1; j < values.Length; j++)
                {
                    Compare(tally, values, i, j, weights[row]);
                }
            }
        }

        return tally;
    }

    /// <summary>
    /// The probability that a candidate leads its closest rival: the smallest, over the others, of the probability that it leads
    /// each. Scores by the difference model, votes by the Beta posterior, fits of more than two by their normal approximation.
    /// Of scores, it leads by more than <paramref name="above"/>, a share of the score range.
    /// </summary>
    public static double Confidence(
        VoteTable table, int rows, ReadOnlySpan<double> weights, VotingRule rule, BradleyTerry? fit, int leader, double above = 0)
    {
        double confidence = 1;
        bool scored = !table.Pairs && Scored(table, rule);
        ListEvidence? list = scored ? ListEvidence.Of(table, rows, weights) : null;
        for (int other = 0; other < table.Candidates; other++)
        {
            if (other == leader)
            {
                continue;
            }

            if (fit is not null && table.Candidates > 2)
            {
                confidence = Math.Min(confidence, fit.Stronger(leader, other));
                continue;
            }

            PairComparison pair = PairComparison.Between(table, rows, weights, leader, other, majority: rule == VotingRule.Majority);
            confidence = Math.Min(confidence, scored ? pair.ScoreConfidence(list, above) : pair.VoteConfidence);
        }

        return confidence;
    }

    private static double[] Scores(VoteTable table, int rows, ReadOnlySpan<double> weights, bool sum)
    {
        double[] totals = new double[table.Candidates];
        double[] seen = new double[table.Candidates];
        for (int row = 0; row < rows; row++)
        {
            double weight = weights[row];
            ReadOnlySpan<double> values = table.Row(row);
            for (int i = 0; i < values.Length; i++)
            {
                if (!double.IsNaN(values[i]))
                {
                    totals[i] += weight * values[i];
                    seen[i] += weight;
                }
            }
        }

        double most = seen.Max();
        for (int i = 0; i < totals.Length; i++)
        {
            double by = sum ? most : seen[i];
            totals[i] = by > 0 ? totals[i] / by : 0;
        }

        return totals;
    }

    private static double[] Majority(VoteTable table, int rows, ReadOnlySpan<double> weights)
    {
        double[] votes = new double[table.Candidates];
        double all = 0;
        for (int row = 0; row < rows; row++)
        {
            if (weights[row] <= 0)
            {
                continue;
            }

            all += weights[row];
            double[] values = table.Row(row);
            double best = values.Max();
            int tied = values.Count(value => value == best);
            for (int i = 0; i < values.Length; i++)
            {
                votes[i] += values[i] == best ? weights[row] / tied : 0;
            }
        }

        for (int i = 0; i < votes.Length; i++)
        {
            votes[i] = all > 0 ? votes[i] / all : 0;
        }

        return votes;
    }

    private static void Compare(PairTally tally, ReadOnlySpan<double> values, int i, int j, double weight)
    {
        if (values[i] > values[j])
        {
            tally.AddWin(i, j, weight);
        }
        else if (values[i] < values[j])
        {
            tally.AddWin(j, i, weight);
        }
        else if (values[i] == values[j])
        {
            tally.AddDraw(i, j, weight);
        }
    }
}
