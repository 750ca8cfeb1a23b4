using Microsoft.Extensions.Configuration;
using NSubstitute;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Names;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Azure.Tests.Queues;

public sealed class ConfiguredJudgesTests
{
    private readonly IJudgeMaker _maker = Substitute.For<IJudgeMaker>();

    [Fact]
    public void A_request_chooses_among_the_configured_names()
    {
        IJudge judge = Substitute.For<IJudge>();
        JudgeSettings? seen = null;
        _maker.Judge(Arg.Do<JudgeSettings>(settings => seen = settings)).Returns(judge);
        ConfiguredJudges judges = Open(new()
        {
            ["Tribunal:Judges:main:Endpoint"] = "https://judge.internal/v1",
            ["Tribunal:Judges:main:Model"] = "RM-R1-Instruct",
            ["Tribunal:Judges:main:Protocol"] = "rm-r1",
            ["Tribunal:Judges:main:Concurrency"] = "12",
            ["Tribunal:Judges:main:ApiKeyVariable"] = "JUDGE_KEY",
        });
        JudgeBinding binding = judges.Resolve(new EvaluationRequest { Batch = "b", Judge = "main" });
        Assert.Same(judge, binding.Judge);
        Assert.Equal(("rm-r1", "RM-R1-Instruct", 12, false), (binding.Protocol.Name, binding.Model, binding.Concurrency, binding.Simulated));
        Assert.Equal(new JudgeSettings { Name = "main", Endpoint = new Uri("https://judge.internal/v1"), Model = "RM-R1-Instruct", Protocol = "rm-r1", Concurrency = 12, ApiKeyVariable = "JUDGE_KEY" }, seen);
        Assert.Equal("grm", judges.Resolve(new EvaluationRequest { Batch = "b", Judge = "main", Protocol = "grm" }).Protocol.Name);
        _maker.ReceivedWithAnyArgs(1).Judge(null!);
    }

    [Fact]
    public void The_default_judge_serves_requests_that_name_none()
    {
        _maker.Judge(null!).ReturnsForAnyArgs(Substitute.For<IJudge>());
        Open(new() { [SettingNames.DefaultJudge] = "d", ["Tribunal:Judges:d:Endpoint"] = "http://h/v1" }).Resolve(new EvaluationRequest { Batch = "b" });
        _maker.Received().Judge(Arg.Is<JudgeSettings>(static settings => settings.Name == "d"));
    }

    [Theory]
    [InlineData(null, "names no judge")]
    [InlineData("nobody", "no judge of this name")]
    [InlineData("broken", "no http or https address")]
    [InlineData("simulated", "no simulated judge")]
    public void What_is_not_configured_is_refused(string? judge, string why)
    {
        _maker.Simulated.Returns(((IJudge, IMetaRewardModel)?)null);
        ConfiguredJudges judges = Open(new() { ["Tribunal:Judges:broken:Endpoint"] = "file:///etc/passwd" });
        Assert.Contains(why, Assert.Throws<JudgeConfigurationException>(() => judges.Resolve(new EvaluationRequest { Batch = "b", Judge = judge })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_meta_reward_model_is_only_there_when_it_is_configured_and_asked_for()
    {
        _maker.Judge(null!).ReturnsForAnyArgs(Substitute.For<IJudge>());
        IMetaRewardModel meta = Substitute.For<IMetaRewardModel>();
        _maker.Meta(new Uri("http://meta/"), "guide").Returns(meta);
        Dictionary<string, string?> settings = new() { ["Tribunal:Judges:j:Endpoint"] = "http://h/v1" };
        EvaluationRequest wants = new() { Batch = "b", Judge = "j", Meta = new MetaOptions { Model = "guide" } };
        Assert.Throws<JudgeConfigurationException>(() => Open(settings).Resolve(wants));
        settings[SettingNames.MetaEndpoint] = "http://meta/";
        settings[SettingNames.MetaModel] = "guide";
        Assert.Same(meta, Open(settings).Resolve(wants).Meta);
        Assert.Null(Open(settings).Resolve(wants with { Meta = new MetaOptions { Model = "none" } }).Meta);
    }

    private ConfiguredJudges Open(Dictionary<string, string?> settings) => new(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), _maker);
}
