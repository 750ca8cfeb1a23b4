using System.Security.Cryptography;
using System.Text;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;

namespace Tribunal.Tests.Protocols.Declared;

/// <summary>The hashes are of what the authors' own code formats for the same question and answers.</summary>
public sealed class OfficialPromptTests
{
    private static readonly Rollout Single = Samples.Rollout("How do I detail a car?", "Wash it, then wax it.", "Ask a friend.");

    private static readonly Rollout Multi = Single with
    {
        Prompt = [new Message("user", "Hi."), new Message("assistant", "Hello."), new Message("user", "How do I detail a car?")],
    };

    [Theory]
    [InlineData("rm-r1-instruct-official", false, "e0bf09a87f19837abf172278c348e8fc6ed36034f4f39b98191910533c3df3ed", "65dda296cda033f91e2dae1e7c082b83a04ef3889463acafdf2d8f91dae53552")]
    [InlineData("rm-r1-instruct-official", true, "e0bf09a87f19837abf172278c348e8fc6ed36034f4f39b98191910533c3df3ed", "23954ccb89d69db1d9cb89dd046663dedda1efb0b42b81959df663585606d6b1")]
    [InlineData("rm-r1-thinking-official", false, null, "94f8b8b5ddc86d13ca41e99d761523fc3a284b6e11cfd4a4c8b9a9a9006c9dc7")]
    [InlineData("rm-r1-thinking-official", true, null, "134abf90f1da5f7788838004e7ade3a1bbf91cb671e2412b266b5f6ffb5ba1e6")]
    [InlineData("rrm-official", false, "84b052628bac5f29f880e49277ea0b8b449fc4fadcc1ac3cb1a62e858f98529a", "a3c1cc4148233eec98b02bd4128f1c8b9935ed144648524d7dc6645680fbbfbf")]
    public void What_is_sent_is_the_authors_byte_for_byte(string name, bool multiTurn, string? system, string user)
    {
        JudgePrompt prompt = ProtocolCatalog.Resolve(name, null).Protocol.Compose(multiTurn ? Multi : Single, [0, 1]);
        Assert.Equal(0, prompt.Neutralised);
        Assert.Equal(system is null ? ["user"] : (string[])["system", "user"], prompt.Messages.Select(static m => m.Role));
        Assert.Equal(user, Hash(prompt.Messages[^1].Content));
        if (system is not null)
        {
            Assert.Equal(system, Hash(prompt.Messages[0].Content));
        }
    }

    [Fact]
    public void They_are_chosen_by_name_only_and_the_model_says_which()
    {
        Assert.Equal("rm-r1-thinking-official", ProtocolCatalog.Resolve("rm-r1-official", "gaotang/RM-R1-DeepSeek-Distilled-Qwen-7B").Variant);
        Assert.Equal("rm-r1-instruct-official", ProtocolCatalog.Resolve("rm-r1-official", "gaotang/RM-R1-Qwen2.5-Instruct-7B").Variant);
        Assert.Equal("rm-r1", ProtocolCatalog.Resolve("rm-r1-official", null).Protocol.Name);
        Assert.Equal("rrm", ProtocolCatalog.Resolve("rrm-official", null).Protocol.Name);
        Assert.Equal("rrm", ProtocolCatalog.Resolve("auto", "Reward-Reasoning/RRM-32B").Variant);
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
