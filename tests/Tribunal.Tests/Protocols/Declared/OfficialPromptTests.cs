using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Protocols.Declared;
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

    private static readonly Rollout Odd = Samples.Rollout("Say \"hi\"\\ to\tMüller & Söhne:\n😀", "It's “fine”\n\\boxed", "Ask a friend.");

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

    [Theory]
    [InlineData("arena-hard", "single", "system user", "03f68010febd7a6405102ef882b4dd5a9700c56b2e1ff286d3b38f5d3a929bbf 56b6e114e88caa2e2abaa4417f4e05517a347e27f819b1619f2d4fffef6867a2")]
    [InlineData("compass-judger", "single", "user", "4fd45a14572932473a4a301ad992dd6827f3ad2be1bb5a66e69be4f96f87627e")]
    [InlineData("con-j", "single", "system user", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 f35b7f98409b09c7c6fe97bed3b71af1060dc75e0b0b4cb1287d8fe4e888c07d")]
    [InlineData("gram-rr", "single", "user", "625614d0d5dff6c5bf6fb9fd9b5300e700ee2ad4f22781e6a7c97740458da9bb")]
    [InlineData("mt-bench-pair", "multi", "system user", "af4a7431af51d6d7807be08b8093e6eb4975bf790d1a1086decd9d0e39eac7fc 9a8760222fb2f6218596d2fc39c131158eeed9fd018e8c67be259463e528501c")]
    [InlineData("mt-bench-pair", "reference", "system user", "0f6f71b71c14a4914b95d9272901c265d73dbc772319416e3180820c9962b2c0 2d02521f2f943b72bc732d8a320124543514e788f829531f4c8a2461612202db")]
    [InlineData("mt-bench-pair", "single", "system user", "8d6df8feee26e1c9994a4fae884fc839bfcb1787a3a9522d1be611db68c93338 132164ffcfd806a24ebf720d982ed8f96ed092613c3852ad98c59353b9a437c1")]
    [InlineData("mt-bench-single", "multi", "system user", "d1e77aa107f02dd829e2e9caee2ad227d0a501853fefa74ccd4b51f758cbd432 1193ea33d0336e094fc54be02a467d1e0bb26c7cbc9ceffcfa56483e93af1529")]
    [InlineData("mt-bench-single", "reference", "system user", "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de 08ffa62a9a46ff3a7d9c324ef7a582c0396b2f1d632094a4b18f6273ab3f6ed5")]
    [InlineData("mt-bench-single", "single", "system user", "75357d685f238b6afd7738be9786fdafde641eb6ca9a3be7471939715a68a4de f1ed8555d24f96020d921fd64e84d2f2cbf5c191a609572b655cb6ef0c0d7b49")]
    [InlineData("nemotron-genrm", "multi", "system user", "6c350714ef51099915c06d7dc9daae81aa11c4d97accae675387234ba236f09f 6f5019b86779e331a81c596168b64254a2513000725ed479ec7a776724aedcd0")]
    [InlineData("nemotron-genrm", "single", "system user", "6c350714ef51099915c06d7dc9daae81aa11c4d97accae675387234ba236f09f bda385cd8a391dfefa2df102262a02e917e9d793413aab6892b58829c3b7f25a")]
    [InlineData("nemotron-genrm-single", "single", "system user", "6c350714ef51099915c06d7dc9daae81aa11c4d97accae675387234ba236f09f 1768dbf9b67fbc6a2d97108c9406a576c82c50e2fcc0eb71bffbdeade96def37")]
    [InlineData("offsetbias", "single", "user", "15621934ff17507fbe0a49db268e8fe3b4e2fc180604a032e22e9f7e571b4ee2")]
    [InlineData("polar", "multi-reference", "user", "daaa72c9628e010a63ada0d8f830fcdf8c713c0f5aac28f1d074c12f5a49b4df")]
    [InlineData("polar", "reference", "user", "95a348e546c9a349fc91afb29ca31ee019cb6c051e404bd7038f30453103b7db")]
    [InlineData("prometheus-absolute", "reference", "system user", "526b5b77a2d7eeaf33b21720197b6be536710d867d22cb468b0fb8f6022b62ab 617b9107deb119ddf3f5b1028da0c9b482de9d56dd16ec5067b44df5e204ef24")]
    [InlineData("prometheus-absolute", "single", "system user", "526b5b77a2d7eeaf33b21720197b6be536710d867d22cb468b0fb8f6022b62ab 9ae3cb06747b846049277c02a50ed08c76105159a868b7b530f56cdd7ebd03dc")]
    [InlineData("prometheus-relative", "reference", "system user", "2d7f53af02b6a37c5701ed6a821289874a82615c0a6af9d181dc465b2fb5df20 76395dace5962288e0e0cb03cbbc79ebccb9c8399548f17e07b87e731ffa192a")]
    [InlineData("prometheus-relative", "single", "system user", "2d7f53af02b6a37c5701ed6a821289874a82615c0a6af9d181dc465b2fb5df20 53d8f35b93f273a0a8e6cdb2b72c7e2c228c0c886ff03ace8994357c4bde1b20")]
    [InlineData("qwen3-nemotron-genrm", "single", "user response_1 response_2", "b0ebeb460429aea69a5bf659bb1f2ee948f9bd71aa96dc1e46092d036131c7dc 38449ae5db9e67e3d98eba0a4adf28ac647b090ba2fc546b8e2aac7bb3b00d56 f998f0548c30c01148c9b89630336c8ea346c289a438394287f07a9764050317")]
    [InlineData("qwen3-nemotron-genrm-principle", "single", "user principle response_1 response_2", "b0ebeb460429aea69a5bf659bb1f2ee948f9bd71aa96dc1e46092d036131c7dc ece9277a6d27ce78f32c5cb758e1f3e338b63687346af9cddbb4d3d3112667cc 38449ae5db9e67e3d98eba0a4adf28ac647b090ba2fc546b8e2aac7bb3b00d56 f998f0548c30c01148c9b89630336c8ea346c289a438394287f07a9764050317")]
    [InlineData("qwen3-nemotron-principle", "single", "user assistant principle", "b0ebeb460429aea69a5bf659bb1f2ee948f9bd71aa96dc1e46092d036131c7dc 38449ae5db9e67e3d98eba0a4adf28ac647b090ba2fc546b8e2aac7bb3b00d56 5e3e00eeb85c2158a5d99e75bce098fcc61ddadf28b62c70a4aafe41cd5cd67b")]
    [InlineData("qwen3-nemotron-principle-yes-no", "single", "user assistant principle", "b0ebeb460429aea69a5bf659bb1f2ee948f9bd71aa96dc1e46092d036131c7dc 38449ae5db9e67e3d98eba0a4adf28ac647b090ba2fc546b8e2aac7bb3b00d56 5e3e00eeb85c2158a5d99e75bce098fcc61ddadf28b62c70a4aafe41cd5cd67b")]
    [InlineData("reward-anything", "odd", "system user", "e4a48f412b96a723feb0227a90c52a4c4556f77c28b019b16635ef547b18cf98 b57c9fb3dbb66d9be188886e213f1605fcd6f500354a64297a8805cf10d64113")]
    [InlineData("reward-anything", "single", "system user", "e4a48f412b96a723feb0227a90c52a4c4556f77c28b019b16635ef547b18cf98 5c0f0d85a9d16738610dcdc7529bf3e9c2ef9af457eadb7e81b90cfe06e52032")]
    [InlineData("rise-judge", "single", "system user", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 120bd38f06f54f102d305eeae8f93432bf27efcc4275ba3d60cebc5d9dacf9ed")]
    [InlineData("ruler", "multi", "system user", "bd2069f2fafae97963b1e06ad1295f69a0c3b0caba9a05d439e50624c15b9f6b dd15a749de67d04dbb9bc19de11960e6dbdd3ba87d042003e9410ad187a866e3")]
    [InlineData("ruler", "odd", "system user", "bd2069f2fafae97963b1e06ad1295f69a0c3b0caba9a05d439e50624c15b9f6b cf0b580df255534da62e02b442de44be9923140aa3daf32841ff074ba122fd08")]
    [InlineData("ruler", "single", "system user", "bd2069f2fafae97963b1e06ad1295f69a0c3b0caba9a05d439e50624c15b9f6b 98db5009d21ef6043064a9718d7c37379173a668c7427b5246f448c0c54158c0")]
    [InlineData("selene-absolute", "reference", "user", "473424364fea74497cdf1f932e786335781996d6e5be1c68c3bac48703fffb3b")]
    [InlineData("selene-absolute", "single", "user", "b3ecd4349fa02ade8e5a115e83f90893d0c47619fad4833e27d28f45ffafd4ac")]
    [InlineData("selene-pair", "single", "user", "9d82a1508f197fb36b3f57649981a25677d3e4a608bb4fc12c304d9caeaace19")]
    [InlineData("think-rm", "single", "system user", "07d2ca26f87d931d75f98024ad89d5943c78e983e95c9a5ea9efedcee9f527f6 be756abe6b6c021730a88483fa30dff4e221351685f0bf6d832b3774bd9f8287")]
    [InlineData("think-rm-multiclass", "single", "system user", "127ee2106dd726cd8a16b97be59ddead4a32fcfc7e55c02cd44144f341ba3c5d be756abe6b6c021730a88483fa30dff4e221351685f0bf6d832b3774bd9f8287")]
    public void What_a_file_sends_is_the_authors_byte_for_byte(string name, string shape, string roles, string hashes)
    {
        Rollout rollout = shape switch
        {
            "multi" or "multi-reference" => Multi,
            "odd" => Odd,
            _ => Single,
        };
        JudgePrompt prompt = DeclaredCatalog.Of(name).Compose(shape.EndsWith("reference", StringComparison.Ordinal) ? rollout with { Reference = "Wash, clay, polish, wax." } : rollout, [0, 1]);
        Assert.Equal(0, prompt.Neutralised);
        IReadOnlyList<Message> call = prompt.Parts?[0] ?? prompt.Messages;
        Assert.Equal(roles, string.Join(' ', call.Select(static message => message.Role)));
        Assert.Equal(hashes.Split(' '), call.Select(static message => Hash(message.Content)));
    }

    [Fact]
    public void Every_file_says_whose_words_it_sends_and_the_authors_own_are_pinned_here()
    {
        HashSet<string> pinned = [.. typeof(OfficialPromptTests).GetMethod(nameof(What_a_file_sends_is_the_authors_byte_for_byte))!.GetCustomAttributes<InlineDataAttribute>().Select(static row => (string)row.Data[0]!)];
        foreach (ProtocolFile file in DeclaredCatalog.Names.Select(static name => DeclaredCatalog.Of(name).Definition))
        {
            Assert.NotNull(file.Source.Wording);
            if (file.Source.Wording == Wording.Authors)
            {
                Assert.Contains(file.Name, pinned);
                Assert.Matches("^(Apache-2.0|BSD-3-Clause|MIT)", file.Source.Licence);
                Assert.StartsWith("https://github.com/", file.Source.Repository, StringComparison.Ordinal);
                Assert.Equal(40, file.Source.Commit!.Length);
            }
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
