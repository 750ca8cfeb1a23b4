using System.Text.Json.Serialization;
using Tribunal.Learning.Meta;

namespace Tribunal.Cli;

/// <summary>Source-generated JSON of what training prints.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<MetaTrialRow>))]
internal sealed partial class CliJson : JsonSerializerContext;
