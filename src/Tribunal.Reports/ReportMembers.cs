using Tribunal.Calibration;
using Tribunal.Runs.Summary;

namespace Tribunal.Reports;

/// <summary>The members of a panel, or the judges of a cascade, in a run's report.</summary>
internal static class ReportMembers
{
    private const int NameShown = 160;

    /// <summary>Adds their table; nothing where one judge judged.</summary>
    public static void Add(HtmlPage page, RunSummary summary)
    {
        if (summary.Members is not { } members)
        {
            return;
        }

        // Of a cascade, the judge that had the last word on a rollout alone votes there.
        bool cascade = summary.Routes is not null;
        string who = cascade ? "Judges of the cascade" : "Members of the panel";
        string weights = cascade ? "" : $"; weights: {summary.Weighing ?? "given"}";
        page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{who}, table\"><table><caption>{who}, each with what its votes alone come to{weights}</caption><thead><tr><th scope=\"col\">member</th><th scope=\"col\">protocol</th><th scope=\"col\">judgements</th><th scope=\"col\">valid</th><th scope=\"col\">agrees with the verdicts</th><th scope=\"col\">accuracy alone</th><th scope=\"col\">tokens</th><th scope=\"col\">cost</th><th scope=\"col\">weight</th></tr></thead><tbody>");
        foreach (MemberSummary member in members)
        {
            page.Add($"<tr><th scope=\"row\"><bdi>{PlainText.Head(member.Judge, NameShown)}</bdi></th><td><bdi>{PlainText.Head(member.Protocol, NameShown)}</bdi></td><td>{member.Judgements.Drawn:N0}</td><td>{Share(member.ValidRate)}</td><td>{Share(member.Agreement)}</td><td>{Range(member.Accuracy)}</td><td>{member.Usage.Input + member.Usage.Output:N0}</td><td>{(member.Cost is double cost ? $"{cost:N4}" : "–")}</td><td>{(cascade ? "–" : $"{member.Weight:0.00}")}{(member.WeightLater is double later ? $" / {later:0.00}" : "")}</td></tr>");
        }

        page.Add($"</tbody></table></div>\n");
        if (members.Any(static member => member.WeightLater is not null))
        {
            page.Add($"<p class=\"soft\">Two weights: for votes for the response shown first, and for a later one.</p>\n");
        }
    }

    private static string Share(Rate? rate) => rate is null ? "–" : $"{rate.Value:P1}";

    private static string Range(Rate? rate) => rate is null ? "–" : $"{rate.Value:P1} ({rate.Low:P1} to {rate.High:P1})";
}
