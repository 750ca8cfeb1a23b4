using System.Text.Json;
using Tribunal.Inference.Endpoints;
using Tribunal.Judgements;
using Tribunal.Protocols;

namespace Tribunal.Inference.Tests;

public sealed class EndpointOptionsTests
{
    private static readonly JudgeEndpointOptions Good = new() { Name = "judge", Endpoint = new Uri("https://gpu.example/v1"), Model = "m" };

    public static TheoryData<string, JudgeEndpointOptions> Bad => new()
    {
        { "Name", Good with { Name = "" } },
        { "Name", Good with { Name = "a/b" } },
        { "Endpoint", Good with { Endpoint = new Uri("ftp://gpu.example") } },
        { "Endpoint", Good with { Endpoint = new Uri("v1", UriKind.Relative) } },
        { "Endpoint", Good with { Endpoint = new Uri("https://gpu.example/v1?key=x") } },
        { "Endpoint", Good with { Endpoint = new Uri("https://me:secret@gpu.example/v1") } },
        { "Model", Good with { Model = "" } },
        { "ApiKeyEnv", Good with { ApiKeyEnv = "sk-not-a-name" } },
        { "Identity", Good with { Identity = true, Endpoint = new Uri("http://gpu.example/v1") } },
        { "Identity", Good with { Identity = true, ApiKeyEnv = "KEY" } },
        { "Concurrency", Good with { Concurrency = 0 } },
        { "TimeoutSeconds", Good with { TimeoutSeconds = 0 } },
        { "TimeoutSeconds", Good with { TimeoutSeconds = double.NaN } },
        { "Tries", Good with { Tries = 0 } },
        { "ApiVersion", Good with { ApiVersion = "1&x=2" } },
        { "Temperature", Good with { Temperature = -1 } },
        { "TopP", Good with { TopP = 0 } },
        { "MaxTokens", Good with { MaxTokens = 0 } },
        { "ThinkingTokens", Good with { ThinkingTokens = -1 } },
        { "InputPrice", Good with { InputPrice = -1 } },
        { "OutputPrice", Good with { OutputPrice = double.PositiveInfinity } },
        { "Adapter", Good with { Adapter = (JudgeAdapter)7 } },
        { "Stream", Good with { Stream = (StreamMode)7 } },
    };

    [Theory, MemberData(nameof(Bad), DisableDiscoveryEnumeration = true)]
    public void A_bad_option_is_named(string option, JudgeEndpointOptions options)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(options.Validate);
        Assert.Contains($": {option}: ", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_survive_json()
    {
        JudgeEndpointOptions options = Good with { Adapter = JudgeAdapter.Azure, Stream = StreamMode.Off, ApiKeyEnv = "KEY", Temperature = 0.6 };
        string json = JsonSerializer.Serialize(options);
        Assert.Contains("\"azure\"", json, StringComparison.Ordinal);
        Assert.Equal(options, JsonSerializer.Deserialize<JudgeEndpointOptions>(json));
    }

    [Theory]
    [InlineData("http://localhost:8000/v1", StreamMode.Auto, false)]
    [InlineData("http://127.0.0.1:8000/v1", StreamMode.Auto, false)]
    [InlineData("http://[::1]:8000/v1", StreamMode.Auto, false)]
    [InlineData("https://gpu.example/v1", StreamMode.Auto, true)]
    [InlineData("http://localhost:8000/v1", StreamMode.On, true)]
    [InlineData("https://gpu.example/v1", StreamMode.Off, false)]
    public void Remote_hosts_are_streamed_from(string endpoint, StreamMode mode, bool streams) =>
        Assert.Equal(streams, (Good with { Endpoint = new Uri(endpoint), Stream = mode }).Streams);

    [Fact]
    public void Overrides_replace_the_protocols_sampling()
    {
        var defaults = new SamplingDefaults(0.5, 1, 4096);
        Assert.Equal(defaults, Good.Sampling(defaults));
        Assert.Equal(new SamplingDefaults(0, 0.9, 100, 50), (Good with { Temperature = 0, TopP = 0.9, MaxTokens = 100, ThinkingTokens = 50 }).Sampling(defaults));
    }

    [Fact]
    public void A_missing_key_is_named_and_a_broken_one_never_shown()
    {
        using var factory = new JudgeFactory(static name => name == "BROKEN" ? "sk-\u00e9\u00e9" : null, null, null);
        Assert.Contains("KEY is not set", Assert.Throws<ArgumentException>(() => factory.Create(Good with { ApiKeyEnv = "KEY" })).Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\u00e9", Assert.Throws<ArgumentException>(() => factory.Create(Good with { ApiKeyEnv = "BROKEN" })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generative_meta_judge_needs_a_model()
    {
        var options = new MetaEndpointOptions { Name = "meta", Endpoint = new Uri("http://localhost:1"), Kind = MetaKind.Generative };
        Assert.Contains(": Model: ", Assert.Throws<ArgumentException>(options.Validate).Message, StringComparison.Ordinal);
        (options with { Kind = MetaKind.TeiPredict }).Validate();
    }
}
