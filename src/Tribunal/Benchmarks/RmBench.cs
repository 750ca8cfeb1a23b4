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
        var items = new List<Rollout>(Styles * Styles);
        for (int chosen = 0; chosen < Styles; chosen++)
        {
            for (int rejected = 0; rejected < Styles; rejected++)
            {
                items.Add(new Rollout
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"{source}/{record.Id}#{chosen}-{rejected}"),
                    Prompt = record.Prompt,
                    Responses = [record.Responses[chosen], record.Responses[Styles + rejected]],
                    Best = [0],
                    Domain = domain,
                    Metadata = BenchmarkMath.PairMetadata("chosenStyle", chosen, "rejectedStyle", rejected),
                });
            }
        }

        return items;
    }

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

        double? hard = Cells(wins, played, static (c, r) => r > c);
        double? normal = Cells(wins, played, static (c, r) => r == c);
        double? easy = Cells(wins, played, static (c, r) => r < c);
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

    private static double? Cells(double[,] wins, double[,] played, Func<int, int, bool> wanted)
    {
        var shares = new List<double>();
        for (int chosen = 0; chosen < Styles; chosen++)
        {
            for (int rejected = 0; rejected < Styles; rejected++)
            {
                if (wanted(chosen, rejected))
                {
                    shares.Add(wins[chosen, rejected] / played[chosen, rejected]);
                }
            }
        }

        double mean = shares.Average();
        return double.IsNaN(mean) ? null : mean;
    }
}
