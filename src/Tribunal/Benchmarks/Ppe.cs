using System.Globalization;
using System.Text.Json;
using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// Preference Proxy Evaluations, human preferences (Frick et al., arXiv 2410.14872): the share of battles whose winner is
/// preferred. Battles that people called a tie are not counted. Equal rewards and missing decisions count half, which is
/// what breaking ties by a coin gives on average.
/// </summary>
internal sealed class PpePreference : IBenchmarkSuite
{
    public string Name => "ppe-preference";

    public string Title => "PPE Human Preference";

    public string Source => "the Parquet files of https://huggingface.co/datasets/lmarena-ai/PPE-Human-Preference-V1 (question_id, prompt, response_1, response_2, winner)";

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        BenchmarkMath.RequireResponses(record, 2);
        return record.Best switch
        {
            [_, _] => [],
            [_] => [record with { Domain = "Human Preference" }],
            _ => throw new FormatException("the record does not say who won"),
        };
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) =>
        BenchmarkMath.Average([BenchmarkMath.Section("Human Preference", outcomes, static o => Ppe.Credit(o), static o => o.Compare(0, 1) is not null)]);
}

/// <summary>
/// Preference Proxy Evaluations, correctness by conflict pairs (arXiv 2410.14872): the share of sampled pairs of a correct
/// and an incorrect answer whose correct one is preferred, by benchmark; the score is the benchmarks' mean. Equal rewards
/// and missing decisions count half.
/// </summary>
internal sealed class PpeCorrectness : IBenchmarkSuite
{
    public string Name => "ppe-correctness";

    public string Title => "PPE Correctness (conflict pairs)";

    public string Source => Ppe.BestOfKSource;

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        string benchmark = Ppe.BenchmarkOf(file);
        return
        [
            .. Ppe.ConflictPairs(record).Select((pair, number) => new Rollout
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{benchmark}/{record.Id}#{number}:{pair.I}-{pair.J}"),
                Prompt = record.Prompt,
                Responses = [record.Responses[pair.I], record.Responses[pair.J]],
                Best = [record.Scores![pair.I] > record.Scores[pair.J] ? 0 : 1],
                Domain = benchmark,
            }),
        ];
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) =>
        BenchmarkMath.Average(
            [.. Ppe.Benchmarks.Select(b => BenchmarkMath.Section(b, [.. outcomes.Where(o => o.Rollout.Domain == b)], static o => Ppe.Credit(o), static o => o.Compare(0, 1) is not null))]);
}

/// <summary>
/// Preference Proxy Evaluations, best of K (arXiv 2410.14872): all K answers are scored; the curve gives, for each k, the
/// expected correctness of the answer that the reward picks among k of them drawn at random without replacement, computed
/// exactly (equal rewards share). A section's score is the accuracy over its conflict pairs; the details add the curve's
/// maximum and end, and the end of a perfect judge's curve.
/// </summary>
internal sealed class PpeBestOfK : IBenchmarkSuite
{
    public string Name => "ppe-best-of-k";

    public string Title => "PPE Correctness (best of K)";

    public string Source => Ppe.BestOfKSource;

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        _ = Ppe.ConflictPairs(record);
        string benchmark = Ppe.BenchmarkOf(file);
        return [record with { Id = $"{benchmark}/{record.Id}", Domain = benchmark }];
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) =>
        BenchmarkMath.Average([.. Ppe.Benchmarks.Select(b => ScoreBenchmark(b, [.. outcomes.Where(o => o.Rollout.Domain == b)]))]);

    /// <summary>The best-of-k curve of one list of answers: entry k−1 is the expected score of the pick among k.</summary>
    public static double[] Curve(IReadOnlyList<double> rewards, IReadOnlyList<double> scores)
    {
        int n = rewards.Count;
        (double Reward, double Score)[] ordered = [.. rewards.Zip(scores).OrderBy(static p => p.First)];
        double[] curve = new double[n];
        for (int from = 0; from < n;)
        {
            int to = from;
            double sum = 0;
            while (to < n && ordered[to].Reward == ordered[from].Reward)
            {
                sum += ordered[to++].Score;
            }

            // The pick falls on this level when no drawn answer lies above it and not all lie below it.
            for (int k = 1; k <= n; k++)
            {
                curve[k - 1] += sum / (to - from) * (Share(to, n, k) - Share(from, n, k));
            }

            from = to;
        }

        return curve;
    }

    // C(m, k) / C(n, k): all k drawn answers are among m of n.
    private static double Share(int m, int n, int k)
    {
        double share = 1;
        for (int i = 0; i < k && share > 0; i++)
        {
            share *= (double)(m - i) / (n - i);
        }

        return Math.Max(share, 0);
    }

    private static BenchmarkSection ScoreBenchmark(string benchmark, BenchmarkOutcome[] outcomes)
    {
        var credits = new List<double>();
        var curves = new List<double[]>();
        var oracle = new List<double>();
        foreach (BenchmarkOutcome outcome in outcomes)
        {
            IReadOnlyList<double> scores = outcome.Rollout.Scores!;
            credits.AddRange(Ppe.ConflictPairs(outcome.Rollout).Select(p => BenchmarkMath.Credit(scores[p.I] > scores[p.J] ? outcome.Compare(p.I, p.J) : outcome.Compare(p.J, p.I), 0.5)));
            // Without rewards the pick is as good as chance.
            curves.Add(Curve(outcome.Rewards ?? new double[scores.Count], scores));
            oracle.Add(scores.Max());
        }

        int length = curves.Count == 0 ? 0 : curves.Min(static c => c.Length);
        double[] curve = [.. Enumerable.Range(0, length).Select(k => curves.Average(c => c[k]))];
        return new BenchmarkSection
        {
            Name = benchmark,
            Score = BenchmarkMath.Mean(credits),
            Items = outcomes.Length,
            Undecided = outcomes.Count(static o => o.Rewards is null),
            Curve = curve.Length == 0 ? null : curve,
            Details = curve.Length == 0
                ? null
                : new SortedDictionary<string, double>(StringComparer.Ordinal) { ["best of k, maximum"] = curve.Max(), ["best of k, end"] = curve[^1], ["perfect, end"] = oracle.Average() },
        };
    }
}

/// <summary>What the PPE suites share.</summary>
internal static class Ppe
{
    public const string BestOfKSource =
        "the Parquet files of https://huggingface.co/datasets/lmarena-ai/PPE-MMLU-Pro-Best-of-K, PPE-MATH-Best-of-K, PPE-GPQA-Best-of-K, PPE-IFEval-Best-of-K and PPE-MBPP-Plus-Best-of-K, each in a folder or file named after it (prompt, response_1…32, scores, sampled_conflict_pairs)";

    public static readonly string[] Benchmarks = ["MMLU-Pro", "MATH", "GPQA", "IFEval", "MBPP-Plus"];

    public static double Credit(BenchmarkOutcome outcome)
    {
        int best = BenchmarkMath.Best(outcome.Rollout);
        return BenchmarkMath.Credit(outcome.Compare(best, 1 - best), 0.5);
    }

    public static string BenchmarkOf(string file) =>
        BenchmarkMath.Named(file, Benchmarks)
        ?? throw new FormatException($"the path {file} names none of PPE's benchmarks ({string.Join(", ", Benchmarks)})");

    public static IReadOnlyList<(int I, int J)> ConflictPairs(Rollout record)
    {
        if (record.Scores is not { } scores || record.Metadata is not { ValueKind: JsonValueKind.Object } metadata
            || !metadata.TryGetProperty("sampled_conflict_pairs", out JsonElement sampled) || sampled.ValueKind != JsonValueKind.Array)
        {
            throw new FormatException("the record has no scores or no sampled_conflict_pairs");
        }

        var pairs = new List<(int I, int J)>(sampled.GetArrayLength());
        foreach (JsonElement pair in sampled.EnumerateArray())
        {
            if (pair.ValueKind != JsonValueKind.Array || pair.GetArrayLength() != 2 || !pair[0].TryGetInt32(out int i) || !pair[1].TryGetInt32(out int j)
                || i < 0 || j < 0 || i >= scores.Count || j >= scores.Count || scores[i] == scores[j])
            {
                throw new FormatException("sampled_conflict_pairs holds something else than two indexes with different scores");
            }

            pairs.Add((i, j));
        }

        return pairs;
    }
}
