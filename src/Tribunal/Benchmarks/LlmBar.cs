using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// LLMBar (Zeng et al., arXiv 2310.07641; repository princeton-nlp/LLMBar): the share of correct answers, averaged over
/// the two orders that a pair is shown in; an answer that can't be read is not correct. The score is the mean of the
/// Natural set and the four Adversarial ones.
/// </summary>
internal sealed class LlmBar : IBenchmarkSuite
{
    private static readonly string[] Sets = ["Natural", "Neighbor", "GPTInst", "GPTOut", "Manual"];

    public string Name => "llmbar";

    public string Title => "LLMBar";

    public string Source => "the folder Dataset/LLMBar of https://github.com/princeton-nlp/LLMBar with its dataset.json files (input, output_1, output_2, label)";

    public IReadOnlyList<string> Choose(IReadOnlyList<string> files)
    {
        // Results of the authors' evaluators lie in folders beside the data.
        string[] data = [.. files.Where(static f => BenchmarkMath.Stem(f) == "dataset")];
        return data.Length > 0 ? data : files;
    }

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        BenchmarkMath.RequireResponses(record, 2);
        _ = BenchmarkMath.Best(record);
        string? set = BenchmarkMath.Named(record.Domain, Sets) ?? BenchmarkMath.Named(file, Sets);
        return set is null
            ? throw new FormatException("neither the record nor the file's path names one of LLMBar's sets (Natural, Neighbor, GPTInst, GPTOut, Manual)")
            : [record with { Domain = set, Id = record.Id.StartsWith("row-", StringComparison.Ordinal) ? $"{set}/{record.Id}" : record.Id }];
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) =>
        BenchmarkMath.Average(
            [.. Sets.Select(set => BenchmarkMath.Section(set, [.. outcomes.Where(o => o.Rollout.Domain == set)], Credit, BenchmarkMath.IsDecided))]);

    private static double Credit(BenchmarkOutcome outcome)
    {
        int best = BenchmarkMath.Best(outcome.Rollout);
        return outcome.Games is { } games
            ? games.Count(game => game == best) / (double)games.Count
            : outcome.Compare(best, 1 - best) == 1 ? 1 : 0;
    }
}
