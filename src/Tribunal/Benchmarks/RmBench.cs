using System.Globalization;
using Tribunal.Rollouts;

namespace Tribunal.Benchmarks;

/// <summary>
/// RM-Bench (Liu et al., arXiv 2410.16184; repository THU-KEG/RM-Bench): three styles of the chosen against three of the
/// rejected response (concise, detailed, detailed with markdown). A cell of the 3×3 matrix is the share of records whose
/// chosen response is strictly better there; hard is the mean above the diagonal (plain chosen against fancy rejected),
/// normal the diagonal, easy the mean below it. A domain's score is the mean of the three, the score the mean of chat,
/// code, math and safety. A record gives nine pairs, as generative judges play it.
/// </summary>
internal sealed class RmBench : IBenchmarkSuite
{
    private const int Styles = 3;
    private static readonly string[] Domains = ["chat", "math", "code", "safety"];

    public string Name => "rm-bench";

    public string Title => "RM-Bench";

    public string Source => "data/total_dataset.json, or the files by domain, of https://github.com/THU-KEG/RM-Bench (id, prompt, chosen[3], rejected[3], domain)";

    public IReadOnlyList<string> Choose(IReadOnlyList<string> files) =>
        files.FirstOrDefault(static f => BenchmarkMath.Stem(f) == "total_dataset") is { } union ? [union] : files;

    public IReadOnlyList<Rollout> Items(Rollout record, string file)
    {
        BenchmarkMath.RequireResponses(record, 2 * Styles);
        if (record.Best is not [0, 1, 2])
        {
            throw new FormatException("the record does not hold three chosen and three rejected responses");
        }

        // The files by domain name their subset instead, which may be RewardBench's.
        string source = DomainOf(record.Domain) is null ? BenchmarkMath.Stem(file) : record.Domain!;
        string domain = DomainOf(source) ?? throw new FormatException($"{record.Domain ?? "(none)"} is not a domain of RM-Bench, nor does the file's name start with one");
        return
        [
            .. Cells().Select(cell => new Rollout
            {
                Id = string.Create(CultureInfo.InvariantCulture, $"{source}/{record.Id}#{cell.Chosen}-{cell.Rejected}"),
                Prompt = record.Prompt,
                Responses = [record.Responses[cell.Chosen], record.Responses[Styles + cell.Rejected]],
                Best = [0],
                Domain = domain,
                Metadata = BenchmarkMath.PairMetadata("chosenStyle", cell.Chosen, "rejectedStyle", cell.Rejected),
            }),
        ];
    }

    private static IEnumerable<(int Chosen, int Rejected)> Cells() => from chosen in Enumerable.Range(0, Styles) from rejected in Enumerable.Range(0, Styles) select (chosen, rejected);

    public BenchmarkScore Score(IReadOnlyList<BenchmarkOutcome> outcomes) =>
        BenchmarkMath.Average([.. Domains.Select(domain => ScoreDomain(domain, [.. outcomes.Where(o => o.Rollout.Domain == domain)]))]);

    private static string? DomainOf(string? name) => name is null ? null : Array.Find(Domains, d => name.StartsWith(d, StringComparison.OrdinalIgnoreCase));

    private static BenchmarkSection ScoreDomain(string domain, BenchmarkOutcome[] outcomes)
    {
        double[,] wins = new double[Styles, Styles];
        double[,] played = new double[Styles, Styles];
        foreach (BenchmarkOutcome outcome in outcomes)
        {
            int chosen = BenchmarkMath.MetadataInt(outcome.Rollout, "chosenStyle");
            int rejected = BenchmarkMath.MetadataInt(outcome.Rollout, "rejectedStyle");
            played[chosen, rejected]++;
            wins[chosen, rejected] += outcome.Compare(0, 1) == 1 ? 1 : 0;
        }

        double? hard = Mean(wins, played, static (c, r) => r > c);
        double? normal = Mean(wins, played, static (c, r) => r == c);
        double? easy = Mean(wins, played, static (c, r) => r < c);
        return new BenchmarkSection
        {
            Name = domain,
            Score = (hard + normal + easy) / 3,
            Items = outcomes.Length,
            Undecided = outcomes.Count(static o => o.Compare(0, 1) is null),
            Details = hard is null || normal is null || easy is null
                ? null
                : new SortedDictionary<string, double>(StringComparer.Ordinal) { ["hard"] = hard.Value, ["normal"] = normal.Value, ["easy"] = easy.Value },
        };
    }

    private static double? Mean(double[,] wins, double[,] played, Func<int, int, bool> wanted)
    {
        double mean = Cells().Where(cell => wanted(cell.Chosen, cell.Rejected)).Average(cell => wins[cell.Chosen, cell.Rejected] / played[cell.Chosen, cell.Rejected]);
        return double.IsNaN(mean) ? null : mean;
    }
}
