using Pulumi;
using Pulumi.AzureNative.KeyVault;
using Pulumi.AzureNative.KeyVault.Inputs;

namespace Tribunal.Infra.Identity;

/// <summary>A secret as its readers need it.</summary>
/// <param name="Id">Its resource id: the scope of whoever reads it.</param>
/// <param name="Uri">Its address, without a version: an app that starts reads the current one.</param>
public sealed record KeptSecret(Output<string> Id, Output<string> Uri);

/// <summary>
/// A Key Vault for the secrets there can be: the Hugging Face token of a model that asks for one, and keys of external judges.
/// Everything else signs in by identity. Idle: nothing; a read per start of an app.
/// </summary>
public sealed class SecretVault : ComponentResource
{
    private readonly Place _place;
    private readonly Vault _vault;

    /// <summary>Creates the vault.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="isPrivate">Reachable through a private endpoint only.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public SecretVault(string name, bool isPrivate, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:SecretVault", name, options)
    {
        _place = place;
        _vault = new Vault(name, new VaultArgs
        {
            ResourceGroupName = place.ResourceGroup,
            VaultName = place.Names.Vault,
            Location = place.Location,
            Tags = place.Tags,
            Properties = new VaultPropertiesArgs
            {
                TenantId = place.Tenant,
                Sku = new SkuArgs { Family = SkuFamily.A, Name = SkuName.Standard },
                EnableRbacAuthorization = true,
                EnableSoftDelete = true,
                SoftDeleteRetentionInDays = 7,
                PublicNetworkAccess = isPrivate ? "Disabled" : "Enabled",
                NetworkAcls = new NetworkRuleSetArgs
                {
                    DefaultAction = isPrivate ? NetworkRuleAction.Deny : NetworkRuleAction.Allow,
                    Bypass = NetworkRuleBypassOptions.AzureServices,
                },
            },
        }, new CustomResourceOptions { Parent = this });
        RegisterOutputs();
    }

    /// <summary>The vault's resource id.</summary>
    public Output<string> Id => _vault.Id;

    /// <summary>Keeps a secret. Written through Azure's management, which reaches a private vault too.</summary>
    /// <param name="name">Its name in the vault: letters, digits and hyphens.</param>
    /// <param name="value">The secret.</param>
    public KeptSecret Keep(string name, Output<string> value)
    {
        Secret secret = new($"secret-{name}", new SecretArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            VaultName = _vault.Name,
            SecretName = name,
            Properties = new SecretPropertiesArgs { Value = value },
        }, new CustomResourceOptions { Parent = this });
        return new KeptSecret(secret.Id, secret.Properties.Apply(properties => properties.SecretUri));
    }
}
