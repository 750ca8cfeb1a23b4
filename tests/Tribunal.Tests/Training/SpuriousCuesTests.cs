using Tribunal.Rollouts;
using Tribunal.Training;

namespace Tribunal.Tests.Training;

public sealed class SpuriousCuesTests
{
    [Fact]
    public void Each_surface_rule_is_counted_where_it_says_anything()
    {
        var cues = new SpuriousCues();
        Add(cues, [0], "long answer with \\boxed{4}", "short");
        Add(cues, [1], "long answer\n- with\n- a list", "short");
        Add(cues, [0], "12345", "54321");
        Add(cues, [0], "### heading and more", "plain");
        Add(cues, [1], "```\ncode\n```", "**bold** text that is longer");
        Dictionary<string, (double, long)> counts = cues.Counts().ToDictionary(static c => c.Name, static c => (c.Hits, c.Trials));
        Assert.Equal((3.0, 4L), counts["the longer response is best"]);
        Assert.Equal((1.0, 1L), counts["the response with a box is best"]);
        Assert.Equal((0.0, 1L), counts["the response with a list is best"]);
        Assert.Equal((2.0, 2L), counts["the response with headings or bold is best"]);
        Assert.Equal((0.0, 1L), counts["the response with a code block is best"]);
        Assert.Equal(5, counts.Count);
    }

    [Fact]
    public void A_list_counts_once_by_its_share_of_comparisons()
    {
        var cues = new SpuriousCues();
        Rollout rollout = Trials.Rollout(3, [1]) with { Responses = [new Response("a"), new Response("aa"), new Response("aaa")] };
        cues.AddItem(rollout, Label.Of(rollout, null)!);
        cues.AddExample([1, 0, 2], Label.Of(rollout, null)!);
        cues.AddExample([0, 1, 2], Label.Of(rollout, null)!);
        Assert.Equal([new CueCount("the longer response is best", 0.5, 1), new CueCount("the response shown first is best", 1.5, 2)], cues.Counts());
    }

    [Fact]
    public void A_response_alone_is_compared_with_nothing()
    {
        var cues = new SpuriousCues();
        Rollout rollout = Trials.Rollout(1, scores: [1]);
        cues.AddItem(rollout, Label.Of(rollout, null)!);
        cues.AddExample([0], Label.Of(rollout, null)!);
        Assert.Empty(cues.Counts());
    }

    [Fact]
    public void Judgements_are_compared_with_the_median_so_that_the_share_of_right_ones_does_not_matter()
    {
        var cues = new SpuriousCues();
        for (int i = 0; i < 100; i++)
        {
            cues.AddJudgement(i, right: i % 10 != 0);
        }

        CueCount blind = Assert.Single(cues.Counts());
        Assert.Equal(("the longer judgement is right", 50.0, 100L), (blind.Name, blind.Hits, blind.Trials));
        var telling = new SpuriousCues();
        for (int i = 0; i < 100; i++)
        {
            telling.AddJudgement(i, right: i >= 40);
        }

        Assert.Equal(90.0, Assert.Single(telling.Counts()).Hits);
    }

    private static void Add(SpuriousCues cues, int[] best, params string[] responses)
    {
        Rollout rollout = Trials.Rollout(responses.Length, best) with { Responses = [.. responses.Select(static r => new Response(r))] };
        cues.AddItem(rollout, Label.Of(rollout, null)!);
    }
}
