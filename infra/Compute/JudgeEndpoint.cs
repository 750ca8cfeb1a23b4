using System.Globalization;
using Pulumi;
using Tribunal.Azure.Names;
using Tribunal.Infra.Identity;

namespace Tribunal.Infra.Compute;

/// <summary>A judge as the settings of a host name it.</summary>
/// <param name="Name">Its name in requests.</param>
/// <param name="Address">Base address, ending in <c>/v1</c>.</param>
/// <param name="Model">The model as the endpoint serves it.</param>
/// <param name="Protocol">Its protocol.</param>
/// <param name="Concurrency">Requests in flight from one process.</param>
/// <param name="Key">Its API key; null: it wants none.</param>
public sealed record JudgeEndpoint(string Name, Output<string> Address, string Model, string Protocol, int Concurrency, KeptSecret? Key = null)
{
    /// <summary>The environment variable that holds the key.</summary>
    public string KeyVariable => $"JUDGE_KEY_{Name.ToUpperInvariant()}";

    /// <summary>What the code reads of it, by configuration key; the key itself is not here.</summary>
    public IEnumerable<KeyValuePair<string, Input<string>>> Settings()
    {
        yield return Setting(SettingNames.JudgeEndpoint, Address);
        yield return Setting(SettingNames.JudgeModel, Model);
        yield return Setting(SettingNames.JudgeProtocol, Protocol);
        yield return Setting(SettingNames.JudgeConcurrency, Concurrency.ToString(CultureInfo.InvariantCulture));
        if (Key is not null)
        {
            yield return Setting(SettingNames.JudgeApiKeyVariable, KeyVariable);
        }
    }

    /// <summary>Lets a host read the keys. One that answers under two names has one key, and a role is given once.</summary>
    public static IEnumerable<Resource> GrantKeys(IEnumerable<JudgeEndpoint> judges, WorkloadIdentity identity) => judges
        .Where(judge => judge.Key is not null)
        .DistinctBy(judge => judge.Key)
        .Select(judge => identity.Grant(BuiltInRole.KeyVaultSecretsUser, judge.Key!.Id, $"key-{judge.Name}", $"reads the key of {judge.Name}"));

    private KeyValuePair<string, Input<string>> Setting(string setting, Input<string> value) => new(SettingNames.Judge(Name, setting), value);
}
