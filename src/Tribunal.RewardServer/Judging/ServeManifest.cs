using System.Text.Json;
using System.Text.Json.Serialization;
using Tribunal.Protocols;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;
using Tribunal.Runs.Steps;
using Tribunal.Runs.Storage;
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

    /// <summary>The rubric file's text; null without one.</summary>
    public string? RubricFile { get; init; }

    /// <summary>The members of a panel, in the order of their turns; null for one judge.</summary>
    public IReadOnlyList<RouteManifest>? Members { get; init; }

    /// <summary>The texts of the members' protocol files, empty for protocols of the catalog; null where none has a file.</summary>
    public IReadOnlyList<string>? MemberFiles { get; init; }

    /// <summary>Sampling parameters.</summary>
    public required SamplingDefaults Sampling { get; init; }

    /// <summary>Whether the judge is the simulated one.</summary>
    public bool Simulated { get; init; }

    /// <summary>The document for what judges and a request.</summary>
    /// <param name="routes">The judge, or the panel.</param>
    /// <param name="request">The request.</param>
    /// <param name="files">The texts of the files that it names, by their paths.</param>
    public static byte[] Of(JudgeRoutes routes, EvaluationRequest request, IReadOnlyDictionary<string, string> files)
    {
        ArgumentNullException.ThrowIfNull(routes);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(files);
        string[] memberFiles = [.. (routes.Panel ?? []).Select(static member => FileOf(member) ?? "")];
        return JsonSerializer.SerializeToUtf8Bytes(
            new ServeManifest
            {
                // Where files lie says nothing of how rewards came about; what stands in them does.
                Request = request with
                {
                    RubricFile = null,
                    Judges = request.Judges is not { } panel ? null : panel with { Members = [.. panel.Members.Select(static member => member with { ProtocolFile = null })] },
                },
                Judge = routes.Own.Name,
                Model = routes.Own.Model,
                Protocol = routes.Own.Protocol.Name,
                Prompt = PromptFingerprint.Of(routes.Own.Protocol),
                ProtocolFile = FileOf(routes.Own),
                RubricFile = request.RubricFile is { } rubric ? files[rubric] : null,
                Members = RunBranches.MembersOf(routes),
                MemberFiles = Array.Exists(memberFiles, static file => file.Length > 0) ? memberFiles : null,
                Sampling = routes.Own.Sampling,
                Simulated = routes.All.Any(static judge => judge.Simulated),
            },
            ServeJson.Default.ServeManifest);
    }

    private static string? FileOf(Judge judge) => judge.Template is { } file && ProtocolFileReader.IsProtocol(file) ? file : null;
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(ServeManifest))]
[JsonSerializable(typeof(GroupName))]
[JsonSerializable(typeof(TournamentOptions))]
internal sealed partial class ServeJson : JsonSerializerContext;
