using System.Text.Json.Serialization;
using Tribunal.Protocols;

namespace Tribunal.Inference.Endpoints;

/// <summary>Which client library speaks to a judge.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<JudgeAdapter>))]
public enum JudgeAdapter
{
    /// <summary>The OpenAI library: OpenAI itself, vLLM, SGLang and every compatible server.</summary>
    [JsonStringEnumMemberName("openai")]
    OpenAI,

    /// <summary>Azure.AI.Inference: Azure AI model endpoints; speaks to vLLM as well. Retired upstream.</summary>
    [JsonStringEnumMemberName("azure")]
    Azure,
}

/// <summary>Whether answers are streamed.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<StreamMode>))]
public enum StreamMode
{
    /// <summary>On for remote hosts, where an ingress ends idle requests; off on loopback.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>Always.</summary>
    [JsonStringEnumMemberName("on")]
    On,

    /// <summary>Never.</summary>
    [JsonStringEnumMemberName("off")]
    Off,
}

/// <summary>A judge behind an OpenAI-compatible or Azure AI endpoint.</summary>
public sealed record JudgeEndpointOptions : EndpointOptions
{
    /// <summary>The client library; default <see cref="JudgeAdapter.OpenAI"/>.</summary>
    public JudgeAdapter Adapter { get; init; }

    /// <summary>Streaming; default <see cref="StreamMode.Auto"/>.</summary>
    public StreamMode Stream { get; init; }

    /// <summary>The <c>api-version</c> of the <see cref="JudgeAdapter.Azure"/> adapter.</summary>
    public string ApiVersion { get; init; } = "2024-05-01-preview";

    /// <summary>
    /// Sends the output budget as <c>max_completion_tokens</c>, which OpenAI's reasoning models insist on, instead of
    /// <c>max_tokens</c>, which everything else reads.
    /// </summary>
    public bool MaxCompletionTokens { get; init; }

    /// <summary>What <see cref="Omit"/> may name.</summary>
    public static IReadOnlyList<string> Omittable { get; } = ["temperature", "top_p", "max_tokens", "seed", "stream_options"];

    /// <summary>
    /// Request fields to leave out, of <see cref="Omittable"/>, separated by commas, for servers that refuse them. What is left out is up to the
    /// server: without <c>seed</c> its answers may differ between two runs of one seed.
    /// </summary>
    public string Omit { get; init; } = "";

    internal IReadOnlyList<string> Omitted => Omit.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Replaces the protocol's sampling temperature, 0..2.</summary>
    public double? Temperature { get; init; }

    /// <summary>Replaces the protocol's nucleus mass, in (0, 1].</summary>
    public double? TopP { get; init; }

    /// <summary>Replaces the protocol's output budget in tokens, 1 or more.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>Replaces the protocol's thinking budget in tokens (<c>thinking_token_budget</c>), 0 or more.</summary>
    public int? ThinkingTokens { get; init; }

    /// <summary>Price per million prompt tokens, in the currency of the run; null when unknown.</summary>
    public double? InputPrice { get; init; }

    /// <summary>Price per million generated tokens, in the currency of the run; null when unknown.</summary>
    public double? OutputPrice { get; init; }

    internal bool Streams => Stream == StreamMode.On || (Stream == StreamMode.Auto && !OnLoopback);

    /// <summary>A protocol's sampling parameters with this endpoint's overrides.</summary>
    public SamplingDefaults Sampling(SamplingDefaults defaults)
    {
        ArgumentNullException.ThrowIfNull(defaults);
        return new SamplingDefaults(
            Temperature ?? defaults.Temperature, TopP ?? defaults.TopP, MaxTokens ?? defaults.MaxTokens, ThinkingTokens ?? defaults.ThinkingTokens);
    }

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Check(Model.Length > 0, nameof(Model), "the model to ask for is needed");
        Check(Enum.IsDefined(Adapter), nameof(Adapter), "openai or azure is allowed");
        Check(Enum.IsDefined(Stream), nameof(Stream), "auto, on or off is allowed");
        Check(
            ApiVersion is { Length: >= 1 and <= 64 } && ApiVersion.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.'),
            nameof(ApiVersion), "a version such as 2024-05-01-preview is needed");
        Check(
            Omitted.All(static field => Omittable.Contains(field, StringComparer.Ordinal)), nameof(Omit), $"{string.Join(", ", Omittable)} can be left out");
        Check(Temperature is null or (>= 0 and <= 2), nameof(Temperature), "0..2 is allowed");
        Check(TopP is null or (> 0 and <= 1), nameof(TopP), "more than 0 and at most 1 is allowed");
        Check(MaxTokens is null or >= 1, nameof(MaxTokens), "1 or more is allowed");
        Check(ThinkingTokens is null or >= 0, nameof(ThinkingTokens), "0 or more is allowed");
        Check(InputPrice is null or (>= 0 and < double.PositiveInfinity), nameof(InputPrice), "0 or more is allowed");
        Check(OutputPrice is null or (>= 0 and < double.PositiveInfinity), nameof(OutputPrice), "0 or more is allowed");
    }
}
