using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Tribunal.Protocols;
using Tribunal.RewardServer.Judging;
using Tribunal.Verdicts;

namespace Tribunal.RewardServer.Serving;

/// <summary>The page at <c>/</c>: how the server does, what it judged last, and what it waits for. No script, and nothing from elsewhere.</summary>
internal static class StatusPage
{
    private const string Style =
        ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}" +
        "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #8884;font-variant-numeric:tabular-nums;white-space:nowrap;vertical-align:top}" +
        "td.text{white-space:normal;overflow-wrap:anywhere;width:100%}@media(max-width:40rem){.side{display:none}}" +
        "dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{opacity:.75}dd{margin:0;overflow-wrap:anywhere}.warn{border-left:.4rem solid #b3470b;padding:.5rem 1rem}";

    /// <summary>Nothing may run, and nothing may be fetched: only this page's own style counts.</summary>
    public static readonly string ContentPolicy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The page.</summary>
    /// <param name="desk">What judges.</param>
    /// <param name="health">How the judge is.</param>
    /// <param name="clients">Clients with budgets.</param>
    /// <param name="whole">Whether whoever looks may know more than whether the judge answers.</param>
    /// <param name="live">Whether it loads again by itself: who reads slowly, or has it read out, is not interrupted unasked.</param>
    public static string Of(RewardDesk desk, JudgeHealth health, IEnumerable<ClientBudget> clients, bool whole, bool live)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">").Append(live ? "<meta http-equiv=\"refresh\" content=\"5\">" : "")
            .Append("<title>tribunal serve</title><style>").Append(Style).Append("</style></head><body><main><h1>tribunal serve</h1>");
        if (desk.Simulated)
        {
            page.Append("<p class=\"warn\">SIMULATED judge: these rewards say nothing of the responses.</p>");
        }

        page.Append(health.Ready ? "<p>The judge answers.</p>" : "<p class=\"warn\">The judge does not answer.</p>");
        if (whole)
        {
            Figures(page, desk, health);
            Clients(page, desk.Spending, [.. clients]);
            Waiting(page, desk.Gatherings);
            Recent(page, desk.Recent.Latest);
        }

        return page.Append("<p><a href=\"/openapi/v1.json\">API description</a> · <a href=\"/healthz\">health</a> · <a href=\"/metrics\">metrics</a> · ")
            .Append(live ? "<a href=\"/\">stand still</a>" : "<a href=\"/?live\">look again every five seconds</a>").Append("</p></main></body></html>").ToString();
    }

    private static void Figures(StringBuilder page, RewardDesk desk, JudgeHealth health)
    {
        TimeSpan[] took = [.. desk.Recent.Latest.Select(static group => group.Took).Order()];
        page.Append("<dl>");
        Fact("judge", $"{desk.Asked.Model}: {health.Detail}");
        Fact("under way", Number(desk.Waiting));
        Fact("groups judged", Number(desk.Counts.Rollouts));
        Fact("judgements", Number(desk.Counts.Judgements));
        Fact("from the record", Number(desk.Counts.Remembered));
        Fact("turned away", Number(desk.Counts.TurnedAway));
        if (took.Length > 0)
        {
            Fact("latency", $"median {Seconds(took[took.Length / 2])}, longest {Seconds(took[^1])} of the last {took.Length}");
        }

        page.Append("</dl>");

        void Fact(string name, string value) => page.Append("<dt>").Append(name).Append("</dt><dd>").Append(WebUtility.HtmlEncode(value)).Append("</dd>");
    }

    private static void Clients(StringBuilder page, ClientSpending spending, ClientBudget[] clients)
    {
        if (clients.Length == 0)
        {
            return;
        }

        page.Append("<h2>Clients</h2><table><tr><th>client<th>requests<th>tokens");
        foreach (ClientBudget client in clients)
        {
            page.Append("<tr><td class=\"text\">").Append(WebUtility.HtmlEncode(client.Name)).Append("<td>").Append(Number(spending.Of(client.Name).Requests)).Append("<td>").Append(Number(spending.Of(client.Name).Tokens));
        }

        page.Append("</table>");
    }

    private static void Waiting(StringBuilder page, IReadOnlyList<WaitingGroup> groups)
    {
        if (groups.Count == 0)
        {
            return;
        }

        page.Append("<h2>Waiting to be whole</h2><table><tr><th>group<th>arrived<th>of");
        foreach (WaitingGroup group in groups.Take(50))
        {
            page.Append("<tr><td class=\"text\">").Append(WebUtility.HtmlEncode(group.Id ?? "without a name")).Append("<td>").Append(Number(group.Arrived)).Append("<td>").Append(group.Size is { } size ? Number(size) : "unknown");
        }

        page.Append("</table>");
    }

    private static void Recent(StringBuilder page, IReadOnlyList<RecentGroup> groups)
    {
        page.Append("<h2>Judged last</h2>");
        if (groups.Count == 0)
        {
            page.Append("<p>Nothing yet.</p>");
            return;
        }

        page.Append("<table><tr><th>UTC<th class=\"side\">group<th>rewards<th class=\"side\">confidence<th>took");
        foreach (RecentGroup group in groups)
        {
            Verdict verdict = group.Verdict;
            string rewards = verdict.Rewards is { } known
                ? string.Join(", ", known.Take(16).Select(static reward => reward.ToString("0.000", CultureInfo.InvariantCulture))) + (known.Count > 16 ? ", …" : "")
                : $"none: {verdict.Reason}";
            page.Append("<tr><td>").Append(group.At.ToString("HH:mm:ss", CultureInfo.InvariantCulture)).Append("<td class=\"side\">").Append(verdict.Id[..Math.Min(10, verdict.Id.Length)])
                .Append("<td class=\"text\">").Append(WebUtility.HtmlEncode(rewards)).Append("<td class=\"side\">").Append(verdict.Confidence?.ToString("0.00", CultureInfo.InvariantCulture) ?? "").Append("<td>").Append(Seconds(group.Took));
        }

        page.Append("</table>");
    }

    private static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";
}
