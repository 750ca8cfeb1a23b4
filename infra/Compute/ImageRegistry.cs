using Pulumi;
using Pulumi.AzureNative.ContainerRegistry;
using Pulumi.AzureNative.ContainerRegistry.Inputs;

namespace Tribunal.Infra.Compute;

/// <summary>
/// A registry for images with baked weights. Premium: it alone streams large images and has private endpoints. Idle: its
/// daily rate and what is stored.
/// </summary>
public sealed class ImageRegistry : ComponentResource
{
    /// <summary>Creates the registry.</summary>
    public ImageRegistry(string name, bool isPrivate, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:compute:ImageRegistry", name, options)
    {
        Registry registry = new(name, new RegistryArgs
        {
            ResourceGroupName = place.ResourceGroup,
            RegistryName = place.Names.Registry,
            Location = place.Location,
            Tags = place.Tags,
            Sku = new SkuArgs { Name = SkuName.Premium },
            AdminUserEnabled = false,
            AnonymousPullEnabled = false,
            PublicNetworkAccess = isPrivate ? PublicNetworkAccess.Disabled : PublicNetworkAccess.Enabled,
            // `az acr build` is how an image with weights gets in: it works from inside Azure, as a trusted service.
            NetworkRuleBypassOptions = NetworkRuleBypassOptions.AzureServices,
        }, new CustomResourceOptions { Parent = this });
        (Id, Server) = (registry.Id, registry.LoginServer);
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Host name.</summary>
    public Output<string> Server { get; }
}
