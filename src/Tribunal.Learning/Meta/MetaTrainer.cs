using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Rollouts;
using Tribunal.Training;
using Tribunal.Verdicts;

namespace Tribunal.Learning.Meta;

/// <summary>
/// Makes a meta reward model out of labelled rollouts. Everything is held apart by rollout, never by judgement: judgements of one
/// rollout share its label and its siblings, and would know the answer of those held back. Of the features and learners
/// allowed, the simplest is taken that no other outvotes clearly on rollouts held back; the figures of the card come from an outer round
/// of folds in which that choice is made anew without the fold.
/// </summary>
public sealed class MetaTrainer(MetaTrainingOptions options, TimeProvider time)
{
    private const int InnerFolds = 3;
    private const int Fewest = 10;
    private const int Resamples = 2000;

    /// <summary>Trains a model.</summary>
    /// <param name="rollouts">Rollouts with their judgements, which need texts or traits; those without a label or a usable judgement are passed over.</param>
    /// <param name="simulated">Whether the simulated judge made any of the judgements.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="TooFewLabelsException">There are fewer than ten labelled rollouts, or all judgements are right, or all wrong.</exception>
    public LearnedMetaModel Train(IEnumerable<RolloutLedger> rollouts, bool simulated, CancellationToken cancellationToken = default)
    {
        Item[] items = Prepare(rollouts);
        int[] folds = Folds(items, options.Folds, options.Seed, "outer");
        var unseen = new List<(Item Item, LearnedMetaModel Model)>();
        for (int fold = 0; fold < options.Folds; fold++)
        {
            LearnedMetaModel without = Fit([.. items.Where((_, i) => folds[i] != fold)], cancellationToken);
            unseen.AddRange(items.Where((_, i) => folds[i] == fold).Select(item => (item, without)));
        }

        LearnedMetaModel model = Fit(items, cancellationToken);
        return LearnedMetaModel.Of(model.File with { Seen = SeenRollouts.Of(items.Select(static item => item.Ledger.Rollout)), Card = Describe(items, unseen, model.File.Card, simulated) });
    }

    /// <summary>
    /// Trains a model without the folds that its card would need; its card says only what was chosen. A later candidate, which may look at
    /// more, is taken only where its votes are better by more than a standard error (L. Breiman et al. 1984, the one-standard-error rule).
    /// </summary>
    internal LearnedMetaModel Fit(IReadOnlyList<Item> items, CancellationToken cancellationToken)
    {
        (Candidate Candidate, bool[] Found, MetaCalibration Calibration)? best = null;
        int[] folds = Folds(items, InnerFolds, options.Seed, "inner");
        foreach (MetaLearner learner in options.Learners)
        {
            foreach (MetaFeatureSet set in options.Features)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var candidate = new Candidate(learner, set);
                (bool[] found, MetaCalibration calibration) = Try(candidate, items, folds);
                if (best is null || Ranking.ClearlyBetter(best.Value.Found, found))
                {
                    best = (candidate, found, calibration);
                }
            }
        }

        return Fit(best!.Value.Candidate, items, best.Value.Calibration);
    }

    internal static Item[] Prepare(IEnumerable<RolloutLedger> rollouts)
    {
        Item[] items = [.. rollouts
            .Where(static r => r.Rollout.KnownBest() is { } best && best.Count < r.Rollout.Responses.Count)
            .Select(static r => new Item(r, MetaExamples.Of(r)))
            .Where(static item => item.Examples.Count > 0)];
        int right = items.Sum(static item => item.Examples.Count(static e => e.Right));
        int all = items.Sum(static item => item.Examples.Count);
        return items.Length < Fewest ? throw new TooFewLabelsException($"{items.Length} labelled rollouts with usable judgements: at least {Fewest} are needed")
            : right == 0 || right == all ? throw new TooFewLabelsException($"all {all} judgements are {(right == 0 ? "wrong" : "right")}: there is nothing to tell apart")
            : items;
    }

    internal SchemeOptions Plain() => new() { Kind = JudgingKind.Pairwise, Rule = options.Rule, Seed = options.Seed };

    internal SchemeOptions Guided(LearnedMetaModel model) =>
        Plain() with { MetaModel = model, Meta = options.Use with { Model = model.Id } };

    internal static bool Found(SchemeOptions vote, Rollout rollout, IReadOnlyList<Judgement> ledger) =>
        JudgingSchemes.ForRecorded(vote).Cast(rollout, ledger, stop: null).Best is { } best && rollout.KnownBest()!.Contains(best);

    // Dealt out in a seeded order, so that folds differ by one at most.
    internal static int[] Folds(IReadOnlyList<Item> items, int folds, long seed, string name)
    {
        int[] order = [.. Enumerable.Range(0, items.Count).OrderBy(i => StableHash.Of((ulong)seed, name, items[i].Ledger.Rollout.Id)).ThenBy(i => items[i].Ledger.Rollout.Id, StringComparer.Ordinal)];
        int[] fold = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            fold[order[i]] = i % folds;
        }

        return fold;
    }

    private (bool[] Found, MetaCalibration Calibration) Try(Candidate candidate, IReadOnlyList<Item> items, int[] folds)
    {
        var scores = new List<(double Score, bool Right)>();
        bool[] found = new bool[items.Count];
        for (int fold = 0; fold < InnerFolds; fold++)
        {
            LearnedMetaModel model = Fit(candidate, [.. items.Where((_, i) => folds[i] != fold)], new MetaCalibration(1, 0));
            SchemeOptions vote = Guided(model);
            for (int i = 0; i < items.Count; i++)
            {
                if (folds[i] == fold)
                {
                    scores.AddRange(items[i].Examples.Select(e => (model.Score(e.Features), e.Right)));
                    found[i] = Found(vote, items[i].Ledger.Rollout, items[i].Ledger.Ledger);
                }
            }
        }

        return (found, Platt.Fit(scores));
    }

    private LearnedMetaModel Fit(Candidate candidate, IReadOnlyList<Item> items, MetaCalibration calibration)
    {
        IReadOnlyList<string> names = MetaFeatures.NamesOf(candidate.Features);
        int[] columns = [.. names.Select(MetaFeatures.IndexOf)];
        MetaExample[] examples = [.. items.SelectMany(static item => item.Examples)];
        Fitted fitted = Learners.Fit(
            candidate.Learner,
            [.. examples.Select(e => Array.ConvertAll(columns, column => e.Features[column]))],
            [.. examples.Select(static e => e.Right)],
            (int)(options.Seed & 0x7fffffff));
        return LearnedMetaModel.Of(new MetaModelFile
        {
            Format = MetaModelFile.Version,
            Features = names,
            Bias = fitted.Bias,
            Linear = fitted.Linear,
            Trees = fitted.Trees,
            Calibration = calibration,
            Card = Unproven(candidate, items, examples),
        });
    }

    private MetaModelCard Unproven(Candidate candidate, IReadOnlyList<Item> items, MetaExample[] examples) => new()
    {
        Trained = time.GetUtcNow(),
        Learner = candidate.Learner == MetaLearner.Trees ? "trees" : "logistic",
        FeatureSet = candidate.Features switch
        {
            MetaFeatureSet.Words => "words",
            MetaFeatureSet.Own => "words and verdict",
            _ => "words, verdict and siblings",
        },
        Judges = [],
        Rollouts = items.Count,
        Judgements = examples.Length,
        Right = examples.Average(static e => e.Right ? 1.0 : 0),
        Seed = options.Seed,
        Folds = options.Folds,
        Ece = 0,
        LogLoss = 0,
        Importances = [],
        Vote = new MetaVoteTrial(0, null, 0, 0, 0, 0),
    };

    private MetaModelCard Describe(Item[] items, List<(Item Item, LearnedMetaModel Model)> unseen, MetaModelCard card, bool simulated)
    {
        (double Score, bool Right)[] scores = [.. unseen.SelectMany(static u => u.Item.Examples.Select(e => (u.Model.Score(e.Features), e.Right)))];
        double auc = Ranking.Auc(scores) ?? 0.5;
        (double Inside, double Pairs)[] inside = [.. unseen.Select(static u => Ranking.Concordance([.. u.Item.Examples.Select(e => (u.Model.Score(e.Features), e.Right))]))];
        double pairs = inside.Sum(static i => i.Pairs);
        bool[] plain = [.. unseen.Select(u => Found(Plain(), u.Item.Ledger.Rollout, u.Item.Ledger.Ledger))];
        bool[] guided = [.. unseen.Select(u => Found(Guided(u.Model), u.Item.Ledger.Rollout, u.Item.Ledger.Ledger))];
        Spread difference = Ranking.PairedInterval(plain, guided, Resamples, options.Seed);
        return card with
        {
            Judges = [.. items.SelectMany(static item => item.Ledger.Ledger).Select(static j => $"{j.Judge} ({j.Protocol})").Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(50)],
            Simulated = simulated,
            Auc = Ranking.Auc(scores),
            AucInside = pairs > 0 ? inside.Sum(static i => i.Inside) / pairs : null,
            Ece = Calibrator.Table([.. scores.Select(static s => new Outcome(Platt.Sigmoid(s.Score), s.Right))]).Ece,
            LogLoss = Platt.Loss(scores, new MetaCalibration(1, 0)),
            Importances = Importances(unseen, auc),
            Vote = new MetaVoteTrial(
                unseen.Count, options.Use.Use == MetaUse.Filter ? options.Use.Keep : null,
                plain.Count(static f => f) / (double)plain.Length, guided.Count(static f => f) / (double)guided.Length, difference.Low, difference.High),
        };
    }

    private MetaImportance[] Importances(List<(Item Item, LearnedMetaModel Model)> unseen, double auc)
    {
        (double[] Features, bool Right, LearnedMetaModel Model)[] rows = [.. unseen.SelectMany(static u => u.Item.Examples.Select(e => (e.Features, e.Right, u.Model)))];
        var importances = new List<MetaImportance>();
        for (int feature = 0; feature < MetaFeatures.Names.Count; feature++)
        {
            string name = MetaFeatures.Names[feature];
            if (!unseen.Exists(u => u.Model.File.Features.Contains(name)))
            {
                continue;
            }

            int[] order = new SeededRandom(StableHash.Of((ulong)options.Seed, "shuffle", name)).Permutation(rows.Length);
            int at = feature;
            double shuffled = Ranking.Auc([.. rows.Select((row, i) =>
            {
                double[] features = [.. row.Features];
                features[at] = rows[order[i]].Features[at];
                return (row.Model.Score(features), row.Right);
            })]) ?? 0.5;
            importances.Add(new MetaImportance(name, auc - shuffled));
        }

        return [.. importances.OrderByDescending(static i => i.AucLoss).ThenBy(static i => i.Feature, StringComparer.Ordinal)];
    }

    /// <summary>A labelled rollout.</summary>
    internal sealed record Item(RolloutLedger Ledger, IReadOnlyList<MetaExample> Examples);

    private sealed record Candidate(MetaLearner Learner, MetaFeatureSet Features);
}
