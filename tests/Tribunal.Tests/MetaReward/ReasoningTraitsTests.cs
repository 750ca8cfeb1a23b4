using CsCheck;
using Tribunal.Judgements;

namespace Tribunal.Tests.MetaReward;

/// <summary>Figures of a judgement's words.</summary>
public sealed class ReasoningTraitsTests
{
    [Fact]
    public void A_text_by_hand()
    {
        ReasoningTraits traits = ReasoningTraits.Of(null, """
            Specific criteria:
            1. Accuracy (60%), because it counts.
            - Perhaps "yes". Clearly checked.
            """);
        const double words = 12;
        Assert.Equal(Math.Log(1 + words), Of(traits, "length"), 5);
        Assert.Equal(0, Of(traits, "thinking"));
        Assert.Equal(Math.Log(1 + (words / 3)), Of(traits, "sentence"), 5);
        Assert.Equal(2 / words * 100, Of(traits, "structure"), 4);
        Assert.Equal(Math.Log(1 + 2), Of(traits, "criteria"), 5);
        Assert.Equal(1 / words * 100, Of(traits, "hedging"), 4);
        Assert.Equal(1 / words * 100, Of(traits, "certainty"), 4);
        Assert.Equal(1 / words * 100, Of(traits, "checking"), 4);
        Assert.Equal(1 / words * 100, Of(traits, "reasons"), 4);
        Assert.Equal(2 / words * 100, Of(traits, "quoting"), 4);
        Assert.Equal(0, Of(traits, "repetition"));
        Assert.Equal(2 / words, Of(traits, "figures"), 5);
    }

    [Fact]
    public void Repetition_is_the_share_of_runs_seen_before()
    {
        Assert.Equal(1.0 / 6, Of(ReasoningTraits.Of(null, "one two three four five one two three"), "repetition"), 5);
        Assert.True(Of(ReasoningTraits.Of(null, string.Concat(Enumerable.Repeat("and so it goes. ", 50))), "repetition") > 0.9);
    }

    [Fact]
    public void Thinking_apart_and_thinking_inside_the_answer_are_the_same()
    {
        ReasoningTraits apart = ReasoningTraits.Of("perhaps so", "the answer is B");
        ReasoningTraits inside = ReasoningTraits.Of(null, "<think>perhaps so</think>the answer is B");
        Assert.Equal(2.0 / 6, Of(apart, "thinking"), 5);
        Assert.True(Of(inside, "thinking") > 0.3);
    }

    [Fact]
    public void Any_text_gives_finite_figures()
    {
        Gen.String.Array[0, 20].Sample(parts =>
        {
            string text = string.Join(' ', parts);
            foreach (float value in ReasoningTraits.Of(text, string.Join('\n', parts)).Values)
            {
                Assert.True(float.IsFinite(value) && value >= 0);
            }
        });
        Assert.All(ReasoningTraits.Of(null, null).Values.ToArray(), static value => Assert.Equal(0, value));
    }

    private static double Of(ReasoningTraits traits, string name) => traits.Values[ReasoningTraits.Names.ToList().IndexOf(name)];
}
