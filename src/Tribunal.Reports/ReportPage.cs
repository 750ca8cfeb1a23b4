using System.Globalization;
using Tribunal.Calibration;
using Tribunal.Formats.Batches;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;
using Tribunal.Sampling;
using Tribunal.Verdicts;

namespace Tribunal.Reports;

/// <summary>Renders a run's report.</summary>
internal sealed class ReportPage(ReportData data)
{
    private const int DomainsShown = 40;
    private const int ExampleShown = 800;

    private readonly RunManifest _manifest = data.Run.Manifest;
    private readonly RunSummary _summary = data.Run.Summary;
    private readonly HtmlPage _page = PageFrame.Open($"{data.Run.Manifest.RunId} – Tribunal report", table: true);

    public string Render()
    {
        Head();
        var cases = new ReportCases(data, _page);
        if (data.Wrong.Count > 0)
        {
            cases.Section("wrong", "Surest and wrong", "The rollouts whose best response is not a labelled one, the surest first: what a judge misses shows here.", data.Wrong);
        }

        WhatWasRun();
        Distributions();
        Outcomes();
        Accuracy();
        CriteriaTable.Write(_page, _summary);
        CalibrationCurve();
        SavingSection.AddTo(_page, _summary);
        AccuracyAgainstK();
        Positions();
        Tokens();
        cases.Section("slowest", "Slowest rollouts", "The rollouts with the judgement that took longest, slowest first.", data.Slowest);
        cases.Section("contested", "Most contested rollouts", "The rollouts whose best response leads with the least confidence.", data.Contested);
        data.Table.AddTo(_page);
        _page.Add($"<footer>Written by <code>tribunal report</code> from {_manifest.RunId}. Samples and draw orders derive from seed {ReportCollector.Seed}. <a href=\"#main\">Back to the top</a></footer>\n");
        return PageFrame.Close(_page, table: true);
    }

    private void Head()
    {
        _page.Add($"<header>\n<h1>Run <bdi>{PlainText.Name(_manifest.RunId)}</bdi></h1>\n<p class=\"soft\"><bdi>{PlainText.Name(_summary.Model)}</bdi> by {PlainText.Name(_summary.Protocol)}, {_manifest.Created:yyyy-MM-dd HH:mm} UTC</p>\n");
        if (_summary.Simulated)
        {
            _page.Add($"<p class=\"banner\">SIMULATED: no model judged these responses. The rewards show how Tribunal works and say nothing of the responses.</p>\n");
        }

        if (_summary.Status == RunStatus.Partial)
        {
            _page.Add($"<p class=\"banner\">Incomplete: the run stopped before its end{(_summary.Halt is { } halt ? ": " + PlainText.Name(halt.Detail) : "")}. It can be resumed; figures are of what it has.</p>\n");
        }

        if (_summary.Origin is { } origin)
        {
            _page.Add($"<p class=\"banner\">{origin.Say()}</p>\n");
        }

        string[] unreadable = data.Run.Unreadable > 0
            ? [string.Create(CultureInfo.InvariantCulture, $"{data.Run.Unreadable:N0} lines of the ledger, which is still written, can't be read and are passed over: the run draws them again when it goes on.")]
            : [];
        string[] warnings = [.. unreadable, .. _summary.Warnings.Where(w => !_summary.Simulated || !w.Contains("simulated judge", StringComparison.Ordinal)).Take(12)];
        if (warnings.Length > 0)
        {
            _page.Add($"<section class=\"warnings\" aria-label=\"Warnings\"><ul>");
            foreach (string warning in warnings)
            {
                _page.Add($"<li>{PlainText.Head(warning, 400)}</li>");
            }

            _page.Add($"</ul></section>\n");
        }

        _page.Add($"""
            </header>
            <nav aria-label="Sections"><ul>
            {new Markup(data.Wrong.Count > 0 ? "<li><a href=\"#wrong\">Surest and wrong</a></li>" : "")}<li><a href="#run">What was run</a></li><li><a href="#rewards">Rewards</a></li><li><a href="#outcomes">Outcomes</a></li>
            <li><a href="#accuracy">Accuracy</a></li><li><a href="#calibration">Calibration</a></li><li><a href="#k">Accuracy against k</a></li>
            <li><a href="#order">Order</a></li><li><a href="#tokens">Tokens and cost</a></li><li><a href="#slowest">Slowest</a></li><li><a href="#contested">Most contested</a></li><li><a href="#all">All rollouts</a></li>
            </ul></nav>
            <main id="main" tabindex="-1">
            <dl class="tiles">

            """);
        Tile("Rollouts scored", "all", $"{_summary.Scored:N0}", $"{_summary.Unscorable:N0} unscorable, {_summary.Invalid:N0} invalid lines");
        Tile("Judgements", "outcomes", $"{_summary.Judgements.Drawn:N0}", $"{Share(_summary.ValidRate)} with a verdict");
        if (_summary.Overall.Accuracy is { } accuracy)
        {
            Tile("Accuracy", "accuracy", $"{accuracy.Value:P1}", $"95 %: {accuracy.Low:P1} to {accuracy.High:P1}; guessing {_summary.Overall.Chance:P1}");
        }

        Tile("Tokens", "tokens", $"{_summary.Usage.Input + _summary.Usage.Output:N0}", $"{_summary.Usage.Input:N0} in, {_summary.Usage.Output:N0} out");
        if (_summary.Cost is double cost)
        {
            Tile("Cost", "tokens", $"{cost:N4}", "in the price table's currency");
        }

        _page.Add($"</dl>\n");
    }

    private void Tile(string name, string section, string value, string more) => _page.Add($"<div><dt><a href=\"#{section}\">{name}</a></dt><dd>{value}<small>{more}</small></dd></div>\n");

    private void WhatWasRun()
    {
        EvaluationRequest request = _manifest.Request;
        PolicyOptions policy = request.Policy;
        _page.Section("run", "What was run");
        _page.Add($"<dl class=\"facts\">\n");
        Fact("Batch", $"{PlainText.Name(Path.GetFileName(request.Batch))}, {_manifest.Rollouts:N0} rollouts");
        Fact("Judge", $"{PlainText.Name(_manifest.Judge)}{(_manifest.Simulated ? " (simulated)" : "")}");
        Fact("Model", PlainText.Name(_manifest.Model));
        Fact("Protocol", PlainText.Name(_manifest.Protocol));
        Fact("Policy", policy.Kind == PolicyKind.Fixed
            ? $"fixed, {policy.Samples} judgements"
            : string.Create(CultureInfo.InvariantCulture, $"{policy.Kind.ToString().ToLowerInvariant()}, {policy.Min} to {policy.Max} judgements, confidence {policy.Confidence}"));
        Fact("Meta reward", request.Meta.Model is { } meta and not "none" ? $"{PlainText.Name(meta)}, {(request.Meta.Use == MetaReward.MetaUse.Weight ? "weighs the votes" : $"keeps {request.Meta.Keep:P0}")}" : "none");
        Fact("Tournament", request.Tournament.Kind.ToString().ToLowerInvariant());
        Fact("Voting rule", request.Rule.ToString().ToLowerInvariant());
        Fact("Sampling", string.Create(CultureInfo.InvariantCulture, $"temperature {_manifest.Sampling.Temperature}, top-p {_manifest.Sampling.TopP}, {_manifest.Sampling.MaxTokens} tokens"));
        Fact("Seed", request.Seed.ToString(CultureInfo.InvariantCulture));
        Fact("Stopped because", string.Join(", ", _summary.Stops.Select(static stop => $"{stop.Key} {stop.Value:N0}")));
        _page.Add($"</dl>\n");
        ReportMembers.Add(_page, _summary);
        _page.Add($"</section>\n");

        void Fact(string name, string value) => _page.Add($"<dt>{name}</dt><dd><bdi>{value}</bdi></dd>\n");
    }

    private void Distributions()
    {
        _page.Section("rewards", "Rewards and margins");
        if (data.Rewards.Count == 0)
        {
            _page.Add($"<p>The run has no verdicts yet.</p>\n</section>\n");
            return;
        }

        _page.Add($"<div class=\"plots\">\n");
        Distribution("Rewards", "reward of a response", data.Rewards);
        Distribution("Margins", "margin of the best over the runner-up", data.Margins);
        Distribution("Confidence", "confidence of the verdict", data.Confidences);
        _page.Add($"</div>\n</section>\n");
    }

    private void Distribution(string name, string axis, Histogram histogram)
    {
        if (RunPlots.Distribution(name, axis, histogram) is not { } plot)
        {
            return;
        }

        double[] edges = histogram.Edges;
        _page.Add($"<div>{HtmlPage.Figure(plot)}<details><summary>{name} in figures</summary><table><thead><tr><th scope=\"col\">from</th><th scope=\"col\">to</th><th scope=\"col\">count</th></tr></thead><tbody>");
        for (int i = 0; i < histogram.Counts.Count; i++)
        {
            _page.Add($"<tr><td>{Math.Max(0, edges[i]):0.000}</td><td>{Math.Min(1, edges[i + 1]):0.000}</td><td>{histogram.Counts[i]:N0}</td></tr>");
        }

        _page.Add($"</tbody></table></details></div>\n");
    }

    private void Outcomes()
    {
        OutcomeCounts counts = _summary.Judgements;
        _page.Section("outcomes", "Outcomes");
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Outcomes, table\"><table><caption>Judgements by what became of them</caption><thead><tr><th scope=\"col\">outcome</th><th scope=\"col\">judgements</th><th scope=\"col\">share</th></tr></thead><tbody>");
        foreach ((string name, long count) in ((string, long)[])
            [("valid", counts.Valid), ("unparsable", counts.Unparsable), ("truncated", counts.Truncated), ("refused", counts.Refused), ("failed", counts.Failed)])
        {
            Markup link = new(data.Examples.Keys.Any(outcome => outcome.ToString().Equals(name, StringComparison.OrdinalIgnoreCase)) ? $"<a href=\"#examples-{name}\">{name}</a>" : name);
            _page.Add($"<tr><th scope=\"row\">{link}</th><td>{count:N0}</td><td>{(counts.Drawn == 0 ? 0 : (double)count / counts.Drawn):P1}</td></tr>");
        }

        _page.Add($"</tbody></table></div>\n");
        RequestCounts requests = _summary.Requests;
        _page.Add($"<p class=\"soft\">{requests.Sent:N0} requests: {requests.Throttled:N0} throttled, {requests.Unavailable:N0} unavailable, {requests.Reset:N0} reset, {requests.TimedOut:N0} timed out, {requests.Malformed:N0} malformed, {requests.Redrawn:N0} cut off and drawn again.</p>\n");
        if (_summary.Neutralised is { } inert)
        {
            _page.Add($"<p>{inert.Strings:N0} forged delimiters and verdict strings in {inert.Rollouts:N0} rollouts were made inert.</p>\n");
        }

        foreach ((JudgementOutcome outcome, List<TracedJudgement> examples) in data.Examples.OrderBy(static e => e.Key))
        {
            string name = outcome.ToString().ToLowerInvariant();
            _page.Add($"<details id=\"examples-{name}\"><summary>{examples.Count} examples of {name}</summary>\n");
            foreach (TracedJudgement example in examples)
            {
                _page.Add($"<h3><bdi>{PlainText.Name(example.RolloutId)}</bdi>, sample {example.Sample}</h3><p><bdi>{PlainText.Head(example.Why ?? "no reason recorded", 400)}</bdi></p>");
                if (example.Text is { Length: > 0 } text)
                {
                    _page.Pre($"Answer, {name}", PlainText.Ends(text, ExampleShown));
                }
            }

            _page.Add($"</details>\n");
        }

        if (data.Invalid.Count > 0)
        {
            _page.Add($"<details><summary>The first {data.Invalid.Count} of {_summary.Invalid:N0} invalid lines</summary><ul>");
            foreach (InvalidLine line in data.Invalid)
            {
                _page.Add($"<li>line {line.Line}: <bdi>{PlainText.Head(line.Reason, 400)}</bdi></li>");
            }

            _page.Add($"</ul></details>\n");
        }

        _page.Add($"</section>\n");
    }

    private void Accuracy()
    {
        _page.Section("accuracy", "Accuracy by domain");
        if (_summary.Overall.Accuracy is null)
        {
            _page.Add($"<p>No rollout has a label (<code>best</code>), so nothing says how often the judge is right.</p>\n</section>\n");
            return;
        }

        (string Name, DomainSummary Domain)[] rows = RunPlots.Domains(_summary);
        foreach ((string name, DomainSummary domain) in rows.Where(static r => r.Domain.BelowChance).Take(DomainsShown))
        {
            _page.Add($"<p class=\"banner\">Below chance in <bdi>{PlainText.Name(name)}</bdi>: {domain.Accuracy!.Value:P1}, guessing gives {domain.Chance ?? 0:P1}. More votes make it worse.</p>\n");
        }

        _page.Add($"<div class=\"pair\">{HtmlPage.Figure(RunPlots.Accuracy(_summary)!)}");
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Accuracy by domain, table\"><table><thead><tr><th scope=\"col\">domain</th><th scope=\"col\">labelled</th><th scope=\"col\">accuracy</th><th scope=\"col\">95 % interval</th><th scope=\"col\">guessing</th><th scope=\"col\">scored</th></tr></thead><tbody>");
        foreach ((string name, DomainSummary domain) in rows.Take(DomainsShown))
        {
            _page.Add($"<tr{new Markup(domain.BelowChance ? " class=\"bad\"" : "")}><th scope=\"row\"><bdi>{PlainText.Name(name)}</bdi></th><td>{domain.Accuracy!.Of:N0}</td><td>{domain.Accuracy.Value:P1}</td><td>{domain.Accuracy.Low:P1} to {domain.Accuracy.High:P1}</td><td>{domain.Chance ?? 0:P1}</td><td>{domain.Scored:N0} of {domain.Rollouts:N0}</td></tr>");
        }

        _page.Add($"</tbody></table></div></div>{(rows.Length > DomainsShown ? $"{rows.Length - DomainsShown} smaller domains are left out." : "")}\n</section>\n");
    }

    private void CalibrationCurve()
    {
        _page.Section("calibration", "Calibration");
        if (_summary.Calibration is not { } calibration)
        {
            _page.Add($"<p>Needs labelled rollouts.</p>\n</section>\n");
            return;
        }

        _page.Add($"<div class=\"pair\">{HtmlPage.Figure(RunPlots.Calibration(_summary)!)}");
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Calibration, table\"><table><thead><tr><th scope=\"col\">confidence</th><th scope=\"col\">verdicts</th><th scope=\"col\">mean confidence</th><th scope=\"col\">accuracy</th></tr></thead><tbody>");
        foreach (ReliabilityBin bin in RunPlots.Filled(calibration.All))
        {
            _page.Add($"<tr><th scope=\"row\">{bin.Low:0.0} to {bin.High:0.0}</th><td>{bin.Count:N0}</td><td>{bin.Confidence!.Value:0.000}</td><td>{bin.Accuracy!.Value:P1}</td></tr>");
        }

        _page.Add($"</tbody></table></div></div>\n</section>\n");
    }

    private void AccuracyAgainstK()
    {
        _page.Section("k", "Accuracy against judgements per rollout");
        if (data.Curves.Count == 0)
        {
            _page.Add($"<p>{(data.HasBatch ? "Needs labelled rollouts with judgements." : "Needs the batch with its labels, which is no longer where the run found it (give it with --batch).")}</p>\n</section>\n");
            return;
        }

        ResampleResult any = data.Curves[0].Points[0];
        BandLine[] lines = [.. data.Curves.Select(static c => new BandLine(c.Name, [.. c.Points.Select(static p => (p.Judgements.Mean, p.Accuracy.Mean, p.Accuracy.Low, p.Accuracy.High))]))];
        string caption = $"The recorded judgements of {any.Rollouts:N0}{(data.Labelled > any.Rollouts ? $" (a random sample of {data.Labelled:N0})" : "")} labelled rollouts, voted on again in {any.Resamples:N0} random draw orders. Bands hold 95 % of the orders; they are not intervals over rollouts.";
        string csv = "vote over,judgements,accuracy,low,high\n" + string.Concat(data.Curves.SelectMany(static curve => curve.Points.Select(point => string.Create(
            CultureInfo.InvariantCulture, $"{RunPlots.Cell(curve.Name)},{point.Judgements.Mean},{point.Accuracy.Mean},{point.Accuracy.Low},{point.Accuracy.High}\n"))));
        var plot = new RunPlot(
            "accuracy-against-k", "Accuracy against judgements per rollout", caption, Charts.Lines("Accuracy against judgements per rollout", "judgements per rollout", "accuracy", lines, logarithmic: true),
            lines.Length > 1 ? [("●", lines[0].Name), ("■", lines[1].Name)] : [("●", lines[0].Name)], csv);
        _page.Add($"<div class=\"pair\">{HtmlPage.Figure(plot)}");
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Accuracy against judgements, table\"><table><thead><tr><th scope=\"col\">vote over</th><th scope=\"col\">judgements</th><th scope=\"col\">accuracy</th><th scope=\"col\">95 % of orders</th></tr></thead><tbody>");
        foreach (ResampledCurve curve in data.Curves)
        {
            foreach (ResampleResult point in curve.Points)
            {
                _page.Add($"<tr><th scope=\"row\">{curve.Name}</th><td>{point.Judgements.Mean:0.##}</td><td>{point.Accuracy.Mean:P1}</td><td>{point.Accuracy.Low:P1} to {point.Accuracy.High:P1}</td></tr>");
            }
        }

        _page.Add($"</tbody></table></div></div>\n");
        if (data.Metas == 0)
        {
            _page.Add($"<p class=\"soft\">The ledger has no meta rewards, so there is no curve with a meta filter.</p>\n");
        }

        _page.Add($"</section>\n");
    }

    private void Positions()
    {
        _page.Section("order", "Order: position bias and flips");
        if (_summary.FlipRate is { } flips)
        {
            _page.Add($"<p>{flips.Value:P1} (95 %: {flips.Low:P1} to {flips.High:P1}) of {flips.Of:N0} judgements matched with one in the opposite order chose another response.</p>\n");
        }

        if (_summary.FirstShownRate is { } first)
        {
            bool biased = first.Low > 0.5 || first.High < 0.5;
            _page.Add($"<p>{first.Value:P1} (95 %: {first.Low:P1} to {first.High:P1}) of {first.Of:N0} decided judgements of two chose the response shown first; ½ is unbiased{(biased ? ", and this judge is biased" : "")}.</p>\n");
        }

        if (data.Positions.Count == 0)
        {
            _page.Add($"<p>No judgement showed more than one response.</p>\n</section>\n");
            return;
        }

        (int shown, (double[] wins, long of)) = data.Positions.MaxBy(static p => p.Value.Of);
        IntervalRow[] rows = [.. wins.Select((w, position) =>
        {
            Rate rate = Rate.Wilson(w, of)!;
            return new IntervalRow($"shown as no. {position + 1}", rate.Value, rate.Low, rate.High, 1.0 / shown);
        })];
        string csv = "position,judged best,low,high\n" + string.Concat(rows.Select(static row => string.Create(CultureInfo.InvariantCulture, $"{row.Label},{row.Value},{row.Low},{row.High}\n")));
        var plot = new RunPlot(
            "positions", "Position bias",
            string.Create(CultureInfo.InvariantCulture, $"How often the response shown at each position was judged best, over {of:N0} judgements that showed {shown}. A judge without position bias gives every position 1/{shown}."),
            Charts.Intervals("How often the response shown at each position was judged best", rows), [("●", "measured, with its 95 % interval"), ("×", "without position bias")], csv);
        _page.Add($"<div class=\"pair\">{HtmlPage.Figure(plot)}");
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Positions, table\"><table><thead><tr><th scope=\"col\">position</th><th scope=\"col\">judged best</th><th scope=\"col\">95 % interval</th></tr></thead><tbody>");
        foreach (IntervalRow row in rows)
        {
            _page.Add($"<tr><th scope=\"row\">{row.Label}</th><td>{row.Value:P1}</td><td>{row.Low:P1} to {row.High:P1}</td></tr>");
        }

        _page.Add($"</tbody></table></div></div>\n</section>\n");
    }

    private void Tokens()
    {
        _page.Section("tokens", "Tokens and cost by domain");
        TokenPrice? price = _summary.Price;
        (string Name, DomainSummary Domain)[] domains = [.. Domains()];
        _page.Add($"<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Tokens and cost by domain, table\"><table><thead><tr><th scope=\"col\">domain</th><th scope=\"col\">rollouts</th><th scope=\"col\">tokens in</th><th scope=\"col\">tokens out</th><th scope=\"col\">out per rollout</th>{new Markup(price is null ? "" : "<th scope=\"col\">cost</th>")}</tr></thead><tbody>");
        foreach ((string name, DomainSummary domain) in domains.Take(DomainsShown).Append(("overall", _summary.Overall)))
        {
            _page.Add($"<tr><th scope=\"row\"><bdi>{PlainText.Name(name)}</bdi></th><td>{domain.Rollouts:N0}</td><td>{domain.Usage.Input:N0}</td><td>{domain.Usage.Output:N0}</td><td>{(domain.Rollouts == 0 ? 0 : (double)domain.Usage.Output / domain.Rollouts):N0}</td>");
            if (price is not null)
            {
                _page.Add($"<td>{price.Of(domain.Usage):N4}</td>");
            }

            _page.Add($"</tr>");
        }

        _page.Add($"</tbody></table></div>\n");
        if (domains.Length > DomainsShown)
        {
            _page.Add($"<p class=\"soft\">{domains.Length - DomainsShown} smaller domains are left out.</p>\n");
        }

        _page.Add($"<p class=\"soft\">{(price is null ? "No prices were given, so there is no cost." : string.Create(CultureInfo.InvariantCulture, $"At {price.Input} a million tokens in and {price.Output} a million out."))}</p>\n</section>\n");
    }

    private IEnumerable<(string Name, DomainSummary Domain)> Domains() =>
        _summary.Domains.OrderByDescending(static d => d.Value.Rollouts).ThenBy(static d => d.Key, StringComparer.Ordinal).Select(static d => (d.Key, d.Value));

    private static string Share(Rate? rate) => rate is null ? "none" : $"{rate.Value:P1}";
}
