using System.Text.Json.Serialization;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>JSON of requests from outside: nothing unknown, no null where a value belongs.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectNullableAnnotations = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(EvaluationRequest))]
[JsonSerializable(typeof(RoutingTable))]
public sealed partial class RequestJson : JsonSerializerContext;
