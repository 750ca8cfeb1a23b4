using System.Text;
using Tribunal.Calibration;
using Tribunal.Judgements;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Summary;

namespace Tribunal.Cli.Output;

/// <summary>A run's summary for people.</summary>
internal static class SummaryText
{
    private const int CriteriaShown = 12;

    private const int MostDomains = 12;

    public static string Of(RunSummary summary, TimeSpan? elapsed)
    {
        var text = new StringBuilder();
        OutcomeCounts judgements = summary.Judgements;
        Row("rollouts", (summary.Halt is null
            ? $"{summary.Scored:N0} scored, {summary.Unscorable:N0} unscorable"
            : $"{summary.Scored:N0} of {summary.Rollouts:N0} scored so far") + $", {summary.Invalid:N0} invalid lines");
        Row("judgements", $"{judgements.Drawn:N0} drawn, {judgements.Valid:N0} valid" + Others(judgements));
        if (summary.Requests.Sent != judgements.Drawn)
        {
            RequestCounts requests = summary.Requests;
            Row("requests", $"{requests.Sent:N0} sent; {requests.Throttled:N0} throttled, {requests.Unavailable:N0} unavailable, {requests.Reset:N0} reset, {requests.TimedOut:N0} timed out, {requests.Redrawn:N0} cut off and redrawn");
        }

        if (summary.Hinted is { } hinted)
        {
            Row("hinted", $"{hinted.Drawn:N0} drawn for training data, {hinted.Valid:N0} valid, none voted; {hinted.Usage.Input:N0} tokens in, {hinted.Usage.Output:N0} out on top" + (hinted.Cost is double more ? $"; cost {more:0.00##}" : ""));
        }

        if (summary.Overall.Accuracy is { } accuracy)
        {
            Row("accuracy", $"{Share(accuracy)} of {accuracy.Of:N0} labelled (guessing {summary.Overall.Chance:P1})");
            List<KeyValuePair<string, DomainSummary>> domains = [.. summary.Domains.Where(static d => d.Value.Accuracy is not null)];
            foreach ((string name, DomainSummary domain) in domains.OrderByDescending(static d => d.Value.Accuracy!.Of).Take(MostDomains).OrderBy(static d => d.Key, StringComparer.Ordinal))
            {
                Row("  " + TerminalText.Fit(name, 48), $"{Share(domain.Accuracy!)} of {domain.Accuracy!.Of:N0}");
            }

            if (domains.Count > MostDomains)
            {
                Row("  …", $"{domains.Count - MostDomains:N0} smaller domains in summary.json");
            }
        }

        foreach ((string name, DomainSummary route) in (summary.Routes ?? new Dictionary<string, DomainSummary>()).OrderBy(static r => r.Key, StringComparer.Ordinal).Take(12))
        {
            Row("route", $"{TerminalText.Fit(name, 48)}: {route.Rollouts:N0} rollouts, {route.Usage.Input + route.Usage.Output:N0} tokens" + (route.Accuracy is { } share ? $", {Share(share)}" : ""));
        }

        foreach (MemberSummary member in summary.Members ?? [])
        {
            Row("member", $"{TerminalText.Fit(member.Judge, 48)} by {TerminalText.Fit(member.Protocol, 40)}: {member.Judgements.Drawn:N0} judgements, {member.ValidRate?.Value ?? 0:P1} valid"
                + (member.Agreement is { } agreement ? $", agrees with the verdicts in {agreement.Value:P1}" : "") + (member.Accuracy is { } own ? $", alone {Share(own)}" : "")
                + (member.Cost is double price ? $", cost {price:0.00##}" : "") + (summary.Routes is null ? $", weighs {member.Weight:0.00}" : "") + (member.WeightLater is double later ? $"|{later:0.00}" : ""));
        }

        foreach (CriterionSummary criterion in (summary.Criteria ?? []).Take(CriteriaShown))
        {
            Row("criterion", $"{TerminalText.Fit(criterion.Id, 48)}: graded {criterion.Mean:P1}" + (criterion.Best is { } best && criterion.Rest is { } rest ? $", labelled best {best:P1}, others {rest:P1}" : ""));
        }

        if (summary.Criteria is { Count: > CriteriaShown } many)
        {
            Row("", $"and {many.Count - CriteriaShown:N0} criteria more in the report");
        }

        if (summary.FlipRate is { } flips)
        {
            Row("order", $"{flips.Value:P1} of judgements flip with the order shown; {summary.FirstShownRate!.Value:P1} choose the first shown");
        }

        if (summary.Stops.Count > 1 && summary.Halt is null)
        {
            Row("stopped", string.Join(", ", summary.Stops.Select(static stop => $"{stop.Value:N0} {stop.Key}")));
        }

        if (summary.Adaptivity is { } saving)
        {
            Row("saved", $"{saving.SavedJudgements:N0} of {saving.Pool:N0} judgements, about {saving.SavedTokens:N0} tokens" + (saving.SavedSeconds > 0 ? $" and {saving.SavedSeconds:N0} s of the judge" : ""));
            Row("prior", saving.Prior + (saving.SelfAgreement is { } agree ? $": two judgements of a pair agree in {agree:P1}, in opposite orders in {saving.AgreementAcrossOrders:P1}" : saving.Reliability is { } reliability ? $": two judgements have {reliability:P1} of a score's variance in common" : "")
                + (saving.EffectiveJudgements is { } effective ? $"; a rollout's are worth {effective:0.0} independent ones" : "") + (saving.Note is { } note ? $" ({note})" : ""));
        }

        if (summary.Correctness is { } reliable)
        {
            Row("correctness", $"expected calibration error {reliable.Ece:0.000} on {reliable.Count:N0} labelled rollouts");
        }

        Row("tokens", $"{summary.Usage.Input:N0} in, {summary.Usage.Output:N0} out" + (summary.Estimated is null ? "" : ", in part estimated") + (summary.Cost is double cost ? $"; cost {cost:0.00##}" : ""));
        if (elapsed is { } time)
        {
            Row("time", $"{time.TotalSeconds:0.0} s");
        }

        foreach (FailureReason reason in summary.Reasons ?? [])
        {
            Row("reason", $"{reason.Count:N0} {reason.Outcome.ToString().ToLowerInvariant()}: {TerminalText.Fit(reason.Words, 400)}");
            if (ReasonAdvice.For(reason.Words) is { } advice)
            {
                Row("", advice);
            }
        }

        foreach (string warning in summary.Warnings)
        {
            Row("warning", TerminalText.Clean(warning));
        }

        return text.ToString();

        void Row(string name, string value) => text.Append("  ").Append(name.PadRight(12)).Append(' ').AppendLine(value);
    }

    private static string Share(Rate rate) => $"{rate.Value:P1} [{rate.Low:P1}, {rate.High:P1}]";

    private static string Others(OutcomeCounts counts)
    {
        string others = string.Join(", ", ((long Count, string Name)[])
            [(counts.Unparsable, "unparsable"), (counts.Truncated, "truncated"), (counts.Refused, "refused"), (counts.Failed, "failed")]
            is var all ? all.Where(static o => o.Count > 0).Select(static o => $"{o.Count:N0} {o.Name}") : []);
        return others.Length > 0 ? ", " + others : "";
    }
}
