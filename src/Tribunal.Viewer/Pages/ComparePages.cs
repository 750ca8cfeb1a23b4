using Tribunal.Reports;
using Tribunal.Runs.Reading;
using Tribunal.Viewer.Forms;
using Tribunal.Viewer.Index;

namespace Tribunal.Viewer.Pages;

/// <summary>Runs over the same rollouts, side by side.</summary>
internal sealed class ComparePages
{
    /// <summary>The most runs compared at once.</summary>
    public const int MostRuns = 6;

    private readonly Lock _gate = new();
    private (string Key, Task<Comparison> Comparison)? _last;
    private (string Key, int[][] Rows)? _shared;

    /// <summary>The figures, by the code of <c>tribunal compare</c>.</summary>
    public async Task<CompareAnswer> OfAsync(IReadOnlyList<ViewedRun> runs, CancellationToken cancellationToken)
    {
        var forms = new List<RunForm>();
        foreach (ViewedRun run in runs)
        {
            forms.Add(await run.FormAsync(cancellationToken));
        }

        try
        {
            return new CompareAnswer(forms, await ComparisonAsync(runs).WaitAsync(cancellationToken), null);
        }
        catch (IOException exception)
        {
            return new CompareAnswer(forms, null, exception.Message);
        }
    }

    /// <summary>The rollouts that all have.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="filter"><c>all</c>, <c>differ</c>, <c>only-first</c> (right there and wrong elsewhere) or <c>only-others</c>.</param>
    /// <param name="domain">A domain; null for all.</param>
    /// <param name="offset">Number of the first wanted.</param>
    /// <param name="count">How many.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    public async Task<SharedRowsAnswer> RowsAsync(IReadOnlyList<ViewedRun> runs, string filter, string? domain, int offset, int count, CancellationToken cancellationToken)
    {
        var indexes = new List<RunIndex>();
        foreach (ViewedRun run in runs)
        {
            indexes.Add(await run.IndexAsync(cancellationToken));
        }

        if (indexes.Find(static index => !index.IsWhole) is { Progress: var progress })
        {
            return new SharedRowsAnswer(0, 0, 0, [], progress);
        }

        int[][] shared = Shared(runs, indexes);
        int number = domain is null ? -1 : indexes[0].Domains.IndexOf(domain);
        int[][] passing =
        [
            .. shared.Where(rows => (domain is null || indexes[0].Rows[rows[0]].Domain == number) && Passes(filter, runs, indexes, rows))
                .OrderByDescending(rows => Enumerable.Range(0, rows.Length).Min(run => indexes[run].Rows[rows[run]].Confidence is var sure && double.IsNaN(sure) ? -1 : indexes[run].Rows[rows[run]].Confidence)),
        ];
        return new SharedRowsAnswer(
            shared.Length, passing.Length, offset, [.. passing.Skip(offset).Take(Math.Clamp(count, 0, RowPage.Most)).Select(rows => FormOf(runs, indexes, rows))], new ProgressForm("", 1));
    }

    private static SharedRowForm FormOf(IReadOnlyList<ViewedRun> runs, List<RunIndex> indexes, int[] rows)
    {
        int domain = indexes[0].Rows[rows[0]].Domain;
        return new SharedRowForm(
            indexes[0].IdOf(rows[0]),
            domain < 0 ? null : indexes[0].Domains[domain],
            [.. rows.Select((row, run) =>
            {
                IndexRow known = indexes[run].Rows[row];
                return new CellForm(row, known.Best < 0 ? null : known.Best, RowPage.NumberOf(known.Confidence), RowPage.RightOf(runs[run].RightOf(indexes[run], row)), RowPage.VotesOf(known));
            })]);
    }

    private static bool Passes(string filter, IReadOnlyList<ViewedRun> runs, List<RunIndex> indexes, int[] rows)
    {
        sbyte first = runs[0].RightOf(indexes[0], rows[0]);
        int best = indexes[0].Rows[rows[0]].Best;
        for (int run = 1; run < rows.Length; run++)
        {
            sbyte other = runs[run].RightOf(indexes[run], rows[run]);
            int chosen = indexes[run].Rows[rows[run]].Best;
            bool passes = filter switch
            {
                "all" => true,
                "only-first" => first == 1 && other == 0,
                "only-others" => first == 0 && other == 1,
                _ => best >= 0 && chosen >= 0 && best != chosen,
            };
            if (passes)
            {
                return true;
            }
        }

        return false;
    }

    // In the first run's order; kept until an index is another.
    private int[][] Shared(IReadOnlyList<ViewedRun> runs, List<RunIndex> indexes)
    {
        string key = string.Join('|', runs.Select((run, i) => $"{run.Key}:{indexes[i].GetHashCode()}:{indexes[i].Version}"));
        lock (_gate)
        {
            if (_shared is { } known && known.Key == key)
            {
                return known.Rows;
            }
        }

        var shared = new List<int[]>();
        for (int row = 0; row < indexes[0].Count; row++)
        {
            string id = indexes[0].IdOf(row);
            int[] rows = [row, .. indexes.Skip(1).Select(index => index.Find(id))];
            if (Array.TrueForAll(rows, static found => found >= 0))
            {
                shared.Add(rows);
            }
        }

        int[][] all = [.. shared];
        lock (_gate)
        {
            _shared = (key, all);
        }

        return all;
    }

    // The bootstrap and the reading take seconds on large runs; who asks again meanwhile waits for the same.
    private Task<Comparison> ComparisonAsync(IReadOnlyList<ViewedRun> runs)
    {
        string key = string.Join('|', runs.Select(static run => $"{run.Key}:{run.Source.Stamp()}:{run.Labels.Count}:{run.Labels.All.Select(static label => label.At).DefaultIfEmpty().Max():O}"));
        lock (_gate)
        {
            if (_last is { } last && last.Key == key && !last.Comparison.IsFaulted)
            {
                return last.Comparison;
            }

            Task<Comparison> comparison = Task.Run(() => RunComparer.CompareAsync([.. runs.Select(static run => run.Contents)], [], new CompareOptions(), CancellationToken.None));
            _last = (key, comparison);
            return comparison;
        }
    }
}
