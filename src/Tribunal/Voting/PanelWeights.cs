using System.Text.Json.Serialization;
using MathNet.Numerics;
using MathNet.Numerics.LinearAlgebra;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Rollouts;

namespace Tribunal.Voting;

/// <summary>The weight of one judge's votes.</summary>
/// <param name="Judge">The judge's name in the ledger.</param>
/// <param name="Protocol">The protocol's name in the ledger.</param>
/// <param name="Weight">0 or more; 0 leaves the judge out.</param>
/// <param name="Judgements">How many comparisons it was learned from.</param>
/// <param name="Later">The weight where the verdict favours a response that was not shown first; null takes <paramref name="Weight"/> there too.</param>
public sealed record PanelWeight(string Judge, string Protocol, double Weight, int Judgements = 0, double? Later = null);

/// <summary>
/// Weights of a panel: judges of several models and protocols that vote together. A judge that is not listed weighs
/// <see cref="Default"/>.
/// </summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PanelWeights
{
    // Ridge on each weight: a handful of labels must not make or break a judge.
    private const double Ridge = 1;
    private const int MaxIterations = 50;

    /// <summary>One entry per judge and protocol.</summary>
    public required IReadOnlyList<PanelWeight> Weights { get; init; }

    /// <summary>The weight of judges that are not listed; default 1.</summary>
    public double Default { get; init; } = 1;

    /// <summary>How they were learned; null where they were written by hand.</summary>
    public string? Method { get; init; }

    /// <summary>The rollouts whose labels they were learned from (<see cref="SeenRollouts"/>): no accuracy counts them. Null where labels played no part.</summary>
    public string[]? Seen { get; init; }

    /// <summary>Equal when everything in them is.</summary>
    public bool Equals(PanelWeights? other) => other is not null && Default.Equals(other.Default) && Method == other.Method
        && Weights.SequenceEqual(other.Weights) && (Seen ?? []).SequenceEqual(other.Seen ?? []);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Weights.Count, Default, Seen?.Length);

    /// <summary>The weight of a judgement.</summary>
    public double Of(Judgement judgement)
    {
        foreach (PanelWeight weight in Weights)
        {
            if (string.Equals(weight.Judge, judgement.Judge, StringComparison.Ordinal)
                && string.Equals(weight.Protocol, judgement.Protocol, StringComparison.Ordinal))
            {
                return weight.Later is { } later && !FavoursFirst(judgement) ? later : weight.Weight;
            }
        }

        return Default;
    }

    /// <summary>
    /// Learns weights from rollouts whose best response is known: a logistic regression of "the best wins" on each judge's net votes,
    /// best against every other response, so that judges that repeat one another share their weight. Weights below 0 (a judge worse
    /// than chance) become 0; the rest are scaled to a mean of 1.
    /// </summary>
    /// <param name="labelled">Rollouts with <see cref="Rollout.Best"/>, and their judgements; others are passed over.</param>
    /// <returns>Weights, by judge and protocol in ordinal order; all 1 where nothing is labelled.</returns>
    public static PanelWeights Learn(IEnumerable<RolloutLedger> labelled)
    {
        RolloutLedger[] rollouts = [.. labelled.Where(static r => r.Rollout.KnownBest() is not null).Select(static r => r with { Ledger = SortedLedger.Of(r.Ledger) })];
        (string Judge, string Protocol)[] judges = JudgesOf(rollouts);
        var index = judges.Index().ToDictionary(static one => one.Item, static one => one.Index);
        int[] counts = new int[judges.Length];
        var examples = new List<double[]>();
        foreach (RolloutLedger rollout in rollouts)
        {
            AddExamples(rollout, index, counts, examples);
        }

        double[] weights = Fit(examples, judges.Length);
        double positive = weights.Where(w => w > 0).DefaultIfEmpty(0).Average();
        return new PanelWeights
        {
            Weights = [.. judges.Select((judge, i) => new PanelWeight(judge.Judge, judge.Protocol, positive > 0 ? Math.Max(0, weights[i]) / positive : 1, counts[i]))],
        };
    }

    /// <summary>Who judged some rollouts and by which protocols, in ordinal order.</summary>
    internal static (string Judge, string Protocol)[] JudgesOf(IEnumerable<RolloutLedger> rollouts) =>
        [.. rollouts.SelectMany(static r => r.Ledger).Select(static j => (j.Judge, j.Protocol)).Distinct()
            .OrderBy(static j => j.Judge, StringComparer.Ordinal).ThenBy(static j => j.Protocol, StringComparer.Ordinal)];

    // Whether the response shown first is the favourite; of several, one that is first counts.
    private static bool FavoursFirst(Judgement judgement)
    {
        if (judgement.Order is not [var first, ..])
        {
            return true;
        }

        return judgement.Scores is { } scores && judgement.Pair is null
            ? first >= 0 && first < scores.Count && scores.All(score => score <= scores[first])
            : judgement.Winner is null || judgement.Winner == first;
    }

    // One example per best response and rival: each judge's net votes between them, since a weight is a vote's.
    private static void AddExamples(
        RolloutLedger rollout, Dictionary<(string Judge, string Protocol), int> index, int[] counts, List<double[]> examples)
    {
        int n = rollout.Rollout.Responses.Count;
        IReadOnlyList<int> known = rollout.Rollout.KnownBest()!;
        foreach (int best in known)
        {
            for (int other = 0; other < n; other++)
            {
                if (known.Contains(other))
                {
                    continue;
                }

                double[] net = new double[index.Count];
                foreach (Judgement judgement in rollout.Ledger)
                {
                    if (Vote(judgement, best, other, n) is { } vote)
                    {
                        int judge = index[(judgement.Judge, judgement.Protocol)];
                        net[judge] += vote;
                        counts[judge]++;
                    }
                }

                examples.Add(net);
            }
        }
    }

    /// <summary>What a judgement says between two responses: 1 for the first, −1 for the other, 0 for a draw; null when it did not compare them.</summary>
    internal static double? Vote(Judgement judgement, int best, int other, int responses)
    {
        if (judgement.Outcome != JudgementOutcome.Valid)
        {
            return null;
        }

        if (PairVerdict.TryRead(judgement, responses, out PairVerdict pair))
        {
            return (pair.I == best && pair.J == other) || (pair.I == other && pair.J == best)
                ? pair.Winner == best ? 1 : pair.Winner == other ? -1 : 0
                : null;
        }

        return judgement.Scores is { } scores && scores.Count == responses ? Math.Sign(scores[best].CompareTo(scores[other])) : null;
    }

    // Newton on the ridge-penalised logistic likelihood; every example is a win, so that there is no intercept.
    private static double[] Fit(List<double[]> examples, int judges)
    {
        var weights = Vector<double>.Build.Dense(judges);
        for (int iteration = 0; iteration < MaxIterations && judges > 0; iteration++)
        {
            Vector<double> gradient = -Ridge * weights;
            Matrix<double> information = Matrix<double>.Build.DenseDiagonal(judges, judges, Ridge);
            foreach (double[] example in examples)
            {
                var x = Vector<double>.Build.Dense(example);
                double p = SpecialFunctions.Logistic(weights.DotProduct(x));
                gradient += (1 - p) * x;
                information += p * (1 - p) * x.OuterProduct(x);
            }

            Vector<double> step = information.Cholesky().Solve(gradient);
            weights += step;
            if (step.L2Norm() < 1e-9)
            {
                break;
            }
        }

        return weights.ToArray();
    }
}
