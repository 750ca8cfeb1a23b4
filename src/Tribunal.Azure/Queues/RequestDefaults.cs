using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Runs.Orchestration;
using Tribunal.Sampling;

namespace Tribunal.Azure.Queues;

/// <summary>What a request gets that does not say it, and what an upload gets that says nothing: from the configuration.</summary>
public sealed record RequestDefaults
{
    /// <summary>A judge's name; null where none is configured.</summary>
    public string? Judge { get; init; }

    /// <summary>A protocol; null for <c>auto</c>.</summary>
    public string? Protocol { get; init; }

    /// <summary>The path of a protocol file inside the rollouts container; null for a protocol of the catalog.</summary>
    public string? ProtocolFile { get; init; }

    /// <summary>The panel; null for one judge.</summary>
    public JudgePanel? Judges { get; init; }

    /// <summary>Judgements per rollout; null for the policy's own default.</summary>
    public int? Samples { get; init; }

    /// <summary>Name of the meta reward model, or <c>none</c>; null for none.</summary>
    public string? Meta { get; init; }

    /// <summary>The routing table; null for none.</summary>
    public RoutingTable? Routing { get; init; }

    /// <summary>Reads the settings of <see cref="SettingNames"/>.</summary>
    /// <exception cref="FormatException">The number of samples is no number.</exception>
    /// <exception cref="MessageRefusedException">The routing table or the panel can't be used; the message lists every problem.</exception>
    public static RequestDefaults From(IConfiguration configuration) => new()
    {
        Judge = configuration[SettingNames.DefaultJudge],
        Protocol = configuration[SettingNames.DefaultProtocol],
        ProtocolFile = configuration[SettingNames.DefaultProtocolFile] is { Length: > 0 } file ? file : null,
        Judges = configuration[SettingNames.DefaultJudges] is { Length: > 0 } judges ? StrictJson.ReadPanel(judges) : null,
        Samples = configuration[SettingNames.DefaultSamples] is { Length: > 0 } samples ? int.Parse(samples, CultureInfo.InvariantCulture) : null,
        Meta = configuration[SettingNames.DefaultMeta],
        Routing = configuration[SettingNames.DefaultRouting] is { Length: > 0 } routing ? StrictJson.ReadRouting(routing) : null,
    };

    /// <summary>What a request says, for a message that says less and asks for the same.</summary>
    internal static RequestDefaults Of(EvaluationRequest request) => new()
    {
        Judge = request.Judge,
        Protocol = request.Protocol,
        ProtocolFile = request.ProtocolFile,
        Judges = request.Judges,
        Samples = request.Policy.Samples,
        Meta = request.Meta.Model,
        Routing = request.Routing,
    };

    /// <summary>The request of an upload.</summary>
    public EvaluationRequest ForUpload(string path, string runId) =>
        Fill(new EvaluationRequest { Batch = path, Output = runId }, static _ => false);

    /// <summary>Fills in what a request does not say.</summary>
    /// <param name="says">Whether it says a field, by path such as <c>policy.samples</c>.</param>
    internal EvaluationRequest Fill(EvaluationRequest request, Func<string, bool> says) => request with
    {
        Judge = request.Judge ?? Judge,
        ProtocolFile = says("protocolFile") || says("protocol") || says("judges") ? request.ProtocolFile : request.ProtocolFile ?? ProtocolFile,
        Judges = says("judges") || says("judge") || says("routing") ? request.Judges : request.Judges ?? Judges,
        Routing = says("routing") ? request.Routing : request.Routing ?? Routing,
        Protocol = !says("protocol") && Protocol is { Length: > 0 } ? Protocol : request.Protocol,
        Policy = !says("policy.samples") && Samples is { } samples ? request.Policy with { Samples = samples } : request.Policy,
        Meta = !says("meta.model") && Meta is { Length: > 0 } ? request.Meta with { Model = Meta } : request.Meta,
    };
}
