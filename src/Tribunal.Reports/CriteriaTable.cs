using Tribunal.Runs.Summary;

namespace Tribunal.Reports;

/// <summary>The report's section on the criteria of rubrics.</summary>
internal static class CriteriaTable
{
    private const int IdShown = 64;

    /// <summary>Writes it, where responses were graded by criteria.</summary>
    public static void Write(HtmlPage page, RunSummary summary)
    {
        if (summary.Criteria is not { Count: > 0 } criteria)
        {
            return;
        }

        bool labelled = criteria.Any(static criterion => criterion.Best is not null);
        page.Add($"<section id=\"criteria\" aria-labelledby=\"criteria-title\">\n<h2 id=\"criteria-title\">Criteria</h2>\n");
        page.Add($"<p class=\"soft\">How far responses meet each criterion of their rubrics, from 0 to 1; rewards are the weighted share.");
        if (labelled)
        {
            page.Add($" A criterion tells good responses from others as far as the labelled best ones meet it more.");
        }

        page.Add($"</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Criteria\"><table>\n<thead><tr><th scope=\"col\">criterion</th><th scope=\"col\">responses</th><th scope=\"col\">mean grade</th>");
        if (labelled)
        {
            page.Add($"<th scope=\"col\">labelled best</th><th scope=\"col\">others</th>");
        }

        page.Add($"</tr></thead>\n<tbody>\n");
        foreach (CriterionSummary criterion in criteria)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{PlainText.Head(criterion.Id, IdShown)}</bdi></th><td>{criterion.Responses:N0}</td><td>{criterion.Mean:0.000}</td>");
            if (labelled)
            {
                page.Add($"<td>{Words(criterion.Best)}</td><td>{Words(criterion.Rest)}</td>");
            }

            page.Add($"</tr>\n");
        }

        page.Add($"</tbody></table></div>\n</section>\n");
    }

    private static string Words(double? grade) => grade is null ? "–" : $"{grade:0.000}";
}
