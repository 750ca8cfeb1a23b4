using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Configuration;
using Tribunal.Azure.Names;
using Tribunal.Inference;
using Tribunal.Inference.Endpoints;
using Tribunal.MetaReward;
using Tribunal.Protocols.Declared;
using Tribunal.Runs.Judges;
using Tribunal.Simulator.Judging;

namespace Tribunal.Azure.Hosting;

/// <summary>
/// Judges by the names of the configuration (<see cref="SettingNames.Judges"/>). A request can choose among them and
/// never name an address. Judges are made when they are first asked for, and shared by the runs of the process.
/// </summary>
public sealed class JudgeSettings(IConfiguration configuration, JudgeFactory factory)
{
    /// <summary>The name of the simulated judge.</summary>
    public const string SimulatedName = "simulated";

    private readonly ConcurrentDictionary<string, Judge> _judges = new(StringComparer.Ordinal);
    private readonly Lazy<IMetaRewardModel> _meta = new(() => NewMeta(configuration, factory));
    private readonly JudgeEngine _engine = new();

    /// <summary>What requests resolve their names by.</summary>
    public JudgeRegistry Registry => new(Find, (_, judge) => judge.Simulated ? new SimulatedMetaRewardModel(_engine) : _meta.Value);

    /// <summary>The judge of a name.</summary>
    /// <param name="name">The name; null for the configured default.</param>
    /// <exception cref="JudgeConfigurationException">There is none, or one of its settings can't be used.</exception>
    public Judge Find(string? name)
    {
        name ??= configuration[SettingNames.DefaultJudge]
            ?? throw Wrong($"the request names no judge, and {SettingNames.ToAppSetting(SettingNames.DefaultJudge)} is not set");
        return _judges.GetOrAdd(name, name == SimulatedName ? Simulated : Configured);
    }

    /// <summary>A judge behind an endpoint, as every host opens it; nothing is sent yet.</summary>
    /// <param name="factory">Makes what speaks to the endpoint.</param>
    /// <param name="options">Address, model, key, limits and prices.</param>
    /// <param name="protocol">The protocol of requests that say <c>auto</c>.</param>
    /// <param name="template">A prompt template of the user's; null for the protocol's own.</param>
    /// <exception cref="JudgeConfigurationException">An option can't be used; the message names it.</exception>
    public static Judge Open(JudgeFactory factory, JudgeEndpointOptions options, string protocol = "auto", string? template = null)
    {
        try
        {
            return Judge.Of(factory.Create(options), options.Model, protocol, template, options.Sampling) with
            {
                Concurrency = options.Concurrency,
                Price = options is { InputPrice: null, OutputPrice: null } ? null : new TokenPrice(options.InputPrice ?? 0, options.OutputPrice ?? 0),
            };
        }
        catch (ArgumentException exception) when (exception is not ProblemsException)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }

    private Judge Simulated(string name)
    {
        var judge = new SimulatedJudge(_engine);
        return Judge.Of(judge, judge.Name) with { Simulated = true };
    }

    private Judge Configured(string name)
    {
        string? Setting(string setting) => configuration[SettingNames.Judge(name, setting)] is { Length: > 0 } value ? value : null;

        string endpoint = Setting(SettingNames.JudgeEndpoint) ?? throw Wrong($"no judge of this name is configured ({NameOf(SettingNames.JudgeEndpoint)})");
        return Open(
            factory,
            new JudgeEndpointOptions
            {
                Name = name,
                Endpoint = AddressOf(endpoint, SettingNames.Judge(name, SettingNames.JudgeEndpoint)),
                Model = Setting(SettingNames.JudgeModel) ?? name,
                ApiKeyEnv = Setting(SettingNames.JudgeApiKeyVariable),
                Omit = Setting(SettingNames.JudgeOmit) ?? "",
                Concurrency = ConcurrencyOf(Setting(SettingNames.JudgeConcurrency)),
                InputPrice = PriceOf(SettingNames.JudgeInputPrice),
                OutputPrice = PriceOf(SettingNames.JudgeOutputPrice),
            },
            Setting(SettingNames.JudgeProtocol) ?? "auto",
            TemplateOf(Setting(SettingNames.JudgeTemplate)));

        int ConcurrencyOf(string? text) => text is null ? Judge.DefaultConcurrency
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) && limit >= 1 ? limit
            : throw Wrong($"{NameOf(SettingNames.JudgeConcurrency)} is a number of at least 1");

        double? PriceOf(string setting) => Setting(setting) is not { } text ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double price) && price >= 0 && double.IsFinite(price) ? price
            : throw Wrong($"{NameOf(setting)} is a number of at least 0");

        string? TemplateOf(string? path)
        {
            try
            {
                return path is null ? null : File.ReadAllText(path);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Wrong($"{NameOf(SettingNames.JudgeTemplate)}: there is no file that can be read at {path}", exception);
            }
        }

        string NameOf(string setting) => SettingNames.ToAppSetting(SettingNames.Judge(name, setting));
    }

    private static IMetaRewardModel NewMeta(IConfiguration configuration, JudgeFactory factory)
    {
        if (configuration[SettingNames.MetaEndpoint] is not { Length: > 0 } endpoint)
        {
            throw new JudgeConfigurationException(
                [new Problem("meta.model", $"the request asks for a meta reward model, and {SettingNames.ToAppSetting(SettingNames.MetaEndpoint)} is not set")]);
        }

        try
        {
            return factory.CreateMeta(new MetaEndpointOptions
            {
                Name = "meta",
                Endpoint = AddressOf(endpoint, SettingNames.MetaEndpoint),
                Model = configuration[SettingNames.MetaModel] ?? "",
                Protocol = configuration[SettingNames.MetaProtocol] is { Length: > 0 } name ? MetaProtocolOf(name) : null,
            });
        }
        catch (Exception exception) when (exception is ArgumentException or ProtocolFileException or IOException or UnauthorizedAccessException)
        {
            throw new JudgeConfigurationException(exception.Message, exception);
        }
    }

    private static MetaProtocol MetaProtocolOf(string name) => MetaProtocol.Names.Contains(name, StringComparer.Ordinal) ? MetaProtocol.Of(name) : MetaProtocol.Read(File.ReadAllText(name));

    private static Uri AddressOf(string text, string key) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? address
            : throw Wrong($"{SettingNames.ToAppSetting(key)} is no http or https address");

    private static JudgeConfigurationException Wrong(string message, Exception? inner = null) => new([new Problem("judge", message)], inner);
}
