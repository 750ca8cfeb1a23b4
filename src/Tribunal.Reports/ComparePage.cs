using System.Globalization;
using Tribunal.Benchmarks;
using Tribunal.Calibration;
using Tribunal.Rollouts;

namespace Tribunal.Reports;

/// <summary>A comparison as one self-contained HTML file, under the same policy as the report.</summary>
public static class ComparePage
{
    private const int NameShown = 120;
    private const int TextShown = 3000;
    private const int ResponsesShown = 8;

    /// <summary>Renders it.</summary>
    /// <param name="comparison">The comparison.</param>
    public static string Render(Comparison comparison)
    {
        HtmlPage page = PageFrame.Open("Tribunal comparison");
        page.Add($"<header>\n<h1>Comparison</h1>\n<p class=\"soft\">{comparison.Shared:N0} shared rollouts, {comparison.Labelled:N0} of them labelled</p>\n");
        foreach (string note in comparison.Notes)
        {
            page.Add($"<p class=\"banner\">{PlainText.Head(note, 500)}</p>\n");
        }

        page.Add($"</header>\n<main id=\"main\" tabindex=\"-1\">\n");
        if (comparison.Runs.Count > 0)
        {
            Runs(page, comparison);
            Differences(page, comparison);
            Domains(page, comparison);
            Disagreements(page, comparison);
        }

        if (comparison.Benchmarks.Count > 0)
        {
            Benchmarks(page, comparison.Benchmarks);
        }

        return PageFrame.Close(page);
    }

    private static void Runs(HtmlPage page, Comparison comparison)
    {
        page.Add($"<section aria-labelledby=\"runs\"><h2 id=\"runs\">Accuracy and cost</h2>\n");
        IntervalRow[] rows = [.. comparison.Runs.Where(static r => r.Accuracy is not null).Take(20).Select(static r => new IntervalRow(r.Name, r.Accuracy!.Value, r.Accuracy.Low, r.Accuracy.High, null))];
        if (rows.Length > 0)
        {
            string csv = "run,accuracy,low,high\n" + string.Concat(rows.Select(static row => string.Create(CultureInfo.InvariantCulture, $"{RunPlots.Cell(row.Label)},{row.Value},{row.Low},{row.High}\n")));
            const string Caption = "Accuracy on the shared labelled rollouts; unscorable ones count as wrong. Intervals of single runs overlap more readily than their paired difference, which is below.";
            page.Add($"{HtmlPage.Figure(new RunPlot("accuracy", "Accuracy", Caption, Charts.Intervals("Accuracy of each run with 95 % intervals; the table below has the figures", rows), [], csv))}\n");
        }

        Open(page, "Accuracy and cost", "run", "model", "protocol", "scored", "accuracy", "95 % interval", "judgements", "tokens", "cost");
        foreach (ComparedRun run in comparison.Runs)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{Name(run.Name)}</bdi></th><td class=\"words\"><bdi>{Name(run.Model)}</bdi>{(run.Simulated ? " (simulated)" : "")}</td><td>{run.Protocol}</td><td>{run.Scored:N0}</td><td>{Percent(run.Accuracy?.Value)}</td><td>{(run.Accuracy is { } rate ? $"{rate.Low:P1} to {rate.High:P1}" : "–")}</td><td>{run.JudgementsPerRollout:0.#}</td><td>{run.Usage.Input + run.Usage.Output:N0}</td><td>{(run.Cost is double cost ? $"{cost:N4}" : "–")}</td></tr>");
        }

        Close(page);
    }

    private static void Differences(HtmlPage page, Comparison comparison)
    {
        page.Add($"<section aria-labelledby=\"differences\"><h2 id=\"differences\">Paired differences</h2>\n<p>Against <bdi>{Name(comparison.Runs[0].Name)}</bdi>, rollout by rollout: bootstrap intervals from {comparison.Resamples:N0} draws (seed {comparison.Seed}) and McNemar's exact test.</p>\n");
        Open(page, "Paired differences", "run", "difference", "95 % interval", "only this right", "only the other right", "McNemar p", "agreement");
        foreach (PairedDifference difference in comparison.Differences)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{Name(difference.Run)}</bdi></th><td>{Points(difference.Difference)}</td><td>{Points(difference.Low)} to {Points(difference.High)}</td><td>{difference.OnlyThis:N0}</td><td>{difference.OnlyOther:N0}</td><td>{(difference.McNemar is double p ? $"{p:0.####}" : "–")}</td><td>{Percent(difference.Agreement)}</td></tr>");
        }

        Close(page);
    }

    private static void Disagreements(HtmlPage page, Comparison comparison)
    {
        page.Add($"<section aria-labelledby=\"disagreements\"><h2 id=\"disagreements\">Where they disagree</h2>\n<p>The {comparison.Disagreements.Count} rollouts on which all are surest and yet choose different responses.</p>\n");
        Open(page, "Disagreements", ["rollout", "domain", "labelled", .. comparison.Runs.Select(static r => Name(r.Name))]);
        foreach (Disagreement rollout in comparison.Disagreements)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{Name(rollout.Id)}</bdi></th><td class=\"words\"><bdi>{Name(rollout.Domain ?? "–")}</bdi></td><td>{(rollout.Best is { } best ? string.Join(", ", best.Take(8).Select(static b => b + 1)) : "–")}</td>");
            for (int i = 0; i < rollout.Choices.Count; i++)
            {
                page.Add($"<td>{(rollout.Choices[i] is int choice ? $"{choice + 1} ({rollout.Confidences[i]:0.00})" : "unscorable")}</td>");
            }

            page.Add($"</tr>");
        }

        page.Add($"</tbody></table></div>\n");
        foreach (Disagreement rollout in comparison.Disagreements.Where(static one => one.Rollout is not null))
        {
            Texts(page, comparison, rollout, rollout.Rollout!);
        }

        page.Add($"</section>\n");
    }

    private static void Texts(HtmlPage page, Comparison comparison, Disagreement told, Rollout rollout)
    {
        page.Add($"<details><summary><bdi>{Name(told.Id)}</bdi>: prompt and {rollout.Responses.Count} responses</summary>\n");
        page.Pre("Prompt", PlainText.Head(string.Join("\n\n", rollout.Prompt.Select(static turn => $"{turn.Role}: {turn.Content}")), TextShown));
        for (int i = 0; i < Math.Min(rollout.Responses.Count, ResponsesShown); i++)
        {
            string chosen = string.Join(", ", comparison.Runs.Where((_, run) => told.Choices[run] == i).Select(static run => run.Name));
            page.Add($"<h3>Response {i + 1}{(told.Best?.Contains(i) == true ? ", labelled best" : "")}{(chosen.Length > 0 ? $", chosen by {Name(chosen)}" : "")}</h3>");
            page.Pre($"Response {i + 1}", PlainText.Head(rollout.Responses[i].Content, TextShown));
        }

        page.Add($"{(rollout.Responses.Count > ResponsesShown ? $"{rollout.Responses.Count - ResponsesShown} more responses are left out." : "")}</details>\n");
    }

    private static void Domains(HtmlPage page, Comparison comparison)
    {
        if (comparison.Domains.Count == 0)
        {
            return;
        }

        page.Add($"<section aria-labelledby=\"domains\"><h2 id=\"domains\">By domain</h2>\n");
        Open(page, "By domain", ["domain", "rollouts", "labelled", .. comparison.Runs.Select(static r => Name(r.Name)), .. comparison.Differences.Select(static d => $"{Name(d.Run)}: difference in points, 95 %, McNemar p")]);
        foreach (ComparedDomain domain in comparison.Domains)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{Name(domain.Name)}</bdi></th><td>{domain.Shared:N0}</td><td>{domain.Labelled:N0}</td>");
            foreach (Rate? rate in domain.Accuracy)
            {
                page.Add($"<td>{(rate is null ? "–" : $"{rate.Value:P1} [{rate.Low:P1}, {rate.High:P1}]")}</td>");
            }

            foreach (PairedDifference difference in domain.Differences)
            {
                page.Add($"<td>{Points(difference.Difference)} ({Points(difference.Low)} to {Points(difference.High)}), {(difference.McNemar is double p ? $"{p:0.###}" : "–")}</td>");
            }

            page.Add($"</tr>");
        }

        Close(page);
    }

    private static void Benchmarks(HtmlPage page, IReadOnlyList<BenchmarkResult> results)
    {
        page.Add($"<section aria-labelledby=\"benchmarks\"><h2 id=\"benchmarks\">Benchmarks</h2>\n");
        Open(page, "Benchmarks", "suite", "judge", "protocol", "items", "one judgement", "vote", "judgements an item");
        foreach (BenchmarkResult result in results)
        {
            page.Add($"<tr><th scope=\"row\">{Name(result.Suite)}</th><td class=\"words\"><bdi>{Name(result.Judge)}</bdi>{(result.Simulated ? " (simulated)" : "")}</td><td>{Name(result.Protocol)}</td><td>{result.Vote.Items:N0}</td><td>{Percent(result.Single.Overall)}</td><td>{Percent(result.Vote.Overall)}</td><td>{result.JudgementsPerItem:0.#}</td></tr>");
            foreach (BenchmarkSection section in result.Vote.Sections)
            {
                BenchmarkSection? single = result.Single.Sections.FirstOrDefault(s => s.Name == section.Name);
                page.Add($"<tr><td colspan=\"3\">{Name(section.Name)}</td><td>{section.Items:N0}</td><td>{Percent(single?.Score)}</td><td>{Percent(section.Score)}</td><td></td></tr>");
            }
        }

        Close(page);
    }

    private static void Open(HtmlPage page, string label, params IReadOnlyList<string> columns)
    {
        page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{label}, table\"><table><thead><tr>");
        foreach (string column in columns)
        {
            page.Add($"<th scope=\"col\"{new Markup(column is "model" or "judge" or "domain" ? " class=\"words\"" : "")}>{column}</th>");
        }

        page.Add($"</tr></thead><tbody>");
    }

    private static void Close(HtmlPage page) => page.Add($"</tbody></table></div>\n</section>\n");

    private static string Name(string name) => PlainText.Head(name, NameShown);

    private static string Percent(double? share) => share is double value ? $"{value:P1}" : "–";

    private static string Points(double? difference) => difference is double value ? $"{100 * value:+0.0;−0.0;0.0}" : "–";
}
