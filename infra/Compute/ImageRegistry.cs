using Pulumi;
using Pulumi.AzureNative.ContainerRegistry;
using Pulumi.AzureNative.ContainerRegistry.Inputs;

namespace Tribunal.Infra.Compute;

/// <summary>
/// A registry for imported images and images with baked weights. Premium: it alone streams large images and has private
/// endpoints. Idle: its daily rate and what is stored. Streaming is switched on per repository, by the step of docs/deploy.md
/// that imports or builds the image: ARM has no resource for it.
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
        (Id, Name, Server) = (registry.Id, registry.Name, registry.LoginServer);
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Name.</summary>
    public Output<string> Name { get; }

    /// <summary>Host name.</summary>
    public Output<string> Server { get; }
}
