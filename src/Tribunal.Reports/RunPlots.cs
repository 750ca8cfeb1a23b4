using System.Globalization;
using System.Text;
using Tribunal.Calibration;
using Tribunal.Runs.Summary;

namespace Tribunal.Reports;

/// <summary>A plot with what is said beside it and the figures it is drawn from.</summary>
/// <param name="Name">Its name in addresses and files.</param>
/// <param name="Title">In words.</param>
/// <param name="Caption">What it shows.</param>
/// <param name="Svg">The drawing, for a page whose style sheet gives the colours.</param>
/// <param name="Marks">What its marks are, first and second; empty for none.</param>
/// <param name="Csv">The figures, a line of names first.</param>
internal sealed record RunPlot(string Name, string Title, string Caption, Markup Svg, IReadOnlyList<(string Mark, string What)> Marks, string Csv)
{
    // The colours of the pages, which a drawing that stands alone brings along.
    private const string Style =
        "<style>svg{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;background:#fff}.fill-ink{fill:#1b1f24}.stroke-ink{stroke:#1b1f24}.fill-grid{fill:#d4d8de}.stroke-grid{stroke:#d4d8de}"
        + ".fill-first{fill:#0b5cad}.stroke-first{stroke:#0b5cad}.fill-second{fill:#b3470b}.stroke-second{stroke:#b3470b}"
        + "@media(prefers-color-scheme:dark){svg{background:#14171b}.fill-ink{fill:#e8eaed}.stroke-ink{stroke:#e8eaed}.fill-grid{fill:#3a424c}.stroke-grid{stroke:#3a424c}"
        + ".fill-first{fill:#6db3ff}.stroke-first{stroke:#6db3ff}.fill-second{fill:#ffa366}.stroke-second{stroke:#ffa366}}</style>";

    /// <summary>The key to its marks, for a page: text and marks, so that colour alone says nothing.</summary>
    public Markup Key() => Marks.Count == 0 ? new Markup("") : Charts.Key(Marks[0].What, Marks.Count > 1 ? Marks[1].What : null, Marks.Count > 1 ? Marks[1].Mark : "×");

    /// <summary>The drawing as a file of its own.</summary>
    public string File()
    {
        int head = Svg.Html.IndexOf('>', StringComparison.Ordinal);
        return string.Concat("<svg xmlns=\"http://www.w3.org/2000/svg\"", Svg.Html.AsSpan(4, head - 4), ">", Style) + Svg.Html[(head + 1)..];
    }
}

/// <summary>A run's plots: the same in the report and in the viewer.</summary>
internal static class RunPlots
{
    /// <summary>Domains that are drawn, the largest first.</summary>
    public const int DomainsPlotted = 20;

    /// <summary>How values are distributed; null where there are none.</summary>
    public static RunPlot? Distribution(string title, string axis, Histogram histogram)
    {
        if (histogram.Count == 0)
        {
            return null;
        }

        double[] edges = histogram.Edges;
        string caption = string.Create(CultureInfo.InvariantCulture, $"{title}: {histogram.Count:N0}, mean {histogram.Mean:0.000}");
        var csv = new StringBuilder("from,to,count\n");
        for (int i = 0; i < histogram.Counts.Count; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{Math.Max(0, edges[i])},{Math.Min(1, edges[i + 1])},{histogram.Counts[i]}\n");
        }

        return new RunPlot(title.ToLowerInvariant(), title, caption, Charts.Bars(caption, axis, "count", [.. histogram.Counts.Select(static c => (double)c)], edges), [], csv.ToString());
    }

    /// <summary>The rows of accuracy by domain, all over first, the largest domain next.</summary>
    public static (string Name, DomainSummary Domain)[] Domains(RunSummary summary) =>
    [
        ("overall", summary.Overall),
        .. summary.Domains.OrderByDescending(static d => d.Value.Rollouts).ThenBy(static d => d.Key, StringComparer.Ordinal).Where(static d => d.Value.Accuracy is not null).Select(static d => (d.Key, d.Value)),
    ];

    /// <summary>Accuracy by domain; null without labels.</summary>
    public static RunPlot? Accuracy(RunSummary summary)
    {
        if (summary.Overall.Accuracy is null)
        {
            return null;
        }

        (string Name, DomainSummary Domain)[] rows = Domains(summary);
        IntervalRow[] plotted = [.. rows.Take(DomainsPlotted).Select(static r => new IntervalRow(r.Name, r.Domain.Accuracy!.Value, r.Domain.Accuracy.Low, r.Domain.Accuracy.High, r.Domain.Chance))];
        var csv = new StringBuilder("domain,labelled,accuracy,low,high,guessing\n");
        foreach ((string name, DomainSummary domain) in rows)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{Cell(name)},{domain.Accuracy!.Of},{domain.Accuracy.Value},{domain.Accuracy.Low},{domain.Accuracy.High},{domain.Chance}\n");
        }

        string caption = $"Share of labelled rollouts whose best response was found, with Wilson's 95 % interval.{(rows.Length > plotted.Length ? $" The {plotted.Length} largest of {rows.Length} are drawn." : "")}";
        return new RunPlot("accuracy", "Accuracy by domain", caption, Charts.Intervals("Accuracy by domain with 95 % intervals, and what guessing gives", plotted), [("●", "measured, with its 95 % interval"), ("×", "guessing")], csv.ToString());
    }

    /// <summary>Accuracy against confidence; null without labels.</summary>
    public static RunPlot? Calibration(RunSummary summary)
    {
        if (summary.Calibration is not { } calibration)
        {
            return null;
        }

        List<(double X, double Y, double Low, double High)> points = [];
        var csv = new StringBuilder("from,to,verdicts,confidence,accuracy,low,high\n");
        foreach (ReliabilityBin bin in Filled(calibration.All))
        {
            Rate rate = Rate.Wilson(bin.Accuracy!.Value * bin.Count, bin.Count)!;
            points.Add((bin.Confidence!.Value, bin.Accuracy.Value, rate.Low, rate.High));
            csv.Append(CultureInfo.InvariantCulture, $"{bin.Low},{bin.High},{bin.Count},{bin.Confidence},{bin.Accuracy},{rate.Low},{rate.High}\n");
        }

        CalibrationReport? scaling = calibration.HeldBack;
        (double X, double Y)[] scaled = scaling is null ? [] : [.. Filled(scaling.After).Select(static bin => (bin.Confidence!.Value, bin.Accuracy!.Value))];
        string after = scaling is null
            ? ""
            : string.Create(CultureInfo.InvariantCulture, $" Temperature {scaling.Temperature:0.00}, fitted on {scaling.FittedOn:N0} verdicts, changes the error on the other {scaling.After.Count:N0} from {scaling.Before.Ece:0.000} to {scaling.After.Ece:0.000} (crosses).");
        string caption = string.Create(CultureInfo.InvariantCulture, $"Expected calibration error {calibration.All.Ece:0.000}: how far confidences are from being probabilities.{after}");
        return new RunPlot(
            "calibration", "Calibration", caption, Charts.Reliability("Accuracy against confidence", points, scaled),
            [("●", "this run, with 95 % intervals"), ("╌", scaling is null ? "perfectly calibrated" : "perfectly calibrated; × after temperature scaling")], csv.ToString());
    }

    /// <summary>The bins that hold anything.</summary>
    public static ReliabilityBin[] Filled(Reliability table) => [.. table.Bins.Where(static bin => bin.Count > 0)];

    /// <summary>A cell of a CSV file, in which a text that would run as a formula is a text.</summary>
    public static string Cell(string text)
    {
        string safe = text.Length > 0 && text[0] is ('=' or '+' or '-' or '@' or '\t' or '\r') ? "'" + text : text;
        return safe.AsSpan().IndexOfAny("\",\n\r") >= 0 ? $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : safe;
    }
}
