using System.Runtime.InteropServices;
using System.Text.Json;
using Tribunal.Benchmarks;
using Tribunal.Calibration;
using Tribunal.Formats.Batches;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Reading;
using Tribunal.Runs.Recorded;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Verdicts;

namespace Tribunal.Reports;

/// <summary>Compares runs over the same rollouts, joined by id, and results of benchmarks.</summary>
public static class RunComparer
{
    private const int DisagreementsShown = 20;
    private const int DomainsShown = 100;
    private const string BenchFile = "bench.json";
    private const string BenchRun = "run";

    /// <summary>Compares.</summary>
    /// <param name="paths">Run folders, folders of votes, result files of benchmarks (JSON), or folders that <c>bench</c> wrote, two or more.</param>
    /// <param name="options">Options; null takes the defaults.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <exception cref="ReportException">A path is neither, or the runs share no rollout.</exception>
    /// <exception cref="IOException">A file of a run is broken or can't be read.</exception>
    public static async Task<Comparison> CompareAsync(IReadOnlyList<string> paths, CompareOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new CompareOptions();
        List<RunContents> runs = [];
        List<BenchmarkResult> benchmarks = [];
        foreach (string path in paths)
        {
            await SortAsync(path, options.Batch, runs, benchmarks, cancellationToken);
        }

        return await CompareAsync(runs, benchmarks, options, cancellationToken);
    }

    /// <summary>Compares runs that are open.</summary>
    /// <exception cref="ReportException">They share no rollout.</exception>
    /// <exception cref="IOException">A file of a run is broken or can't be read.</exception>
    internal static async Task<Comparison> CompareAsync(List<RunContents> runs, List<BenchmarkResult> benchmarks, CompareOptions options, CancellationToken cancellationToken)
    {
        if (runs.Count < 2)
        {
            return benchmarks.Count + runs.Count < 2
                ? throw new ReportException("a comparison needs two runs or two results of benchmarks")
                : new Comparison { Runs = [], Shared = 0, Labelled = 0, Differences = [], Disagreements = [], Benchmarks = benchmarks, Notes = NotesOf(runs, benchmarks) };
        }

        var rows = await ReadVerdictsAsync(runs, cancellationToken);
        if (rows.Count == 0)
        {
            throw new ReportException("the runs share no rollout: they are over different batches, or one has no verdicts");
        }

        await ReadLabelsAsync(runs, rows, options.Batch, cancellationToken);
        Comparison comparison = Compute(runs, rows, benchmarks, options);
        return comparison with { Disagreements = await WithTextsAsync(runs, comparison.Disagreements, options.Batch, cancellationToken) };
    }

    private static async Task SortAsync(string path, string? batch, List<RunContents> runs, List<BenchmarkResult> benchmarks, CancellationToken cancellationToken)
    {
        if (File.Exists(path))
        {
            benchmarks.Add(ReadBenchmark(path));
            return;
        }

        string result = Path.Combine(path, BenchFile);
        if (!File.Exists(result))
        {
            runs.Add(await RunOpening.OpenFolderAsync(path, batch, voteToo: true, cancellationToken));
            return;
        }

        benchmarks.Add(ReadBenchmark(result));
        string run = Path.Combine(path, BenchRun);
        if (File.Exists(Path.Combine(run, RunFiles.Summary)))
        {
            runs.Add(await RunContents.OpenFolderAsync(run, cancellationToken: cancellationToken));
        }
    }

    private static BenchmarkResult ReadBenchmark(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), BenchmarkJson.Default.BenchmarkResult) ?? throw new JsonException("it is null");
        }
        catch (JsonException exception)
        {
            throw new ReportException($"{path} is no folder of a run and no result of a benchmark (the result.json of tribunal bench)", exception);
        }
    }

    private static async Task<Dictionary<string, Row>> ReadVerdictsAsync(List<RunContents> runs, CancellationToken cancellationToken)
    {
        var rows = new Dictionary<string, Row>(StringComparer.Ordinal);
        for (int run = 0; run < runs.Count; run++)
        {
            await foreach (Verdict verdict in runs[run].VerdictsAsync(cancellationToken))
            {
                // A run that a limit halted, and a vote on its ledger, tell of all their rollouts; a judge that was not asked is not wrong.
                if (verdict.Votes.Drawn == 0)
                {
                    continue;
                }

                if (run == 0)
                {
                    rows.TryAdd(verdict.Id, new Row(runs.Count));
                }

                if (rows.TryGetValue(verdict.Id, out Row? row) && row.Seen == run)
                {
                    row.Seen++;
                    row.Cells[run] = new Cell(verdict.Best, verdict.Confidence, verdict.Rewards?.Count ?? 0, verdict.Usage, verdict.Votes.Drawn);
                }
            }
        }

        foreach ((string id, Row row) in rows)
        {
            if (row.Seen < runs.Count)
            {
                rows.Remove(id);
            }
        }

        return rows;
    }

    private static async Task ReadLabelsAsync(List<RunContents> runs, Dictionary<string, Row> rows, string? given, CancellationToken cancellationToken)
    {
        if (await BatchOfAsync(runs, given, cancellationToken) is not { } batch)
        {
            return;
        }

        var labels = new RunLabels();
        foreach (RunContents run in runs)
        {
            labels.Merge(await run.LabelsAsync(cancellationToken));
        }

        await using Stream stream = batch;
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout && rows.TryGetValue(rollout.Id, out Row? row))
            {
                row.Domain = rollout.Domain;
                row.Best = rollout.Responses.Count > 1 ? labels.Apply(rollout).KnownBest() : null;
            }
        }
    }

    private static async Task<IReadOnlyList<Disagreement>> WithTextsAsync(List<RunContents> runs, IReadOnlyList<Disagreement> disagreements, string? given, CancellationToken cancellationToken)
    {
        Dictionary<string, int> wanted = disagreements.Select(static (one, i) => (one.Id, i)).ToDictionary(static one => one.Id, static one => one.i, StringComparer.Ordinal);
        if (wanted.Count == 0 || await BatchOfAsync(runs, given, cancellationToken) is not { } batch)
        {
            return disagreements;
        }

        Disagreement[] told = [.. disagreements];
        await using Stream stream = batch;
        await foreach (BatchLine line in RolloutReader.ReadAsync(stream, cancellationToken: cancellationToken))
        {
            if (line.Rollout is { } rollout && wanted.Remove(rollout.Id, out int i))
            {
                told[i] = told[i] with { Rollout = rollout };
                if (wanted.Count == 0)
                {
                    break;
                }
            }
        }

        return told;
    }

    private static async Task<Stream?> BatchOfAsync(List<RunContents> runs, string? given, CancellationToken cancellationToken)
    {
        Stream? batch = null;
        for (int run = 0; batch is null && run < runs.Count; run++)
        {
            batch = await runs[run].OpenBatchAsync(given, cancellationToken);
        }

        return batch;
    }

    private static Comparison Compute(List<RunContents> runs, Dictionary<string, Row> rows, List<BenchmarkResult> benchmarks, CompareOptions options)
    {
        string[] names = Names(runs);
        long labelled = rows.Values.LongCount(static r => r.Best is not null);
        var compared = new ComparedRun[runs.Count];
        for (int i = 0; i < runs.Count; i++)
        {
            compared[i] = RunOf(runs[i], names[i], i, rows.Values, labelled);
        }

        List<PairedDifference> differences = [];
        for (int i = 1; i < runs.Count; i++)
        {
            differences.Add(DifferenceOf(i, names, rows.Values, labelled, options));
        }

        List<string> notes = NotesOf(runs, benchmarks);
        if (labelled == 0)
        {
            notes.Add("No shared rollout has a label, or the batch is no longer where the runs found it: only agreement can be told.");
        }

        foreach (RunContents run in runs.Where(r => r.Summary.Rollouts != rows.Count))
        {
            notes.Add($"{NameOf(run.Place)} has {run.Summary.Rollouts:N0} rollouts; compared are the {rows.Count:N0} that all runs share.");
        }

        if (runs.Where(static r => r.Summary.Origin is null).Select(static r => r.Batch).OfType<BatchFingerprint>().Distinct().Skip(1).Any())
        {
            notes.Add("The runs' batch files differ; rollouts are matched by id alone.");
        }

        return new Comparison
        {
            Runs = compared,
            Shared = rows.Count,
            Labelled = labelled,
            Differences = differences,
            Domains = DomainsOf(rows, names, options),
            Disagreements = DisagreementsOf(rows),
            Benchmarks = benchmarks,
            Resamples = options.Resamples,
            Seed = options.Seed,
            Notes = notes,
        };
    }

    private static ComparedRun RunOf(RunContents run, string name, int index, Dictionary<string, Row>.ValueCollection rows, long labelled)
    {
        long scored = 0, right = 0, drawn = 0;
        Usage usage = default;
        foreach (Row row in rows)
        {
            Cell cell = row.Cells[index];
            scored += cell.Best is null ? 0 : 1;
            right += row.IsRight(index) ? 1 : 0;
            drawn += cell.Drawn;
            usage += cell.Usage;
        }

        return new ComparedRun
        {
            Name = name,
            Model = run.Summary.Model,
            Protocol = run.Summary.Protocol,
            Simulated = run.Summary.Simulated,
            Scored = scored,
            Accuracy = Rate.Wilson(right, labelled),
            JudgementsPerRollout = (double)drawn / rows.Count,
            Usage = usage,
            Cost = run.Summary.Price is TokenPrice price ? price.Of(usage) : null,
        };
    }

    // The largest first; those in which nothing is labelled have nothing to compare.
    private static ComparedDomain[] DomainsOf(Dictionary<string, Row> rows, string[] names, CompareOptions options) =>
    [
        .. rows.Values.Where(static row => row.Domain is not null).GroupBy(static row => row.Domain!, StringComparer.Ordinal)
            .OrderByDescending(static domain => domain.Count()).ThenBy(static domain => domain.Key, StringComparer.Ordinal).Take(DomainsShown)
            .Select(domain =>
            {
                Row[] own = [.. domain];
                long labelled = own.LongCount(static row => row.Best is not null);
                return new ComparedDomain(
                    domain.Key,
                    own.Length,
                    labelled,
                    [.. names.Select((_, run) => Rate.Wilson(own.LongCount(row => row.IsRight(run)), labelled))],
                    [.. Enumerable.Range(1, names.Length - 1).Select(run => DifferenceOf(run, names, own, labelled, options))]);
            }),
    ];

    private static PairedDifference DifferenceOf(int index, string[] names, IReadOnlyCollection<Row> rows, long labelled, CompareOptions options)
    {
        long both = 0, same = 0, onlyThis = 0, onlyOther = 0;
        foreach (Row row in rows)
        {
            if (row.Cells[index].Best is int mine && row.Cells[0].Best is int theirs && row.Cells[index].Responses > 1)
            {
                both++;
                same += mine == theirs ? 1 : 0;
            }

            bool right = row.IsRight(index);
            bool otherRight = row.IsRight(0);
            onlyThis += right && !otherRight ? 1 : 0;
            onlyOther += otherRight && !right ? 1 : 0;
        }

        var difference = new PairedDifference { Run = names[index], Against = names[0], Agreement = both == 0 ? null : (double)same / both, OnlyThis = onlyThis, OnlyOther = onlyOther };
        if (labelled == 0)
        {
            return difference;
        }

        (double low, double high) = PairedTests.Bootstrap(onlyThis, onlyOther, labelled, options.Resamples, options.Seed + index);
        return difference with
        {
            Difference = (double)(onlyThis - onlyOther) / labelled,
            Low = low,
            High = high,
            McNemar = PairedTests.McNemar(onlyThis, onlyOther),
        };
    }

    // The surest first: there two judges contradict each other, where elsewhere one may only have been unsure.
    private static Disagreement[] DisagreementsOf(Dictionary<string, Row> rows) =>
    [
        .. rows.Where(static r => r.Value.Differs)
            .OrderByDescending(static r => r.Value.Cells.Min(static c => c.Confidence ?? 0))
            .ThenBy(static r => r.Key, StringComparer.Ordinal)
            .Take(DisagreementsShown)
            .Select(static r => new Disagreement(r.Key, r.Value.Domain, r.Value.Best, [.. r.Value.Cells.Select(static c => c.Best)], [.. r.Value.Cells.Select(static c => c.Confidence)])),
    ];

    private static List<string> NotesOf(List<RunContents> runs, List<BenchmarkResult> benchmarks)
    {
        List<string> notes = [];
        if (runs.Exists(static r => r.Summary.Simulated) || benchmarks.Exists(static b => b.Simulated))
        {
            notes.Add("SIMULATED: some of these figures come from the simulated judge and say nothing about any model.");
        }

        foreach (RunContents run in runs.Where(static r => r.Summary.Status == RunStatus.Partial))
        {
            notes.Add($"INCOMPLETE: {NameOf(run.Place)} has not ended; compared is what it has so far.");
        }

        foreach (RunContents run in runs.Where(static r => r.Summary.Origin is not null))
        {
            notes.Add($"{NameOf(run.Place)}: {run.Summary.Origin!.Value.Say()}");
        }

        return notes;
    }

    private static string[] Names(List<RunContents> runs)
    {
        var used = new Dictionary<string, int>(StringComparer.Ordinal);
        return [.. runs.Select(run =>
        {
            string name = NameOf(run.Place);
            ref int times = ref CollectionsMarshal.GetValueRefOrAddDefault(used, name, out _);
            return ++times == 1 ? name : $"{name} ({times})";
        })];
    }

    // Folders tell runs apart where run ids don't: every vote is called vote, and every run of a benchmark run.
    private static string NameOf(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        string name = Path.GetFileName(full);
        return name == BenchRun && Path.GetFileName(Path.GetDirectoryName(full)) is { Length: > 0 } parent ? parent : name;
    }

    private readonly record struct Cell(int? Best, double? Confidence, int Responses, Usage Usage, int Drawn);

    private sealed class Row(int runs)
    {
        public Cell[] Cells { get; } = new Cell[runs];

        public int Seen { get; set; }

        public string? Domain { get; set; }

        public IReadOnlyList<int>? Best { get; set; }

        public bool Differs => Array.Exists(Cells, c => c.Best is not null && Cells[0].Best is not null && c.Best != Cells[0].Best);

        public bool IsRight(int run) => Best is not null && Cells[run].Best is int best && Best.Contains(best);
    }
}
