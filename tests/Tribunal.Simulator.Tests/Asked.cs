using Tribunal.Judgements;
using Tribunal.Protocols;
using Tribunal.Protocols.Catalog;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Simulator.Batches;
using Tribunal.Simulator.Judging;

namespace Tribunal.Simulator.Tests;

/// <summary>Questions as a run would ask them.</summary>
internal static class Asked
{
    public const long Seed = 7;

    public static readonly IReadOnlyList<Rollout> Batch = [.. BatchGenerator.Generate(new BatchOptions { Rollouts = 30, MaxResponses = 4 })];

    public static IProtocol Protocol(string variant) => ProtocolCatalog.Resolve(variant, modelName: null).Protocol;

    public static int[] Order(IProtocol protocol, Rollout rollout, int sample) => protocol.Kind == JudgingKind.Listwise
        ? PresentationOrder.List(Seed, rollout.Id, sample, rollout.Responses.Count)
        : PresentationOrder.Pair(Seed, rollout.Id, 0, 1, sample);

    public static JudgeQuestion Question(IProtocol protocol, Rollout rollout, int sample, int maxTokens = 4000) => new()
    {
        Messages = protocol.Compose(rollout, Order(protocol, rollout, sample)).Messages,
        Temperature = protocol.Defaults.Temperature,
        MaxTokens = maxTokens,
        Seed = SampleSeed.Of(Seed, rollout.Id, sample),
    };

    public static SimulatedRequest Request(JudgeQuestion question) => new()
    {
        Messages = question.Messages,
        Temperature = question.Temperature,
        MaxTokens = question.MaxTokens,
        Seed = question.Seed,
    };

    public static JudgeReply Reply(SimulatedAnswer answer) => new()
    {
        Text = answer.Text,
        Reasoning = answer.Reasoning,
        Finish = answer.Finish,
        Refusal = answer.Refusal,
        Usage = answer.Usage,
    };
}
