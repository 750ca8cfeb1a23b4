using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Azure.Queues;

/// <summary>What a request gets that does not say it, and what an upload gets that says nothing.</summary>
/// <param name="Request">A request that says it; its judges, routing, protocol, samples and meta reward model are looked at.</param>
public sealed record RequestDefaults(EvaluationRequest Request)
{
    /// <summary>Those of requests themselves.</summary>
    public static RequestDefaults None { get; } = new(new EvaluationRequest { Batch = "" });

    /// <summary>Reads the settings of <see cref="SettingNames"/>.</summary>
    /// <exception cref="FormatException">The number of samples is no number.</exception>
    /// <exception cref="MessageRefusedException">The routing table or the panel can't be used; the message lists every problem.</exception>
    public static RequestDefaults From(IConfiguration configuration)
    {
        EvaluationRequest own = None.Request;
        return new RequestDefaults(own with
        {
            Judge = configuration[SettingNames.DefaultJudge],
            Protocol = Setting(SettingNames.DefaultProtocol) ?? own.Protocol,
            ProtocolFile = Setting(SettingNames.DefaultProtocolFile),
            Judges = Setting(SettingNames.DefaultJudges) is { } judges ? StrictJson.ReadPanel(judges) : null,
            Policy = Setting(SettingNames.DefaultSamples) is { } samples ? own.Policy with { Samples = int.Parse(samples, CultureInfo.InvariantCulture) } : own.Policy,
            Meta = own.Meta with { Model = Setting(SettingNames.DefaultMeta) },
            Routing = Setting(SettingNames.DefaultRouting) is { } routing ? StrictJson.ReadRouting(routing) : null,
        });

        string? Setting(string name) => configuration[name] is { Length: > 0 } text ? text : null;
    }

    /// <summary>The request of an upload.</summary>
    public EvaluationRequest ForUpload(string path, string runId) => Request with { Batch = path, Output = runId };

    /// <summary>Fills in what a request does not say.</summary>
    /// <param name="says">Whether it says a field, by path such as <c>policy.samples</c>.</param>
    internal EvaluationRequest Fill(EvaluationRequest request, Func<string, bool> says) => request with
    {
        Judge = request.Judge ?? Request.Judge,
        ProtocolFile = says("protocolFile") || says("protocol") || says("judges") ? request.ProtocolFile : request.ProtocolFile ?? Request.ProtocolFile,
        Judges = says("judges") || says("judge") || says("routing") ? request.Judges : request.Judges ?? Request.Judges,
        Routing = says("routing") ? request.Routing : request.Routing ?? Request.Routing,
        Protocol = says("protocol") ? request.Protocol : Request.Protocol,
        Policy = says("policy.samples") ? request.Policy : request.Policy with { Samples = Request.Policy.Samples },
        Meta = says("meta.model") ? request.Meta : request.Meta with { Model = Request.Meta.Model },
    };
}
