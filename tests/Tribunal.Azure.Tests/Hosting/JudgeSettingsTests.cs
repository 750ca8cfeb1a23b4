using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Hosting;
using Tribunal.Azure.Names;
using Tribunal.Inference;
using Tribunal.MetaReward;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;

namespace Tribunal.Azure.Tests.Hosting;

public sealed class JudgeSettingsTests : IDisposable
{
    private readonly JudgeFactory _factory = new();
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        _factory.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public void A_request_chooses_among_the_configured_names()
    {
        JudgeSettings settings = Open(new()
        {
            ["Tribunal:Judges:main:Endpoint"] = "https://judge.internal/v1",
            ["Tribunal:Judges:main:Model"] = "RM-R1-Instruct",
            ["Tribunal:Judges:main:Protocol"] = "rm-r1",
            ["Tribunal:Judges:main:Concurrency"] = "12",
            ["Tribunal:Judges:main:InputPrice"] = "0.5",
            ["Tribunal:Judges:main:OutputPrice"] = "2",
        });
        Judge judge = settings.Registry.Resolve(new EvaluationRequest { Batch = "b", Judge = "main" }).Own;
        Assert.Equal(("main", "rm-r1", "RM-R1-Instruct", 12, false), (judge.Name, judge.Protocol.Name, judge.Model, judge.Concurrency, judge.Simulated));
        Assert.Equal(new TokenPrice(0.5, 2), judge.Price);
        Judge again = settings.Registry.Resolve(new EvaluationRequest { Batch = "b", Judge = "main", Protocol = "grm" }).Own;
        Assert.Equal("grm", again.Protocol.Name);
        Assert.Same(judge.Endpoint, again.Endpoint);
    }

    [Fact]
    public void The_default_judge_serves_requests_that_name_none() => Assert.Equal(
        "d",
        Open(new() { [SettingNames.DefaultJudge] = "d", ["Tribunal:Judges:d:Endpoint"] = "http://h/v1" }).Registry.Resolve(new EvaluationRequest { Batch = "b" }).Own.Name);

    [Fact]
    public void The_simulated_judge_is_on_every_host_and_has_its_own_meta_reward_model()
    {
        Judge judge = Open([]).Registry.Resolve(new EvaluationRequest { Batch = "b", Judge = "simulated", Meta = new MetaOptions { Model = "guide" } }).Own;
        Assert.True(judge.Simulated);
        Assert.NotNull(judge.Meta);
    }

    [Fact]
    public void A_template_is_a_file_of_the_host()
    {
        File.WriteAllText(_file, "no placeholder");
        Assert.Contains("{{conversation}} is missing", Refusal("templated", new() { ["Tribunal:Judges:templated:Template"] = _file }), StringComparison.Ordinal);
        Assert.Contains("Tribunal__Judges__templated__Template", Refusal("templated", new() { ["Tribunal:Judges:templated:Template"] = _file + ".none" }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "names no judge")]
    [InlineData("nobody", "no judge of this name")]
    [InlineData("broken", "no http or https address")]
    [InlineData("dear", "Tribunal__Judges__dear__InputPrice is a number")]
    [InlineData("wide", "Tribunal__Judges__wide__Concurrency is a number")]
    [InlineData("keyed", "TRIBUNAL_NO_SUCH_VARIABLE is not set")]
    public void What_is_not_configured_is_refused(string? judge, string why) => Assert.Contains(
        why,
        Refusal(judge, new()
        {
            ["Tribunal:Judges:broken:Endpoint"] = "file:///etc/passwd",
            ["Tribunal:Judges:dear:InputPrice"] = "much",
            ["Tribunal:Judges:wide:Concurrency"] = "-1",
            ["Tribunal:Judges:keyed:ApiKeyVariable"] = "TRIBUNAL_NO_SUCH_VARIABLE",
        }),
        StringComparison.Ordinal);

    [Fact]
    public void A_limit_on_cost_that_can_not_be_kept_is_refused()
    {
        Dictionary<string, string?> settings = new() { ["Tribunal:Judges:j:Endpoint"] = "http://h/v1" };
        EvaluationRequest limited = new() { Batch = "b", Judge = "j", Limits = new SpendLimits { Cost = 1 } };
        EvaluationRequest budget = new() { Batch = "b", Judge = "j", Policy = new PolicyOptions { Kind = PolicyKind.Budget, Cost = 1 } };
        Assert.Equal("limits.cost", Assert.Single(Assert.Throws<JudgeConfigurationException>(() => Open(settings).Registry.Resolve(limited)).Problems).Field);
        Assert.Equal("policy.cost", Assert.Single(Assert.Throws<JudgeConfigurationException>(() => Open(settings).Registry.Resolve(budget)).Problems).Field);
        settings["Tribunal:Judges:j:OutputPrice"] = "3";
        Assert.Equal(new TokenPrice(0, 3), Open(settings).Registry.Resolve(limited).Prices?.One);
        Assert.NotNull(Open(settings).Registry.Resolve(budget).Prices?.One);
    }

    [Fact]
    public void A_meta_reward_model_is_only_there_when_it_is_configured_and_asked_for()
    {
        Dictionary<string, string?> settings = new() { ["Tribunal:Judges:j:Endpoint"] = "http://h/v1" };
        EvaluationRequest wants = new() { Batch = "b", Judge = "j", Meta = new MetaOptions { Model = "guide" } };
        Assert.Throws<JudgeConfigurationException>(() => Open(settings).Registry.Resolve(wants));
        settings[SettingNames.MetaEndpoint] = "http://meta/";
        settings[SettingNames.MetaModel] = "guide";
        Assert.Equal("meta", Open(settings).Registry.Resolve(wants).Own.Meta!.Name);
        Assert.Null(Open(settings).Registry.Resolve(wants with { Meta = new MetaOptions { Model = "none" } }).Own.Meta);
    }

    private string Refusal(string? judge, Dictionary<string, string?> settings)
    {
        foreach (string name in (string[])["templated", "dear", "wide", "keyed"])
        {
            settings.TryAdd($"Tribunal:Judges:{name}:Endpoint", "http://h/v1");
        }

        return Assert.Throws<JudgeConfigurationException>(() => Open(settings).Registry.Resolve(new EvaluationRequest { Batch = "b", Judge = judge })).Message;
    }

    private JudgeSettings Open(Dictionary<string, string?> settings) => new(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), _factory);
}
