using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.MetaReward;
using Tribunal.Protocols;
using Tribunal.Runs.Judges;
using Tribunal.Runs.Orchestration;

namespace Tribunal.Azure.Hosting;

/// <summary>
/// Judges by the names of the configuration (<see cref="SettingNames.Judges"/>). A request can choose among them and
/// never name an address. Judges are made once and shared by the runs of the process.
/// </summary>
public sealed class ConfiguredJudges(IConfiguration configuration, IJudgeMaker maker) : IJudgeProvider
{
    /// <summary>The name of the simulated judge.</summary>
    public const string SimulatedName = "simulated";

    private readonly ConcurrentDictionary<string, (JudgeSettings Settings, IJudge Judge)> _judges = new(StringComparer.Ordinal);
    private readonly Lazy<IMetaRewardModel?> _meta = new(() => MakeMeta(configuration, maker));

    /// <inheritdoc/>
    public JudgeBinding Resolve(EvaluationRequest request)
    {
        string name = request.Judge ?? configuration[SettingNames.DefaultJudge]
            ?? throw new JudgeConfigurationException($"the request names no judge, and {SettingNames.ToAppSetting(SettingNames.DefaultJudge)} is not set");
        if (name == SimulatedName)
        {
            (IJudge judge, IMetaRewardModel meta) = maker.Simulated ?? throw new JudgeConfigurationException("this host has no simulated judge");
            IProtocol simulatedProtocol = JudgeResolution.Protocol(request, own: null, judge.Name);
            return new JudgeBinding
            {
                Judge = judge,
                Model = judge.Name,
                Protocol = simulatedProtocol,
                Meta = MetaWeights.Active(request.Meta) ? meta : null,
                Sampling = simulatedProtocol.Defaults,
                Simulated = true,
            };
        }

        (JudgeSettings settings, IJudge configured) = _judges.GetOrAdd(name, Make);
        IProtocol protocol = JudgeResolution.Protocol(request, settings.Protocol, settings.Model);
        return new JudgeBinding
        {
            Judge = configured,
            Model = settings.Model,
            Protocol = protocol,
            Meta = MetaWeights.Active(request.Meta)
                ? _meta.Value ?? throw new JudgeConfigurationException($"the request asks for a meta reward model, and {SettingNames.ToAppSetting(SettingNames.MetaEndpoint)} is not set")
                : null,
            Sampling = protocol.Defaults,
            Concurrency = settings.Concurrency,
        };
    }

    private static IMetaRewardModel? MakeMeta(IConfiguration configuration, IJudgeMaker maker)
    {
        if (configuration[SettingNames.MetaEndpoint] is not { Length: > 0 } endpoint)
        {
            return null;
        }

        try
        {
            return maker.Meta(AddressOf(endpoint, SettingNames.MetaEndpoint), configuration[SettingNames.MetaModel] ?? "");
        }
        catch (ArgumentException exception)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }

    private static Uri AddressOf(string text, string key) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address
            : throw new JudgeConfigurationException($"{SettingNames.ToAppSetting(key)} is no http or https address");

    private (JudgeSettings Settings, IJudge Judge) Make(string name)
    {
        string? Setting(string setting) => configuration[SettingNames.Judge(name, setting)];

        string endpoint = Setting(SettingNames.JudgeEndpoint)
            ?? throw new JudgeConfigurationException($"no judge of this name is configured ({SettingNames.ToAppSetting(SettingNames.Judge(name, SettingNames.JudgeEndpoint))})");
        string? concurrency = Setting(SettingNames.JudgeConcurrency);
        int limit = 64;
        if (concurrency is not null && (!int.TryParse(concurrency, NumberStyles.None, CultureInfo.InvariantCulture, out limit) || limit < 1))
        {
            throw new JudgeConfigurationException($"{SettingNames.ToAppSetting(SettingNames.Judge(name, SettingNames.JudgeConcurrency))} is a number of at least 1");
        }

        JudgeSettings settings = new()
        {
            Name = name,
            Endpoint = AddressOf(endpoint, SettingNames.Judge(name, SettingNames.JudgeEndpoint)),
            Model = Setting(SettingNames.JudgeModel) ?? name,
            Protocol = Setting(SettingNames.JudgeProtocol),
            Concurrency = limit,
            ApiKeyVariable = Setting(SettingNames.JudgeApiKeyVariable),
            Omit = Setting(SettingNames.JudgeOmit) ?? "",
        };
        try
        {
            return (settings, maker.Judge(settings));
        }
        catch (ArgumentException exception)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }
}
