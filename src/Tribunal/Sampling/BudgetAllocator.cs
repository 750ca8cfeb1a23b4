using MathNet.Numerics.Distributions;

namespace Tribunal.Sampling;

/// <summary>What is known of a rollout when a budget is shared out.</summary>
internal sealed record RolloutStatistics
{
    /// <summary>Judgements drawn.</summary>
    public required int Drawn { get; init; }

    /// <summary>Judgements that could be voted on.</summary>
    public required int Valid { get; init; }

    /// <summary>Mean margin of the leader over the runner-up per judgement, in [0, 1].</summary>
    public required double Margin { get; init; }

    /// <summary>Variance of that margin over judgements (division by n).</summary>
    public required double Variance { get; init; }

    /// <summary>What one more judgement costs, in the budget's unit; above 0.</summary>
    public double UnitCost { get; init; } = 1;

    /// <summary>Judgements are given in multiples of this: 2 keeps presentation orders balanced, 2P serves all P pairs alike.</summary>
    public int Step { get; init; } = 2;

    /// <summary>
    /// By how much so many more judgements raise the probability of the right verdict, by a model of the judge: the expected number of
    /// verdicts that they put right less of those that they spoil. Null goes by the margin.
    /// </summary>
    public Func<int, double>? Rise { get; init; }

    /// <summary>Whether more judgements can't help: nothing to compare, or the judge sees no difference.</summary>
    public bool Closed { get; init; }
}

/// <summary>
/// Shares a total over a batch so that the expected number of right verdicts grows most. The leader's margin and its variance are
/// estimated per rollout and shrunk towards the batch (empirical Bayes); the value of k more judgements is the rise in the
/// probability that the sign of the margin is told right, under the normal model. Judgements go, step by step, where that rise per
/// cost is highest. Deterministic: equal gains go to the rollout that comes first. (Variance-based allocation as in arXiv 2602.15481;
/// the value function is the expected rise of the probability of correct selection.)
/// </summary>
internal static class BudgetAllocator
{
    private const int VarianceWeight = 4;

    /// <summary>How many judgements each rollout may have in all, those drawn included.</summary>
    /// <param name="rollouts">What is known of each.</param>
    /// <param name="remaining">What is left to spend, in the unit of <see cref="RolloutStatistics.UnitCost"/>.</param>
    /// <param name="max">The most per rollout (<see cref="PolicyOptions.Max"/>, times the pairs of a round robin).</param>
    public static int[] Allocate(IReadOnlyList<RolloutStatistics> rollouts, double remaining, Func<int, int> max)
    {
        int[] allowances = new int[rollouts.Count];
        (double noise, double prior) = Pool(rollouts);
        var models = new Model[rollouts.Count];
        var queue = new PriorityQueue<Offer, (double Rate, int Index)>();
        for (int i = 0; i < allowances.Length; i++)
        {
            allowances[i] = rollouts[i].Drawn;
            models[i] = new Model(rollouts[i], noise, prior);
            Enqueue(i);
        }

        while (queue.TryDequeue(out Offer offer, out _))
        {
            double cost = offer.Count * rollouts[offer.Index].UnitCost;
            if (cost > remaining)
            {
                // A long look ahead may be too dear where a single step is not.
                int step = rollouts[offer.Index].Step;
                if (offer.Count == step || step * rollouts[offer.Index].UnitCost > remaining)
                {
                    continue;
                }

                offer = offer with { Count = step };
                cost = step * rollouts[offer.Index].UnitCost;
            }

            remaining -= cost;
            allowances[offer.Index] += offer.Count;
            Enqueue(offer.Index);
        }

        return allowances;

        void Enqueue(int i)
        {
            RolloutStatistics rollout = rollouts[i];
            int room = max(i) - allowances[i];
            if (rollout.Closed || room <= 0)
            {
                return;
            }

            int added = allowances[i] - rollout.Drawn;
            double now = models[i].Right(added);
            Offer best = default;
            double rate = -1;

            // Gains may rise before they fall: a lone judgement seldom changes a verdict, a few do.
            for (int count = Math.Min(rollout.Step, room); ; count = Math.Min(count * 2, room))
            {
                double gain = (models[i].Right(added + count) - now) / (count * rollout.UnitCost);
                if (gain > rate)
                {
                    (best, rate) = (new Offer(i, count), gain);
                }

                if (count == room)
                {
                    break;
                }
            }

            if (rate > 0)
            {
                queue.Enqueue(best, (-rate, i));
            }
        }
    }

    // The noise of a judgement's margin, and the spread of true margins over the batch.
    private static (double Noise, double Prior) Pool(IReadOnlyList<RolloutStatistics> rollouts)
    {
        double squares = 0;
        double freedom = 0;
        double margins = 0;
        double inverse = 0;
        int count = 0;
        foreach (RolloutStatistics rollout in rollouts)
        {
            if (rollout.Valid > 0)
            {
                squares += rollout.Variance * rollout.Valid;
                freedom += rollout.Valid - 1;
                margins += rollout.Margin * rollout.Margin;
                inverse += 1.0 / rollout.Valid;
                count++;
            }
        }

        double noise = freedom > 0 ? Math.Max(squares / freedom, 1e-4) : 0.1;
        double prior = count > 0 ? Math.Max((margins - (noise * inverse)) / count, noise / 16) : noise;
        return (noise, prior);
    }

    private readonly record struct Offer(int Index, int Count);

    private readonly struct Model
    {
        private readonly double _mean;
        private readonly double _variance;
        private readonly double _noise;
        private readonly Func<int, double>? _rise;

        public Model(RolloutStatistics rollout, double noise, double prior)
        {
            _rise = rollout.Rise;
            int n = rollout.Valid;
            double pull = noise / prior;
            _noise = ((VarianceWeight * noise) + (n * rollout.Variance)) / (VarianceWeight + n);

            // Judgements that can't be voted on teach nothing: the rest are as dear as their share says.
            _noise /= Math.Max(rollout.Drawn == 0 ? 1 : (double)n / rollout.Drawn, 0.05);
            double drawn = Math.Max(rollout.Drawn, 0);
            _mean = rollout.Margin * n / (n + pull);
            _variance = _noise / (drawn + (_noise / prior));
        }

        /// <summary>The probability that the leader after k more judgements is the true one.</summary>
        public double Right(int more)
        {
            if (_rise is not null)
            {
                return _rise(more);
            }

            double sure = _mean / Math.Sqrt(_variance);
            double now = Normal.CDF(0, 1, sure);
            if (more == 0)
            {
                return Math.Max(now, 1 - now);
            }

            double after = 1 / ((1 / _variance) + (more / _noise));
            double moved = _variance - after;
            double correlation = Math.Sqrt(moved / _variance);
            double h = _mean / Math.Sqrt(moved);

            // P(both above 0) + P(both below 0).
            double joint = BivariateNormal.Excess(h, sure, correlation);
            double up = Normal.CDF(0, 1, h);
            return (up * now) + ((1 - up) * (1 - now)) + (2 * joint);
        }
    }
}
