using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Calibration;
using Tribunal.JudgeModels;
using Tribunal.Judgements;
using Tribunal.Rollouts;
using Tribunal.Sampling;
using Tribunal.Verdicts;
using Tribunal.Voting;

namespace Tribunal;

/// <summary>Source-generated JSON of the domain's line forms: camelCase, nulls left out, one line each.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Rollout))]
[JsonSerializable(typeof(Judgement))]
[JsonSerializable(typeof(TracedJudgement))]
[JsonSerializable(typeof(Usage))]
[JsonSerializable(typeof(Tries))]
[JsonSerializable(typeof(Verdict))]
[JsonSerializable(typeof(PanelWeights))]
[JsonSerializable(typeof(JudgeModel))]
[JsonSerializable(typeof(StoredCalibration))]
[JsonSerializable(typeof(RoutingTable))]
[JsonSerializable(typeof(IReadOnlyList<ResampleResult>))]
public sealed partial class TribunalJson : JsonSerializerContext;
