using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Rollouts;
using Tribunal.Verdicts;

namespace Tribunal.Learning.Meta;

/// <summary>How votes did over repeated splits at one number of judgements.</summary>
public sealed record MetaTrialRow
{
    /// <summary>Judgements of each test rollout that vote; null for all there are.</summary>
    public required int? Samples { get; init; }

    /// <summary>Accuracy of the plain vote on the test rollouts.</summary>
    public required Spread Plain { get; init; }

    /// <summary>The same judgements, guided by the model trained on the other rollouts.</summary>
    public required Spread Guided { get; init; }

    /// <summary>Guided less plain, split by split.</summary>
    public required Spread Difference { get; init; }

    /// <summary>The same judgements, guided by the meta rewards in the ledger; null where there are none.</summary>
    public Spread? Recorded { get; init; }

    /// <summary>Recorded less plain, split by split.</summary>
    public Spread? RecordedDifference { get; init; }
}

/// <summary>
/// Trains on a share of the rollouts and votes on the others, over repeated random splits. Ranges are over splits: 95 % of them lie in
/// each. Test rollouts recur between splits, so that a range is not an interval for other rollouts.
/// </summary>
public sealed class MetaTrial(MetaTrainingOptions options, TimeProvider time)
{
    /// <summary>Runs it.</summary>
    /// <param name="rollouts">As for <see cref="MetaTrainer.Train"/>.</param>
    /// <param name="splits">How many, 1 or more.</param>
    /// <param name="share">The share of rollouts that is trained on, in (0, 1).</param>
    /// <param name="samples">Numbers of judgements to vote with, each drawn at random from a rollout's; null for all.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TooFewLabelsException">There is too little to train on.</exception>
    public IReadOnlyList<MetaTrialRow> Run(
        IEnumerable<RolloutLedger> rollouts, int splits, double share, IReadOnlyList<int?> samples, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(splits, 1);
        MetaTrainer.Item[] items = MetaTrainer.Prepare(rollouts);
        bool recorded = items.All(static item => item.Ledger.Ledger.Any(static j => j.Meta is not null));
        var trainer = new MetaTrainer(options, time);
        double[,] plain = new double[samples.Count, splits];
        double[,] guided = new double[samples.Count, splits];
        double[,] known = new double[samples.Count, splits];
        for (int split = 0; split < splits; split++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (MetaTrainer.Item[] train, MetaTrainer.Item[] test) = Split(items, options.Seed, split, share);
            LearnedMetaModel model = trainer.Fit(train, cancellationToken);
            SchemeOptions byLedger = trainer.Plain() with { Meta = options.Use with { Model = "recorded" } };
            for (int at = 0; at < samples.Count; at++)
            {
                foreach (MetaTrainer.Item item in test)
                {
                    Rollout rollout = item.Ledger.Rollout;
                    IReadOnlyList<Judgement> ledger = Draw(item.Ledger, samples[at], options.Seed, split);
                    plain[at, split] += MetaTrainer.Found(trainer.Plain(), rollout, ledger) ? 1.0 / test.Length : 0;
                    guided[at, split] += MetaTrainer.Found(trainer.Guided(model), rollout, ledger) ? 1.0 / test.Length : 0;
                    known[at, split] += recorded && MetaTrainer.Found(byLedger, rollout, ledger) ? 1.0 / test.Length : 0;
                }
            }
        }

        return [.. Enumerable.Range(0, samples.Count).Select(at => new MetaTrialRow
        {
            Samples = samples[at],
            Plain = Over(splits, s => plain[at, s]),
            Guided = Over(splits, s => guided[at, s]),
            Difference = Over(splits, s => guided[at, s] - plain[at, s]),
            Recorded = recorded ? Over(splits, s => known[at, s]) : null,
            RecordedDifference = recorded ? Over(splits, s => known[at, s] - plain[at, s]) : null,
        })];
    }

    internal static (T[] Train, T[] Test) Split<T>(IReadOnlyList<T> items, long seed, int split, double share)
    {
        T[] shuffled = [.. items];
        new SeededRandom(StableHash.Mix(StableHash.Of((ulong)seed, "split"), (ulong)split)).Shuffle(shuffled.AsSpan());
        int train = Math.Clamp((int)Math.Round(share * shuffled.Length), 1, shuffled.Length - 1);
        return (shuffled[..train], shuffled[train..]);
    }

    internal static IReadOnlyList<Judgement> Draw(RolloutLedger item, int? samples, long seed, int split)
    {
        if (samples is not { } count || count >= item.Ledger.Count)
        {
            return item.Ledger;
        }

        Judgement[] shuffled = [.. item.Ledger];
        new SeededRandom(StableHash.Mix(StableHash.Of((ulong)seed, "draw", item.Rollout.Id), (ulong)split)).Shuffle(shuffled.AsSpan());
        return shuffled[..count];
    }

    internal static Spread Over(int splits, Func<int, double> value) => Spread.Of(Enumerable.Range(0, splits).Select(value));
}
