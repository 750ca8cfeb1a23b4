using System.Text.Json.Serialization;
using Tribunal.MetaReward;

namespace Tribunal.Inference.Endpoints;

/// <summary>How a meta reward model is asked.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MetaKind>))]
public enum MetaKind
{
    /// <summary>Found out by asking: the scalar kinds below in their order, then the generative one where a model is named.</summary>
    [JsonStringEnumMemberName("auto")]
    Auto,

    /// <summary>vLLM <c>/classify</c>, logits.</summary>
    [JsonStringEnumMemberName("vllm-classify")]
    VllmClassify,

    /// <summary>SGLang <c>/classify</c>.</summary>
    [JsonStringEnumMemberName("sglang-classify")]
    SglangClassify,

    /// <summary>vLLM <c>/pooling</c> with task <c>classify</c>, logits.</summary>
    [JsonStringEnumMemberName("vllm-pooling")]
    VllmPooling,

    /// <summary>
    /// vLLM <c>/pooling</c> without a task: reward models that give a number for each token, of which the last is the text's (InternLM2-Reward,
    /// POLAR, Qwen2.5-Math-RM; read as <c>RewardModelClient</c> of InternLM's xtuner reads them).
    /// </summary>
    [JsonStringEnumMemberName("vllm-pooling-tokens")]
    VllmPoolingTokens,

    /// <summary>Text Embeddings Inference <c>/predict</c>, raw scores.</summary>
    [JsonStringEnumMemberName("tei")]
    TeiPredict,

    /// <summary>A chat model that is asked whether the judgement is sound: the probability of "Yes" against "No".</summary>
    [JsonStringEnumMemberName("generative")]
    Generative,

    /// <summary>
    /// vLLM <c>/classify</c>, logits, asked with the two turns that DeepSeek-GRM's meta reward model was trained on, as
    /// <c>messages</c>: the server applies the model's own chat template. Has to be asked for, since other models read one text.
    /// </summary>
    [JsonStringEnumMemberName("vllm-turns")]
    VllmTurns,

    /// <summary>The same through vLLM <c>/pooling</c>.</summary>
    [JsonStringEnumMemberName("vllm-pooling-turns")]
    VllmPoolingTurns,
}

/// <summary>A meta reward model behind an endpoint.</summary>
public sealed record MetaEndpointOptions : EndpointOptions
{
    /// <summary>How it is asked; default <see cref="MetaKind.Auto"/>.</summary>
    public MetaKind Kind { get; init; }

    /// <summary>How it is asked and read by a meta protocol, instead of as <see cref="Kind"/> says; null for that.</summary>
    public MetaProtocol? Protocol { get; init; }

    /// <summary>Judgements per request at most, where the interface takes lists; 1..256, default 16.</summary>
    public int BatchSize { get; init; } = 16;

    /// <summary>How long a judgement waits for company, in milliseconds, 0..1000; default 2.</summary>
    public double BatchWindowMs { get; init; } = 2;

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        Check(Enum.IsDefined(Kind), nameof(Kind), "auto, vllm-classify, sglang-classify, vllm-pooling, vllm-pooling-tokens, tei, generative, vllm-turns or vllm-pooling-turns is allowed");
        Check(Protocol is null || Kind == MetaKind.Auto, nameof(Kind), "a meta protocol says itself how the model is asked");
        Check((Kind != MetaKind.Generative && Protocol is not { ByWords: true }) || Model.Length > 0, nameof(Model), "a generative meta judge needs its model's name");
        Check(BatchSize is >= 1 and <= 256, nameof(BatchSize), "1..256 is allowed");
        Check(BatchWindowMs is >= 0 and <= 1000, nameof(BatchWindowMs), "0..1000 is allowed");
    }
}
