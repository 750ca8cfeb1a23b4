using System.Text.Json.Serialization;
using Tribunal.Worker.Engine;
using Tribunal.Worker.Hosting;

namespace Tribunal.Worker;

/// <summary>Source-generated JSON of what the worker answers, and of what its orchestrations leave.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunEnding))]
[JsonSerializable(typeof(WorkerHealth))]
internal sealed partial class WorkerJson : JsonSerializerContext;
