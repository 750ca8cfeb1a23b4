using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tribunal.MetaReward;

/// <summary>
/// A meta reward model of one's own: a logistic regression or boosted trees over <see cref="MetaFeatures"/>, calibrated. It scores
/// the judgements of a rollout or match together, at every vote, since how a judgement stands among its siblings changes as
/// judgements are added; nothing of it is written into the ledger. Its file is JSON of numbers and names, which this class
/// evaluates itself: reading one executes nothing. Immutable, safe for concurrent use.
/// </summary>
public sealed class LearnedMetaModel
{
    /// <summary>The largest file that is read, in bytes.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    private const int MaxTrees = 2000;
    private const int MaxNodes = 4096;
    private const int MaxNames = 100;
    private const int MaxName = 500;
    private readonly int[] _features;

    private LearnedMetaModel(MetaModelFile file, int[] features, string id) => (File, _features, Id) = (file, features, id);

    /// <summary>What stands in the file.</summary>
    public MetaModelFile File { get; }

    /// <summary>The name written into manifests: <c>learned-</c> and 16 hexadecimal digits of the content's SHA-256.</summary>
    public string Id { get; }

    /// <summary>Checks a model and makes it ready.</summary>
    /// <exception cref="MetaModelException">It can't be used; the message says why.</exception>
    public static LearnedMetaModel Of(MetaModelFile file)
    {
        int[] features = Check(file);
        byte[] content = JsonSerializer.SerializeToUtf8Bytes(file, MetaModelJson.Default.MetaModelFile);
        return new LearnedMetaModel(file, features, $"learned-{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}");
    }

    /// <summary>Reads a model file.</summary>
    /// <param name="json">UTF-8.</param>
    /// <exception cref="MetaModelException">It is too large, no model, of another version or inconsistent; the message says why.</exception>
    public static LearnedMetaModel Read(ReadOnlySpan<byte> json)
    {
        if (json.Length > MaxBytes)
        {
            throw new MetaModelException($"{json.Length} bytes: a model file has at most {MaxBytes}");
        }

        MetaModelFile? file;
        try
        {
            file = JsonSerializer.Deserialize(json, MetaModelJson.Default.MetaModelFile);
        }
        catch (JsonException exception)
        {
            throw new MetaModelException($"no model file: {exception.Message}", exception);
        }

        return Of(file ?? throw new MetaModelException("no model file: it is empty"));
    }

    /// <summary>The card as JSON.</summary>
    public string CardJson() => JsonSerializer.Serialize(File.Card, MetaModelJson.Default.MetaModelCard);

    /// <summary>The file's content.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(File, MetaModelJson.Default.MetaModelFile);

    /// <summary>The meta reward of a row of features: the calibrated log-odds that the judgement is right.</summary>
    /// <param name="features">As <see cref="MetaFeatures.Names"/>.</param>
    /// <exception cref="ArgumentException">The row has another length.</exception>
    public double Score(ReadOnlySpan<double> features) =>
        features.Length == MetaFeatures.Names.Count
            ? (File.Calibration.Slope * Raw(features)) + File.Calibration.Intercept
            : throw new ArgumentException($"{features.Length} features instead of {MetaFeatures.Names.Count}", nameof(features));

    /// <summary>Writes the meta rewards of some siblings, one rollout or match.</summary>
    internal void Score(ISiblings siblings, int start, int rows, Span<double> metas)
    {
        int width = MetaFeatures.Names.Count;
        double[] features = new double[rows * width];
        MetaFeatures.Fill(siblings, start, rows, features);
        for (int row = 0; row < rows; row++)
        {
            double score = Score(features.AsSpan(row * width, width));
            metas[row] = double.IsFinite(score) ? score : double.NaN;
        }
    }

    private double Raw(ReadOnlySpan<double> row)
    {
        double sum = File.Bias;
        if (File.Linear is { } linear)
        {
            for (int i = 0; i < _features.Length; i++)
            {
                sum += linear.Weights[i] * (row[_features[i]] - linear.Means[i]) / linear.Scales[i];
            }

            return sum;
        }

        foreach (MetaTree tree in File.Trees!)
        {
            int node = tree.Features.Count == 0 ? -1 : 0;
            while (node >= 0)
            {
                // In single precision, as the trees were grown.
                node = (float)row[_features[tree.Features[node]]] <= tree.Thresholds[node] ? tree.Left[node] : tree.Right[node];
            }

            sum += tree.Leaves[~node];
        }

        return sum;
    }

    private static int[] Check(MetaModelFile file)
    {
        Require(file.Format == MetaModelFile.Version, $"format '{Short(file.Format)}', and this version reads '{MetaModelFile.Version}'");
        IReadOnlyList<string> names = file.Features;
        Require(names is { Count: > 0 } && names.Count <= MetaFeatures.Names.Count, $"features: 1 to {MetaFeatures.Names.Count}");
        foreach (string name in names)
        {
            Require(MetaFeatures.IndexOf(name) >= 0, $"feature '{Short(name)}' is not known here");
        }

        int[] features = [.. names.Select(MetaFeatures.IndexOf)];
        Require(features.Distinct().Count() == features.Length, "a feature stands twice");
        Require(double.IsFinite(file.Bias) && file.Calibration is not null && double.IsFinite(file.Calibration.Slope) && double.IsFinite(file.Calibration.Intercept), "bias and calibration are finite numbers");
        Require(
            file.Card is { Judges: { Count: <= MaxNames } judges, Importances: { Count: <= MaxNames } importances, Vote: not null, Learner: { Length: <= MaxName }, FeatureSet: { Length: <= MaxName } }
            && judges.All(static name => name is { Length: <= MaxName }) && importances.All(static i => i?.Feature is { Length: <= MaxName }),
            "there is no card, or one that is out of measure");
        Require(file.Seen is null || file.Seen.All(static name => name is { Length: 16 }), "seen: 16 digits each");
        Require(file.Linear is null != file.Trees is null, "either linear or trees");
        if (file.Linear is { } linear)
        {
            foreach (IReadOnlyList<double> list in (IReadOnlyList<double>[])[linear.Means, linear.Scales, linear.Weights])
            {
                Require(list is not null && list.Count == features.Length && list.All(double.IsFinite), "linear: one finite number per feature");
            }

            Require(linear.Scales.All(static s => s > 0), "linear: scales are above 0");
        }
        else
        {
            Require(file.Trees!.Count is >= 1 and <= MaxTrees, $"trees: 1 to {MaxTrees}");
            foreach (MetaTree tree in file.Trees)
            {
                Check(tree, features.Length);
            }
        }

        return features;
    }

    // Children come after their parents, so that every walk ends.
    private static void Check(MetaTree? tree, int features)
    {
        Require(tree is { Features: not null, Thresholds: not null, Left: not null, Right: not null, Leaves: not null }, "trees: a part is missing");
        int nodes = tree.Features.Count;
        Require(nodes <= MaxNodes && tree.Leaves.Count == nodes + 1, $"trees: at most {MaxNodes} nodes, and one leaf more");
        Require(tree.Thresholds.Count == nodes && tree.Left.Count == nodes && tree.Right.Count == nodes, "trees: lists of different lengths");
        Require(tree.Leaves.All(double.IsFinite) && tree.Thresholds.All(double.IsFinite), "trees: a number is not finite");
        for (int node = 0; node < nodes; node++)
        {
            Require(tree.Features[node] >= 0 && tree.Features[node] < features, "trees: a feature is out of range");
            foreach (int child in (ReadOnlySpan<int>)[tree.Left[node], tree.Right[node]])
            {
                Require(child < 0 ? ~child <= nodes : child > node && child < nodes, "trees: a child is out of range or no later than its parent");
            }
        }
    }

    private static void Require([DoesNotReturnIf(false)] bool condition, string problem)
    {
        if (!condition)
        {
            throw new MetaModelException(problem);
        }
    }

    private static string Short(string? text) => text is null ? "" : text.Length <= 40 ? text : text[..40] + "…";
}

/// <summary>A meta reward model as its file holds it.</summary>
public sealed record MetaModelFile
{
    /// <summary>The version of the format that this code reads and writes.</summary>
    public const string Version = "tribunal-meta/1";

    /// <summary><see cref="Version"/>.</summary>
    public required string Format { get; init; }

    /// <summary>Names of the features used, out of <see cref="MetaFeatures.Names"/>.</summary>
    public required IReadOnlyList<string> Features { get; init; }

    /// <summary>Added to the score before the calibration.</summary>
    public double Bias { get; init; }

    /// <summary>A logistic regression; null for trees.</summary>
    public MetaLinear? Linear { get; init; }

    /// <summary>Boosted trees, whose leaves add up; null for a logistic regression.</summary>
    public IReadOnlyList<MetaTree>? Trees { get; init; }

    /// <summary>From the score to log-odds.</summary>
    public required MetaCalibration Calibration { get; init; }

    /// <summary>The rollouts it was trained on (<see cref="Rollouts.SeenRollouts"/>): no accuracy counts them.</summary>
    public string[]? Seen { get; init; }

    /// <summary>Where it comes from and what it is worth.</summary>
    public required MetaModelCard Card { get; init; }
}

/// <summary>Σ weight · (feature − mean) / scale.</summary>
public sealed record MetaLinear(IReadOnlyList<double> Means, IReadOnlyList<double> Scales, IReadOnlyList<double> Weights);

/// <summary>A tree: node i goes left where feature ≤ threshold. A child c ≥ 0 is a node, later than its parent; c &lt; 0 is leaf ~c.</summary>
public sealed record MetaTree(IReadOnlyList<int> Features, IReadOnlyList<double> Thresholds, IReadOnlyList<int> Left, IReadOnlyList<int> Right, IReadOnlyList<double> Leaves);

/// <summary>Log-odds = slope · score + intercept (J. Platt 1999).</summary>
public sealed record MetaCalibration(double Slope, double Intercept);

/// <summary>What a model was made from and what it is worth; all figures are on rollouts that the model which made them had not seen.</summary>
public sealed record MetaModelCard
{
    /// <summary>When it was trained.</summary>
    public required DateTimeOffset Trained { get; init; }

    /// <summary><c>logistic</c> or <c>trees</c>.</summary>
    public required string Learner { get; init; }

    /// <summary>The features it was allowed.</summary>
    public required string FeatureSet { get; init; }

    /// <summary>Judges whose judgements it was trained on, with their protocols; the first fifty.</summary>
    public required IReadOnlyList<string> Judges { get; init; }

    /// <summary>Whether the simulated judge's judgements are among them.</summary>
    public bool Simulated { get; init; }

    /// <summary>Labelled rollouts.</summary>
    public required int Rollouts { get; init; }

    /// <summary>Labelled judgements.</summary>
    public required int Judgements { get; init; }

    /// <summary>The share of them that was right.</summary>
    public required double Right { get; init; }

    /// <summary>Of the folds and everything else that is drawn.</summary>
    public required long Seed { get; init; }

    /// <summary>Folds of rollouts.</summary>
    public required int Folds { get; init; }

    /// <summary>Area under the ROC curve over unseen judgements; null where all are right or all are wrong.</summary>
    public double? Auc { get; init; }

    /// <summary>The same inside rollouts: the probability that of two judgements of a rollout, one right and one wrong, the right one has the higher meta reward.</summary>
    public double? AucInside { get; init; }

    /// <summary>Expected calibration error over ten bins.</summary>
    public required double Ece { get; init; }

    /// <summary>Mean log loss, in nats.</summary>
    public required double LogLoss { get; init; }

    /// <summary>By how much <see cref="Auc"/> falls when a feature is shuffled between judgements; highest first.</summary>
    public required IReadOnlyList<MetaImportance> Importances { get; init; }

    /// <summary>The vote with it and without.</summary>
    public required MetaVoteTrial Vote { get; init; }
}

/// <summary>What shuffling a feature costs.</summary>
public sealed record MetaImportance(string Feature, double AucLoss);

/// <summary>Votes over the same judgements of unseen rollouts, with the meta reward model and without.</summary>
/// <param name="Rollouts">How many.</param>
/// <param name="Keep">The share of judgements that the filter keeps; null where meta rewards weigh.</param>
/// <param name="Plain">Share of rollouts whose best response the plain vote finds.</param>
/// <param name="Guided">The same with the model.</param>
/// <param name="Low">2.5 % of bootstrap samples of rollouts have a smaller difference.</param>
/// <param name="High">2.5 % have a larger one.</param>
public sealed record MetaVoteTrial(int Rollouts, double? Keep, double Plain, double Guided, double Low, double High)
{
    /// <summary>Guided less plain.</summary>
    [JsonIgnore]
    public double Difference => Guided - Plain;

    /// <summary>What the figures say in words.</summary>
    [JsonIgnore]
    public string Words => Low > 0 ? "beats plain voting on rollouts it has not seen"
        : High < 0 ? "is WORSE than plain voting on rollouts it has not seen: do not use it"
        : string.Create(CultureInfo.InvariantCulture, $"is not shown to beat plain voting: the difference of {100 * Difference:+0.0;-0.0;0.0} points may be chance");
}

/// <summary>A model file can't be used.</summary>
public sealed class MetaModelException(string message, Exception? inner = null) : Exception(message, inner);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    MaxDepth = 16,
    WriteIndented = false)]
[JsonSerializable(typeof(MetaModelFile))]
internal sealed partial class MetaModelJson : JsonSerializerContext;
