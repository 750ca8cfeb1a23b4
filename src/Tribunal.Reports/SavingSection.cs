using Tribunal.Calibration;
using Tribunal.Runs.Summary;

namespace Tribunal.Reports;

/// <summary>What stopping early saved, what is believed of the judge, and how far <c>correctness</c> can be believed.</summary>
internal static class SavingSection
{
    public static void AddTo(HtmlPage page, RunSummary summary)
    {
        if (summary.Adaptivity is { } saving)
        {
            page.Add($"<section id=\"saving\" aria-labelledby=\"saving-title\">\n<h2 id=\"saving-title\">What was saved</h2>\n");
            page.Add($"<p>{saving.Drawn:N0} of the {saving.Pool:N0} judgements of the whole pool were drawn. The other {saving.SavedJudgements:N0} would have taken about {saving.SavedTokens:N0} tokens and {saving.SavedSeconds:N0} seconds of the judge.</p>\n");
            page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"What is believed of the judge, table\"><table><thead><tr><th scope=\"col\">believed of the judge</th><th scope=\"col\"></th></tr></thead><tbody>");
            Row("prior", saving.Note is null ? saving.Prior : $"{saving.Prior}: {saving.Note}");
            Share("two judgements of a pair agree, in the same order", saving.SelfAgreement);
            Share("in opposite orders", saving.AgreementAcrossOrders);
            Share("what two judgements have in common of a score's variance inside a rollout", saving.Reliability);
            Number(saving.SelfAgreement is null ? "being shown first is worth, as a share of the score range" : "being shown first is worth, in log-odds", saving.OrderEffect);
            Number("independent judgements that those of a rollout are worth", saving.EffectiveJudgements);
            page.Add($"</tbody></table></div>\n</section>\n");
        }

        if (summary.Correctness is { } reliability)
        {
            page.Add($"<section id=\"correctness\" aria-labelledby=\"correctness-title\">\n<h2 id=\"correctness-title\">Correctness</h2>\n<p>The stored calibration's probabilities of being right, on {reliability.Count:N0} rollouts whose labels it was not fitted on: expected calibration error {reliability.Ece:0.000}.</p>\n");
            page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Correctness, table\"><table><thead><tr><th scope=\"col\">correctness</th><th scope=\"col\">verdicts</th><th scope=\"col\">mean correctness</th><th scope=\"col\">accuracy</th></tr></thead><tbody>");
            foreach (ReliabilityBin bin in reliability.Bins.Where(static bin => bin.Count > 0))
            {
                page.Add($"<tr><th scope=\"row\">{bin.Low:0.0} to {bin.High:0.0}</th><td>{bin.Count:N0}</td><td>{bin.Confidence!.Value:0.000}</td><td>{bin.Accuracy!.Value:P1}</td></tr>");
            }

            page.Add($"</tbody></table></div>\n</section>\n");
        }

        void Row(string name, string value) => page.Add($"<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>");

        void Share(string name, double? value)
        {
            if (value is { } share)
            {
                page.Add($"<tr><th scope=\"row\">{name}</th><td>{share:P1}</td></tr>");
            }
        }

        void Number(string name, double? value)
        {
            if (value is { } number)
            {
                page.Add($"<tr><th scope=\"row\">{name}</th><td>{number:0.00}</td></tr>");
            }
        }
    }
}
