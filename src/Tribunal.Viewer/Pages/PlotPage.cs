using Tribunal.Reports;
using Tribunal.Runs.Summary;
using Tribunal.Viewer.Index;

namespace Tribunal.Viewer.Pages;

/// <summary>A run's plots, those of the report among them.</summary>
internal static class PlotPage
{
    /// <summary>The plots that there are figures for.</summary>
    public static IEnumerable<RunPlot> Of(ViewedRun run, RunIndex index)
    {
        var confidences = new Histogram();
        var margins = new Histogram();
        foreach (IndexRow row in index.Rows)
        {
            if (row.Responses > 1 && row.Status == 1)
            {
                confidences.Add(row.Confidence);
                margins.Add(row.Margin);
            }
        }

        RunSummary? summary = run.Summary();
        RunPlot?[] plots =
        [
            summary is null ? null : RunPlots.Accuracy(summary),
            summary is null ? null : RunPlots.Calibration(summary),
            RunPlots.Distribution("Rewards", "reward of a response", index.Rewards),
            RunPlots.Distribution("Confidence", "confidence of the verdict", confidences),
            RunPlots.Distribution("Margins", "margin of the best over the runner-up", margins),
        ];
        return plots.OfType<RunPlot>();
    }
}
