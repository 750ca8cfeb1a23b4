using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Formats.Lines;
using Tribunal.Runs.Labels;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Resuming;
using Tribunal.Runs.Storage;
using Tribunal.Runs.Summary;

namespace Tribunal.Runs;

/// <summary>Source-generated JSON of runs: what crosses durable boundaries, and the documents of a run folder.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(RunManifest))]
[JsonSerializable(typeof(Shard))]
[JsonSerializable(typeof(RunSummary))]
[JsonSerializable(typeof(SummaryPart))]
[JsonSerializable(typeof(RunProgress))]
[JsonSerializable(typeof(BatchRun))]
[JsonSerializable(typeof(RunPlan))]
[JsonSerializable(typeof(RunReference))]
[JsonSerializable(typeof(JudgeState))]
[JsonSerializable(typeof(ShardStretch))]
[JsonSerializable(typeof(StretchResult))]
[JsonSerializable(typeof(ShardRun))]
[JsonSerializable(typeof(ShardRound))]
[JsonSerializable(typeof(RoundPlan))]
[JsonSerializable(typeof(ChunkReference))]
[JsonSerializable(typeof(ChunkResult))]
[JsonSerializable(typeof(ShardResult))]
[JsonSerializable(typeof(bool))]
[JsonSerializable(typeof(WaveRequest))]
[JsonSerializable(typeof(WavePlan))]
[JsonSerializable(typeof(PublishRequest))]
[JsonSerializable(typeof(RunOutcome))]
[JsonSerializable(typeof(PlannedDraw))]
[JsonSerializable(typeof(Spending))]
[JsonSerializable(typeof(RolloutLabel))]
[JsonSerializable(typeof(RunCommand))]
[JsonSerializable(typeof(LateMetaReward))]
[JsonSerializable(typeof(int[]))]
public sealed partial class RunsJson : JsonSerializerContext
{
    /// <summary>The same forms, indented for people: manifest and summary.</summary>
    public static RunsJson Readable { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
        Encoder = LedgerEncoding.Encoder,
    });
}
