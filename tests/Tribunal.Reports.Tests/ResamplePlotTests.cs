using System.Xml.Linq;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal.Reports.Tests;

public sealed class ResamplePlotTests
{
    [Fact]
    public void A_plot_is_a_drawing_of_its_own_that_names_rules_and_policies()
    {
        XElement svg = XElement.Parse(ResamplePlot.Draw(
        [
            Result(VotingRule.Auto, PolicyKind.Fixed, 1, 0.6), Result(VotingRule.Auto, PolicyKind.Fixed, 8, 0.7), Result(VotingRule.Auto, PolicyKind.Adaptive, 4, 0.69),
            Result(VotingRule.Majority, PolicyKind.Fixed, 1, 0.6), Result(VotingRule.Majority, PolicyKind.Fixed, 8, 0.68), Result(VotingRule.Majority, PolicyKind.Adaptive, 5, 0.67),
        ]));
        Assert.Equal("http://www.w3.org/2000/svg", svg.Name.NamespaceName);
        Assert.Contains("12 rollouts, 50 draw orders", svg.Elements().Single(e => e.Name.LocalName == "title").Value, StringComparison.Ordinal);
        string[] texts = [.. svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value)];
        Assert.Equal(2, texts.Count(t => t == "adaptive"));
        Assert.Contains(texts, t => t.Contains("default rule", StringComparison.Ordinal));
        Assert.Contains(texts, t => t.Contains("majority", StringComparison.Ordinal));
        Assert.DoesNotContain(svg.DescendantsAndSelf().Attributes(), a => a.Value.Contains("rgb(1,0", StringComparison.Ordinal));
    }

    [Fact]
    public void Rules_that_come_to_the_same_are_drawn_once() => Assert.DoesNotContain(
        "majority",
        ResamplePlot.Draw([Result(VotingRule.Auto, PolicyKind.Fixed, 2, 0.6), Result(VotingRule.Majority, PolicyKind.Fixed, 2, 0.6)]),
        StringComparison.Ordinal);

    [Fact]
    public void Without_fixed_numbers_there_is_no_line() =>
        Assert.Throws<ProblemsException>(() => ResamplePlot.Draw([Result(VotingRule.Auto, PolicyKind.Adaptive, 2, 0.6)]));

    private static ResampleResult Result(VotingRule rule, PolicyKind kind, double judgements, double accuracy) => new()
    {
        Rule = rule,
        Policy = new PolicyOptions { Kind = kind },
        Accuracy = new Spread(accuracy, accuracy - 0.01, accuracy + 0.01),
        Judgements = new Spread(judgements, judgements, judgements),
        Rollouts = 12,
        Resamples = 50,
    };
}
