using Pulumi;
using Pulumi.AzureNative.Storage;
using Pulumi.AzureNative.Storage.Inputs;
using Tribunal.Infra.Network;

using FileShare = Pulumi.AzureNative.Storage.FileShare;

namespace Tribunal.Infra.Storage;

/// <summary>What <see cref="ModelCache"/> takes.</summary>
public sealed record ModelCacheArgs
{
    /// <summary>Provisioned size, 100 to 102,400 GiB; default 100. Paid whole, idle or not; it also sets the read throughput, and so the cold start.</summary>
    public int ShareGiB { get; init; } = 100;

    /// <summary>Reachable through a private endpoint only; default false: from the GPU subnet only, by service endpoint.</summary>
    public bool Private { get; init; }
}

/// <summary>
/// An NFS share that keeps model weights between cold starts. NFS, because SMB shares want the account's key, and
/// because a replica's own disk is too small for weights. An account of its own: NFS can't have the transport encryption that the other
/// account insists on, and is let in by network alone.
/// </summary>
public sealed class ModelCache : ComponentResource
{
    /// <summary>Creates account and share.</summary>
    public ModelCache(string name, ModelCacheArgs args, PipelineNetwork network, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:storage:ModelCache", name, options)
    {
        StorageAccount account = new(name, new StorageAccountArgs
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = place.Names.WeightsAccount,
            Location = place.Location,
            Tags = place.Tags,
            Kind = Kind.FileStorage,
            Sku = new SkuArgs { Name = SkuName.Premium_LRS },
            AllowSharedKeyAccess = false,
            AllowBlobPublicAccess = false,
            MinimumTlsVersion = MinimumTlsVersion.TLS1_2,
            // "Secure transfer" refuses NFS mounts; the traffic stays inside the virtual network.
            EnableHttpsTrafficOnly = false,
            PublicNetworkAccess = args.Private ? PublicNetworkAccess.Disabled : PublicNetworkAccess.Enabled,
            NetworkRuleSet = args.Private
                ? new NetworkRuleSetArgs { DefaultAction = DefaultAction.Deny, Bypass = Bypass.None }
                : new NetworkRuleSetArgs
                {
                    DefaultAction = DefaultAction.Deny,
                    Bypass = Bypass.None,
                    VirtualNetworkRules = [new VirtualNetworkRuleArgs { VirtualNetworkResourceId = network.ComputeSubnetId }],
                },
        }, new CustomResourceOptions { Parent = this });
        FileShare share = new($"{name}-share", new FileShareArgs
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = account.Name,
            ShareName = "weights",
            EnabledProtocols = EnabledProtocols.NFS,
            // vLLM's image runs as root and writes what it downloads.
            RootSquash = RootSquashType.NoRootSquash,
            ShareQuota = args.ShareGiB,
        }, new CustomResourceOptions { Parent = this });
        network.Expose("weights", account.Id, "file", "privatelink.file.core.windows.net");
        Server = account.Name.Apply(host => $"{host}.file.core.windows.net");
        Path = Output.Tuple(account.Name, share.Name).Apply(names => $"/{names.Item1}/{names.Item2}");
        RegisterOutputs();
    }

    /// <summary>The NFS server.</summary>
    public Output<string> Server { get; }

    /// <summary>The export: <c>/account/share</c>.</summary>
    public Output<string> Path { get; }
}
