using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;
using Microsoft.ML.Trainers.FastTree;
using Tribunal.MetaReward;

namespace Tribunal.Learning.Meta;

/// <summary>What a learner made: the parts of a model file that score.</summary>
internal sealed record Fitted(double Bias, MetaLinear? Linear, IReadOnlyList<MetaTree>? Trees);

/// <summary>Fits a score of "this judgement is right" to rows of chosen features. One thread, so that the same rows give the same model.</summary>
internal static class Learners
{
    // Judgements of a rollout resemble one another: there is less to learn from than rows.
    private const float Ridge = 3;
    private const int Trees = 60;
    private const int Leaves = 6;
    private const int FewestInLeaf = 20;
    private const double Shrinkage = 0.1;

    public static Fitted Fit(MetaLearner learner, IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, int seed) =>
        learner == MetaLearner.Trees ? Grow(rows, labels, seed) : Regress(rows, labels, seed);

    private static Fitted Regress(IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, int seed)
    {
        int width = rows[0].Length;
        double[] means = new double[width];
        double[] scales = new double[width];
        for (int i = 0; i < width; i++)
        {
            int at = i;
            means[i] = rows.Average(row => row[at]);
            double variance = rows.Average(row => (row[at] - means[at]) * (row[at] - means[at]));
            scales[i] = variance > 1e-12 ? Math.Sqrt(variance) : 1;
        }

        var context = new MLContext(seed);
        IDataView data = Load(context, rows, labels, (row, i) => (row[i] - means[i]) / scales[i]);
        LinearBinaryModelParameters model = context.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            L1Regularization = 0,
            L2Regularization = Ridge,
            OptimizationTolerance = 1e-6f,
            NumberOfThreads = 1,
        }).Fit(data).Model.SubModel;
        return new Fitted(model.Bias, new MetaLinear(means, scales, [.. model.Weights.Select(static w => (double)w)]), Trees: null);
    }

    /// <summary>What the library itself says of the rows that its trees were grown on.</summary>
    internal static double[] Predict(IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, int seed)
    {
        var context = new MLContext(seed);
        IDataView data = Load(context, rows, labels, static (row, i) => row[i]);
        return [.. FastTree(context, seed).Fit(data).Transform(data).GetColumn<float>("Score").Select(static score => (double)score)];
    }

    private static FastTreeBinaryTrainer FastTree(MLContext context, int seed) => context.BinaryClassification.Trainers.FastTree(new FastTreeBinaryTrainer.Options
    {
        NumberOfTrees = Trees,
        NumberOfLeaves = Leaves,
        MinimumExampleCountPerLeaf = FewestInLeaf,
        LearningRate = Shrinkage,
        NumberOfThreads = 1,
        Seed = seed,
    });

    private static Fitted Grow(IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, int seed)
    {
        var context = new MLContext(seed);
        RegressionTreeEnsemble ensemble = FastTree(context, seed).Fit(Load(context, rows, labels, static (row, i) => row[i])).Model.SubModel.TrainedTreeEnsemble;
        return new Fitted(ensemble.Bias, Linear: null, [.. ensemble.Trees.Select((tree, i) => new MetaTree(
            [.. tree.NumericalSplitFeatureIndexes],
            [.. tree.NumericalSplitThresholds.Select(static t => (double)t)],
            [.. tree.LeftChild],
            [.. tree.RightChild],
            [.. tree.LeafValues.Select(v => v * ensemble.TreeWeights[i])]))]);
    }

    private static IDataView Load(MLContext context, IReadOnlyList<double[]> rows, IReadOnlyList<bool> labels, Func<double[], int, double> value)
    {
        int width = rows[0].Length;
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        return context.Data.LoadFromEnumerable(
            rows.Select((row, at) => new Row { Features = [.. Enumerable.Range(0, width).Select(i => (float)value(row, i))], Label = labels[at] }), schema);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public bool Label { get; set; }
    }
}
