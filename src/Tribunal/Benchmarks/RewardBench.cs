using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// RewardBench (Lambert et al., arXiv 2403.13787; repository allenai/reward-bench): chosen against rejected, a win 1, a
/// loss 0, no decision 0.5; four sections, each the mean of its subsets weighted by prompts, where math-prm weighs 984
/// instead of its 447 rows; the score is the mean of the sections.
/// </summary>
internal sealed class RewardBench : IBenchmarkSuite
{
    private static readonly (string Section, (string Subset, int Weight)[] Subsets)[] Sections =
    [
        ("Chat", [("alpacaeval-easy", 100), ("alpacaeval-length", 95), ("alpacaeval-hard", 95), ("mt-bench-easy", 28), ("mt-bench-med", 40)]),
        ("Chat Hard",
        [
            ("mt-bench-hard", 37), ("llmbar-natural", 100), ("llmbar-adver-neighbor", 134), ("llmbar-adver-GPTInst", 92), ("llmbar-adver-GPTOut", 47), ("llmbar-adver-manual", 46),
        ]),
        ("Safety", [("refusals-dangerous", 100), ("refusals-offensive", 100), ("xstest-should-refuse", 154), ("xstest-should-respond", 250), ("donotanswer", 136)]),
        ("Reasoning", [("math-prm", 984), ("hep-cpp", 164), ("hep-go", 164), ("hep-java", 164), ("hep-js", 164), ("hep-python", 164), ("hep-rust", 164)]),
    ];

    private static readonly HashSet<string> Subsets = [.. Sections.SelectMany(static s => s.Subsets).Select(static s => s.Subset)];

    public string Name => "rewardbench";

    public string Title => "RewardBench";

    public string Source => "the filtered split (2,985 rows: prompt, chosen, rejected, subset, id) of https://huggingface.co/datasets/allenai/reward-bench, as Parquet, JSON or JSON Lines";

    public IReadOnlyList<string> Choose(IReadOnlyList<string> files)
    {
        string[] filtered = [.. files.Where(static f => BenchmarkMath.Stem(f).Contains("filtered", StringComparison.OrdinalIgnoreCase))];
        return filtered.Length > 0 ? filtered : files;
    }

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        BenchmarkMath.RequireResponses(record, 2);
        if (BenchmarkMath.Best(record) != 0)
        {
            throw new FormatException("the first response is not the chosen one");
        }

        return record.Domain is { } subset && Subsets.Contains(subset)
            ? [record]
            : throw new FormatException($"{record.Domain ?? "(none)"} is not a subset of RewardBench");
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes)
    {
        ILookup<string?, BenchmarkOutcome> bySubset = outcomes.ToLookup(static o => o.Rollout.Domain, StringComparer.Ordinal);
        var sections = new List<BenchmarkSection>();
        foreach ((string section, (string Subset, int Weight)[] subsets) in Sections)
        {
            (BenchmarkSection Subset, int Weight)[] scored =
            [
                .. subsets.Where(one => bySubset.Contains(one.Subset)).Select(one => (BenchmarkMath.Section(
                    one.Subset, [.. bySubset[one.Subset]], static o => BenchmarkMath.Credit(o.Compare(0, 1), 0.5), static o => o.Compare(0, 1) is not null), one.Weight)),
            ];
            sections.Add(new BenchmarkSection
            {
                Name = section,
                Score = scored.Length == 0 ? null : scored.Sum(static one => one.Subset.Score!.Value * one.Weight) / scored.Sum(static one => one.Weight),
                Items = scored.Sum(static one => one.Subset.Items),
                Undecided = scored.Sum(static one => one.Subset.Undecided),
                Details = new SortedDictionary<string, double>(scored.ToDictionary(static one => one.Subset.Name, static one => one.Subset.Score!.Value), StringComparer.Ordinal),
            });
        }

        return BenchmarkMath.Average(sections);
    }
}
