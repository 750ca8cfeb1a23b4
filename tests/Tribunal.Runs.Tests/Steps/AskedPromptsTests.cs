using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Runs.Steps;

namespace Tribunal.Runs.Tests.Steps;

public sealed class AskedPromptsTests
{
    private static readonly IProtocol Grm = ProtocolCatalog.Resolve("grm", null).Protocol;
    private static readonly IProtocol Other = ProtocolCatalog.Resolve("rm-r1", null).Protocol;

    [Fact]
    public void Samples_that_show_a_rollout_alike_share_the_prompt_and_others_have_their_own()
    {
        Rollout rollout = NewRollout();
        JudgePrompt first = AskedPrompts.Of(Grm, rollout, [0, 1]);
        JudgePrompt turned = AskedPrompts.Of(Grm, rollout, [1, 0]);
        JudgePrompt ofAnother = AskedPrompts.Of(Other, rollout, [0, 1]);

        Assert.Same(first, AskedPrompts.Of(Grm, rollout, [0, 1]));
        Assert.Same(turned, AskedPrompts.Of(Grm, rollout, new List<int> { 1, 0 }));
        Assert.NotEqual(first.Messages[^1].Content, turned.Messages[^1].Content);
        Assert.NotEqual(first.Messages[^1].Content, ofAnother.Messages[^1].Content);
        Assert.Equal(Grm.Compose(rollout, [0, 1]).Messages, first.Messages);
        Assert.Equal(Grm.Compose(rollout, [1, 0]).Messages, turned.Messages);
    }

    [Fact]
    public void A_rollout_of_the_same_id_with_other_texts_has_other_prompts()
    {
        JudgePrompt one = AskedPrompts.Of(Grm, NewRollout(), [0, 1]);
        JudgePrompt two = AskedPrompts.Of(Grm, NewRollout() with { Responses = [new Response("Lyon."), new Response("Nice.")] }, [0, 1]);

        Assert.Contains("Paris.", one.Messages[^1].Content);
        Assert.Contains("Lyon.", two.Messages[^1].Content);
        Assert.DoesNotContain("Paris.", two.Messages[^1].Content);
    }

    [Fact]
    public void A_prompt_that_nobody_holds_is_gone()
    {
        Rollout rollout = NewRollout();
        WeakReference asked = Ask(rollout);
        GC.Collect();
        Assert.False(asked.IsAlive);
        Assert.Contains("Paris.", AskedPrompts.Of(Grm, rollout, [0, 1]).Messages[^1].Content);
    }

    // In a method of its own, so that nothing of it is left on the stack.
    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static WeakReference Ask(Rollout rollout) => new(AskedPrompts.Of(Grm, rollout, [0, 1]));

    private static Rollout NewRollout() => new() { Id = "r", Prompt = [new Message("user", "The capital of France?")], Responses = [new Response("Paris."), new Response("Rome.")] };
}
