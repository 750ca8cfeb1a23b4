using Pulumi;
using Pulumi.AzureNative.KeyVault;
using Pulumi.AzureNative.KeyVault.Inputs;

namespace Tribunal.Infra.Identity;

/// <summary>
/// A Key Vault for the one secret there can be: the Hugging Face token of a model that asks for one. Everything else signs in
/// by identity. Idle: nothing; a read per start of an app.
/// </summary>
public sealed class SecretVault : ComponentResource
{
    /// <summary>Creates vault and secret.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="token">The token.</param>
    /// <param name="isPrivate">Reachable through a private endpoint only.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public SecretVault(string name, Output<string> token, bool isPrivate, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:SecretVault", name, options)
    {
        Vault vault = new(name, new VaultArgs
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
        Secret secret = new($"{name}-token", new SecretArgs
        {
            ResourceGroupName = place.ResourceGroup,
            VaultName = vault.Name,
            SecretName = "hugging-face-token",
            Properties = new SecretPropertiesArgs { Value = token },
        }, new CustomResourceOptions { Parent = this });
        Id = vault.Id;
        TokenId = secret.Id;
        // Without a version: an app that starts reads the current one.
        TokenUri = secret.Properties.Apply(properties => properties.SecretUri);
        RegisterOutputs();
    }

    /// <summary>The vault's resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>The secret's resource id: the scope of whoever reads it.</summary>
    public Output<string> TokenId { get; }

    /// <summary>The secret's address, without a version.</summary>
    public Output<string> TokenUri { get; }
}
