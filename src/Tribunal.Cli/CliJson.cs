using System.Text.Json.Serialization;
using Tribunal.Cli.Commands;
using Tribunal.Cli.Doctor;
using Tribunal.Learning.Meta;

namespace Tribunal.Cli;

/// <summary>Source-generated JSON of what the tool itself prints and answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<MetaTrialRow>))]
[JsonSerializable(typeof(List<Check>))]
[JsonSerializable(typeof(Dictionary<string, ServeClient>))]
internal sealed partial class CliJson : JsonSerializerContext;
