using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;

namespace Tribunal.Verdicts;

/// <summary>Where a budget stands.</summary>
/// <param name="Allowances">The most judgements each rollout may have now, for <see cref="IJudgingScheme.Next"/>.</param>
/// <param name="Spent">What the judgements of the rounds before cost, in the budget's unit.</param>
/// <param name="Over">Whether every allowance is drawn and no further round follows.</param>
public sealed record BudgetRound(IReadOnlyList<int> Allowances, double Spent, bool Over);

/// <summary>
/// The rounds of a batch-wide budget: first everyone's minimum, then half of what is left, and again half, shared out by
/// <see cref="BudgetAllocator"/>. Every round follows from the judgements of the rounds before and from nothing else, so that an
/// interrupted run works out the same allowances again.
/// </summary>
public static class BudgetRounds
{
    /// <summary>The current round, replayed from the start.</summary>
    /// <param name="options">The scheme's options; the policy's kind is <see cref="PolicyKind.Budget"/>.</param>
    /// <param name="rollouts">The batch, or a shard with its share of the total (<see cref="BudgetAllocator.Share"/>), always in the same order.</param>
    /// <param name="total">The total, in the unit of <paramref name="cost"/>.</param>
    /// <param name="cost">What a judgement cost; null counts judgements. For tokens: input + output.</param>
    /// <exception cref="ArgumentException">Options are wrong, or the policy is no budget.</exception>
    public static BudgetRound Current(
        SchemeOptions options, IReadOnlyList<RolloutLedger> rollouts, double total, Func<Judgement, double>? cost = null)
    {
        if (options.Policy.Kind != PolicyKind.Budget)
        {
            throw new ArgumentException("policy.kind: must be budget", nameof(options));
        }

        IJudgingScheme scheme = JudgingSchemes.Create(options);
        var reader = (IStatisticsReader)scheme;
        int[] sizes = [.. rollouts.Select(r => reader.MatchCount(r.Rollout))];
        bool learned = false;
        int[] allowances = First(options, rollouts, sizes, total, cost is null);
        while (true)
        {
            double spent = Spent(reader, rollouts, allowances, cost);
            if (!Complete(scheme, rollouts, allowances))
            {
                return new BudgetRound(allowances, spent, Over: false);
            }

            double left = total - spent;
            if (!learned && options.Policy.Prior == PriorKind.Learned && options.Learned is null)
            {
                // From the minimum that everyone has, and from nothing later: however far the run is, it learns the same.
                JudgeModel model = JudgeLearning.Learn(options, rollouts.Select((rollout, i) => rollout with { Ledger = reader.Within(rollout.Rollout, rollout.Ledger, allowances[i]) }));
                reader = (IStatisticsReader)JudgingSchemes.Create(options with { Learned = model });
                learned = true;
            }

            double mean = Math.Max(spent / Math.Max(1, allowances.Sum(a => (long)a)), double.Epsilon);
            var statistics = new RolloutStatistics[rollouts.Count];
            for (int i = 0; i < statistics.Length; i++)
            {
                double unit = cost is null || allowances[i] == 0 ? mean : Spent(reader, rollouts[i], allowances[i], cost) / allowances[i];
                statistics[i] = reader.Read(rollouts[i].Rollout, rollouts[i].Ledger, allowances[i]) with
                {
                    UnitCost = unit > 0 ? unit : mean,
                };
            }

            // Halving leaves something for what a round finds out; the last crumbs go at once.
            double tranche = left > 2 * rollouts.Count * mean ? left / 2 : left;
            int[] next = BudgetAllocator.Allocate(statistics, tranche, i => options.Policy.Max * sizes[i]);
            if (next.AsSpan().SequenceEqual(allowances))
            {
                return new BudgetRound(allowances, spent, Over: true);
            }

            allowances = next;
        }
    }

    // Where the total doesn't reach everyone, whom it reaches is seeded.
    private static int[] First(SchemeOptions options, IReadOnlyList<RolloutLedger> rollouts, int[] sizes, double total, bool counted)
    {
        int[] allowances = new int[rollouts.Count];
        double left = counted ? total : double.PositiveInfinity;
        foreach (int i in new SeededRandom(StableHash.Of((ulong)options.Seed, "budget")).Permutation(rollouts.Count))
        {
            int need = options.Policy.Min * sizes[i];
            if (need <= left)
            {
                allowances[i] = need;
                left -= need;
            }
        }

        return allowances;
    }

    private static bool Complete(IJudgingScheme scheme, IReadOnlyList<RolloutLedger> rollouts, int[] allowances) =>
        rollouts.Zip(allowances).All(one => scheme.Next(one.First.Rollout, one.First.Ledger, one.Second).Draws.Count == 0);

    private static double Spent(IStatisticsReader reader, IReadOnlyList<RolloutLedger> rollouts, int[] allowances, Func<Judgement, double>? cost) =>
        rollouts.Zip(allowances).Sum(one => Spent(reader, one.First, one.Second, cost));

    // Summed by sample: the last bits of a sum must not depend on the ledger's order.
    private static double Spent(IStatisticsReader reader, RolloutLedger rollout, int allowance, Func<Judgement, double>? cost) =>
        reader.Within(rollout.Rollout, rollout.Ledger, allowance).Sum(judgement => cost?.Invoke(judgement) ?? 1);
}

/// <summary>A scheme whose samples can be given one by one.</summary>
internal interface IStatisticsReader
{
    /// <summary>How many matches a rollout's samples go round; 1 for lists, 0 where nothing can be compared.</summary>
    int MatchCount(Rollout rollout);

    /// <summary>The judgements that an allowance covers, in the order of their names.</summary>
    IReadOnlyList<Judgement> Within(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance);

    /// <summary>What the judgements that an allowance covers say.</summary>
    RolloutStatistics Read(Rollout rollout, IReadOnlyList<Judgement> ledger, int allowance);
}
