using Tribunal.Judgements;
using Tribunal.Viewer.Forms;
using Tribunal.Viewer.Index;

namespace Tribunal.Viewer.Pages;

/// <summary>The table of a run's rollouts, a stretch at a time.</summary>
internal static class RowPage
{
    /// <summary>The most rows given at once.</summary>
    public const int Most = 500;

    public static async Task<RowsAnswer> OfAsync(ViewedRun run, RowQuery query, int offset, int count, CancellationToken cancellationToken)
    {
        RunIndex index = await run.IndexAsync(cancellationToken);
        ProgressForm progress = index.Progress;
        int all = index.Count;
        (int[]? rows, TextSearch? search) = run.Rows(index, query);
        int total = rows?.Length ?? all;
        int end = (int)Math.Min((long)offset + Math.Clamp(count, 0, Most), total);
        return new RowsAnswer
        {
            All = all,
            Total = total,
            Offset = offset,
            Rows = [.. Enumerable.Range(offset, Math.Max(0, end - offset)).Select(i => FormOf(run, index, rows?[i] ?? i, search))],
            Index = progress,
            Search = search is null ? null : new SearchForm(search.Hits.Count, search.Scanned, index.Bytes, search.IsDone, search.Fault),
        };
    }

    public static RowForm FormOf(ViewedRun run, RunIndex index, int row, TextSearch? search)
    {
        IndexRow known = index.Rows[row];
        string id = index.IdOf(row);
        SearchHit? hit = search?.Hits.Of(row);
        return new RowForm
        {
            Row = row,
            Id = id,
            Domain = known.Domain < 0 ? null : index.Domains[known.Domain],
            Status = known.Status switch { 1 => "scored", 2 => "unscorable", _ => "waiting" },
            Right = RightOf(run.RightOf(index, row)),
            Best = known.Best < 0 ? null : known.Best,
            Responses = known.Responses,
            Confidence = NumberOf(known.Confidence),
            Margin = NumberOf(known.Margin),
            Votes = VotesOf(known),
            Matched = known.Matched,
            Flipped = known.Flipped,
            Neutralised = known.Neutralised,
            SlowestMs = known.SlowestMs,
            Usage = new Usage(known.Input, known.Output),
            Noted = run.Labels.Count > 0 && run.Labels.Of(id) is not null,
            FoundIn = hit?.Where,
            Snippet = hit?.Snippet,
        };
    }

    public static bool? RightOf(sbyte right) => right < 0 ? null : right == 1;

    public static double? NumberOf(double value) => double.IsNaN(value) ? null : value;

    public static VoteCounts VotesOf(in IndexRow known) => new()
    {
        Drawn = known.Drawn, Valid = known.Valid, Unparsable = known.Unparsable, Truncated = known.Truncated, Refused = known.Refused, Failed = known.Failed, Kept = known.Kept,
    };
}
