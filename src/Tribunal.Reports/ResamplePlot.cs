using System.Globalization;
using System.Xml.Linq;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Reports;

/// <summary>Accuracy against judgements spent, as an SVG file of its own: fixed numbers as a line per rule, other policies as marks.</summary>
public static class ResamplePlot
{
    private const string Style =
        ".fill-ink{fill:#1b1f24}.stroke-ink{stroke:#1b1f24}.fill-grid{fill:#d4d8de}.stroke-grid{stroke:#d4d8de}"
        + ".fill-first{fill:#0b5cad}.stroke-first{stroke:#0b5cad}.fill-second{fill:#b3470b}.stroke-second{stroke:#b3470b}"
        + "text{font-family:'DejaVu Sans',system-ui,sans-serif}";

    private const int KeyHeight = 26;

    /// <summary>Draws results of a grid (<see cref="Resampling.Run"/>), the first two rules of it.</summary>
    /// <param name="results">At least one, of a fixed number.</param>
    /// <exception cref="ArgumentException">There is none of a fixed number.</exception>
    public static string Draw(IReadOnlyList<ResampleResult> results)
    {
        VotingRule[] rules = [.. results.Where(IsFixed).Select(static r => r.Rule).Distinct().Take(2)];
        if (rules.Length == 0)
        {
            throw new ProblemsException([new Problem("", "A plot needs fixed numbers of judgements.")]);
        }

        // Rules that come to the same are drawn once.
        rules = rules.Length == 2 && Points(rules[0]).SequenceEqual(Points(rules[1])) ? [rules[0]] : rules;
        List<BandLine> lines = [];
        List<LabelledPoint> marks = [];
        for (int i = 0; i < rules.Length; i++)
        {
            ResampleResult[] ofRule = [.. results.Where(r => r.Rule == rules[i])];

            // Numbers above what was recorded all take the same.
            lines.Add(new BandLine(Name(rules[i]), [.. ofRule.Where(IsFixed).DistinctBy(static r => r.Judgements.Mean)
                .Select(static r => (r.Judgements.Mean, r.Accuracy.Mean, r.Accuracy.Low, r.Accuracy.High)).OrderBy(static p => p.Item1)]));
            marks.AddRange(ofRule.Where(static r => !IsFixed(r))
                .Select(r => new LabelledPoint(Name(r.Policy.Kind), r.Judgements.Mean, r.Accuracy.Mean, i)));
        }

        ResampleResult first = results[0];
        string label = string.Create(
            CultureInfo.InvariantCulture,
            $"Accuracy against judgements per rollout; {first.Rollouts} rollouts, {first.Resamples} draw orders, bands hold 95 % of them");
        IEnumerable<(PolicyOptions, Spread, Spread)> Points(VotingRule rule) =>
            results.Where(r => r.Rule == rule).Select(static r => (r.Policy, r.Accuracy, r.Judgements));

        return Framed(XElement.Parse(Charts.Lines(label, "judgements per rollout", "accuracy", lines, logarithmic: true, marks).Html), label, lines);
    }

    private static bool IsFixed(ResampleResult result) => result.Policy.Kind == PolicyKind.Fixed;

    private static string Name(VotingRule rule) => rule switch
    {
        VotingRule.BradleyTerryDavidson => "Bradley–Terry with ties",
        VotingRule.Auto => "default rule",
        _ => rule.ToString().ToLowerInvariant(),
    };

    private static string Name(PolicyKind kind) => kind.ToString().ToLowerInvariant();

    private static string Framed(XElement drawn, string label, List<BandLine> lines)
    {
        XNamespace svg = "http://www.w3.org/2000/svg";
        foreach (XElement element in drawn.DescendantsAndSelf())
        {
            element.Name = svg + element.Name.LocalName;
        }

        int[] box = [.. drawn.Attribute("viewBox")!.Value.Split(' ').Select(static n => int.Parse(n, CultureInfo.InvariantCulture))];
        drawn.SetAttributeValue("viewBox", string.Create(CultureInfo.InvariantCulture, $"0 0 {box[2]} {box[3] + KeyHeight}"));
        drawn.SetAttributeValue("width", box[2]);
        drawn.SetAttributeValue("height", box[3] + KeyHeight);
        drawn.AddFirst(
            new XElement(svg + "title", label),
            new XElement(svg + "style", Style),
            new XElement(svg + "rect", new XAttribute("width", "100%"), new XAttribute("height", "100%"), new XAttribute("fill", "#fff")));
        for (int i = 0; i < lines.Count; i++)
        {
            drawn.Add(new XElement(
                svg + "text",
                new XAttribute("x", 64 + (200 * i)),
                new XAttribute("y", box[3] + 16),
                new XAttribute("font-size", 12),
                new XAttribute("class", i == 0 ? "fill-first" : "fill-second"),
                $"{(i == 0 ? "●" : "■")} {lines[i].Name}, fixed k; ◆ policies"));
        }

        return drawn.ToString(SaveOptions.DisableFormatting) + "\n";
    }
}
