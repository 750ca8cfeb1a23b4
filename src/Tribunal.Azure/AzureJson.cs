using System.Text.Json.Serialization;
using Tribunal.Azure.Storage;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Storage;
using Tribunal.Sampling;

namespace Tribunal.Azure;

/// <summary>Source-generated JSON of requests from outside and of run records: no null where a value belongs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(RoutingTable))]
[JsonSerializable(typeof(JudgePanel))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(RunProgress))]
[JsonSerializable(typeof(UploadGrant))]
public sealed partial class AzureJson : JsonSerializerContext;
