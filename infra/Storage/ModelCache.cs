using Pulumi;
using Pulumi.AzureNative.Storage;
using Pulumi.AzureNative.Storage.Inputs;
using Tribunal.Infra.Network;

using FileShare = Pulumi.AzureNative.Storage.FileShare;

namespace Tribunal.Infra.Storage;

/// <summary>What <see cref="ModelCache"/> takes.</summary>
public sealed record ModelCacheArgs
{
    /// <summary>Size and throughput. Paid whole, idle or not; they set how long a cold start takes.</summary>
    public required WeightsShare Share { get; init; }

    /// <summary>The account's name.</summary>
    public required string Account { get; init; }

    /// <summary>The GPU apps' subnet: the only one that is let in where there is no private endpoint.</summary>
    public required GpuSubnet Subnet { get; init; }

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
    private const int IncludedIops = 3000;

    /// <summary>Creates account and share.</summary>
    public ModelCache(string name, ModelCacheArgs args, PipelineNetwork network, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:storage:ModelCache", name, options)
    {
        StorageAccount account = new(name, new StorageAccountArgs
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = args.Account,
            Location = args.Subnet.Location,
            Tags = place.Tags,
            Kind = Kind.FileStorage,
            Sku = new SkuArgs { Name = args.Share.ProvisionedMiBps is null ? SkuName.Premium_LRS : SkuName.PremiumV2_LRS },
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
                    VirtualNetworkRules = [new VirtualNetworkRuleArgs { VirtualNetworkResourceId = args.Subnet.Id }],
                },
        }, new CustomResourceOptions { Parent = this });
        FileShareArgs shareArgs = new()
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = account.Name,
            ShareName = "weights",
            EnabledProtocols = EnabledProtocols.NFS,
            // vLLM's image runs as root and writes what it downloads.
            RootSquash = RootSquashType.NoRootSquash,
            ShareQuota = args.Share.GiB,
        };
        if (args.Share.ProvisionedMiBps is { } throughput)
        {
            // Premium v2 sells size, throughput and operations apart. Reading weights is few large operations: the included ones do.
            shareArgs.ProvisionedBandwidthMibps = throughput;
            shareArgs.ProvisionedIops = IncludedIops;
        }

        FileShare share = new($"{name}-share", shareArgs, new CustomResourceOptions { Parent = this });
        if (args.Private)
        {
            network.Expose("weights", account.Id, "file", "privatelink.file.core.windows.net");
        }

        Server = account.Name.Apply(host => $"{host}.file.core.windows.net");
        Path = Output.Tuple(account.Name, share.Name).Apply(names => $"/{names.Item1}/{names.Item2}");
        RegisterOutputs();
    }

    /// <summary>The NFS server.</summary>
    public Output<string> Server { get; }

    /// <summary>The export: <c>/account/share</c>.</summary>
    public Output<string> Path { get; }
}
