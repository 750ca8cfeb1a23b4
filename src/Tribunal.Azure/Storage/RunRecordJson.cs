using System.Text.Json.Serialization;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;

namespace Tribunal.Azure.Storage;

/// <summary>Source-generated JSON of run records.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(RunProgress))]
public sealed partial class RunRecordJson : JsonSerializerContext;
