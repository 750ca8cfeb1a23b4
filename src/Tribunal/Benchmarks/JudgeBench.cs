using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// JudgeBench (Tan et al., arXiv 2410.12784; repository ScalerLab/JudgeBench): every pair is played in both orders; a game
/// counts +1 when it names the labelled response, −1 when it names the other, 0 otherwise; the pair is correct when the
/// sum is above 0. A judge that does not depend on the order plays one game. The score is the share of correct pairs.
/// </summary>
internal sealed class JudgeBench : IBenchmarkSuite
{
    private static readonly (string Section, string Prefix)[] Sections =
        [("Knowledge", "mmlu-pro"), ("Reasoning", "livebench-reasoning"), ("Math", "livebench-math"), ("Coding", "livecodebench")];

    public string Name => "judgebench";

    public string Title => "JudgeBench";

    public string Source => "one data/dataset=judgebench,response_model=….jsonl of https://github.com/ScalerLab/JudgeBench (pair_id, source, question, response_A, response_B, label)";

    public IReadOnlyList<string> Choose(IReadOnlyList<string> files) =>
        [.. files.Where(static f => !f.Contains("judge_name=", StringComparison.Ordinal))];

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        BenchmarkMath.RequireResponses(record, 2);
        _ = BenchmarkMath.Best(record);
        return record.Domain is { } source && Array.Exists(Sections, s => source.StartsWith(s.Prefix, StringComparison.Ordinal))
            ? [record]
            : throw new FormatException($"{record.Domain ?? "(none)"} is not a source of JudgeBench");
    }

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) => BenchmarkMath.Average(
    [
        .. Sections.Select(section => BenchmarkMath.Section(
            section.Section, [.. outcomes.Where(o => o.Rollout.Domain!.StartsWith(section.Prefix, StringComparison.Ordinal))], Credit, BenchmarkMath.IsDecided)),
    ]) with { Overall = BenchmarkMath.Mean(outcomes.Select(Credit)) };

    private static double Credit(BenchmarkOutcome outcome)
    {
        int best = BenchmarkMath.Best(outcome.Rollout);
        int sum = outcome.Games is { } games
            ? games.Sum(game => game is null or < 0 ? 0 : game == best ? 1 : -1)
            : outcome.Compare(best, 1 - best) ?? 0;
        return sum > 0 ? 1 : 0;
    }
}
