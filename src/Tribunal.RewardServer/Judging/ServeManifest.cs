using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Tournaments;

namespace Tribunal.RewardServer.Judging;

/// <summary>What all rewards of a ledger were judged with: <c>serve.json</c>.</summary>
public sealed record ServeManifest
{
    /// <summary>Policy, votes, tournament and seed.</summary>
    public required EvaluationRequest Request { get; init; }

    /// <summary>The judge's name.</summary>
    public required string Judge { get; init; }

    /// <summary>Its model.</summary>
    public required string Model { get; init; }

    /// <summary>The protocol.</summary>
    public required string Protocol { get; init; }

    /// <summary>The prompt's fingerprint.</summary>
    public required string Prompt { get; init; }

    /// <summary>The protocol file's text; null for a protocol of the catalog.</summary>
    public string? ProtocolFile { get; init; }

    /// <summary>Sampling parameters.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>Whether the judge is the simulated one.</summary>
    public bool Simulated { get; init; }

    /// <summary>The document for a judge and a request.</summary>
    public static byte[] Of(Judge binding, EvaluationRequest request)
    {
        ArgumentNullException.ThrowIfNull(binding);
        return JsonSerializer.SerializeToUtf8Bytes(
            new ServeManifest
            {
                Request = request,
                Judge = binding.Name,
                Model = binding.Model,
                Protocol = binding.Protocol.Name,
                Prompt = PromptFingerprint.Of(binding.Protocol),
                ProtocolFile = binding.Template is { } file && ProtocolFileReader.IsProtocol(file) ? file : null,
                Sampling = binding.Sampling,
                Simulated = binding.Simulated,
            },
            ServeJson.Default.ServeManifest);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ServeManifest))]
[JsonSerializable(typeof(GroupName))]
[JsonSerializable(typeof(TournamentOptions))]
internal sealed partial class ServeJson : JsonSerializerContext;
