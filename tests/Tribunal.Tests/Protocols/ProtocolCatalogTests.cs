using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;

namespace Tribunal.Tests.Protocols;

public sealed class ProtocolCatalogTests
{
    [Theory]
    [InlineData("auto", "BBQGOD/DeepSeek-GRM-27B", "grm")]
    [InlineData("auto", "deepseek_grm_16b", "grm")]
    [InlineData("auto", "gaotang/RM-R1-Qwen2.5-Instruct-32B", "rm-r1-instruct")]
    [InlineData("auto", "gaotang/RM-R1-DeepSeek-Distilled-Qwen-7B", "rm-r1-thinking")]
    [InlineData("auto", "/models/rm_r1_deepseek_distilled_qwen_14b", "rm-r1-thinking")]
    [InlineData("auto", "Reward-Reasoning/RRM-32B", "rrm")]
    [InlineData("auto", "rrm-7b-awq", "rrm")]
    [InlineData("auto", "Qwen/Qwen3-8B", "grm")]
    [InlineData("auto", "charm-r10", "grm")]
    [InlineData("auto", null, "grm")]
    [InlineData("auto", " ", "grm")]
    [InlineData("grm", "RRM-7B", "grm")]
    [InlineData("rrm", null, "rrm")]
    [InlineData("rm-r1", null, "rm-r1-instruct")]
    [InlineData("rm-r1", "my-judge", "rm-r1-instruct")]
    [InlineData("rm-r1", "RM-R1-DeepSeek-Distilled-Qwen-32B", "rm-r1-thinking")]
    [InlineData("rm-r1-thinking", "my-judge", "rm-r1-thinking")]
    public void A_protocol_is_found_by_name_and_by_the_models_name(string name, string? model, string variant)
    {
        ProtocolChoice choice = ProtocolCatalog.Resolve(name, model);

        Assert.Equal(variant, choice.Variant);
        Assert.StartsWith(choice.Protocol.Name, variant, StringComparison.Ordinal);
        Assert.NotEmpty(choice.Reason);
    }

    [Fact]
    public void An_unknown_name_is_refused_with_the_known_ones()
    {
        ProblemsException refused = Assert.Throws<ProblemsException>(() => ProtocolCatalog.Resolve("GRM2", null));
        Assert.Contains("auto, grm, rm-r1, rrm", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_guess_says_that_it_is_one() =>
        Assert.Contains("says nothing of a protocol", ProtocolCatalog.Resolve("auto", "Qwen3-8B").Reason, StringComparison.Ordinal);

    [Fact]
    public void Pair_protocols_refuse_a_response_alone_and_grm_scores_it()
    {
        Tribunal.Rollouts.Rollout alone = Samples.Rollout("q", "a");
        Assert.Null(Samples.Grm.WhyNot(alone));
        Assert.Contains("grm scores a response alone", Samples.RmR1.WhyNot(alone), StringComparison.Ordinal);
        Assert.Contains("the rollout has one", Samples.Rrm.WhyNot(alone), StringComparison.Ordinal);
        foreach (string variant in ProtocolCatalog.Variants)
        {
            IProtocol protocol = Samples.Protocol(variant);
            Assert.Null(protocol.WhyNot(Samples.Rollout("q", "a", "b", "c")));
            Assert.NotNull(protocol.WhyNot(Samples.Rollout("q")));
            Assert.NotNull(protocol.WhyNot(Samples.Rollout("q", "a", "b") with { Prompt = [] }));
        }
    }
}
