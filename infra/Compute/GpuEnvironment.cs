using Pulumi;
using Pulumi.AzureNative.App;
using Pulumi.AzureNative.App.Inputs;
using Tribunal.Infra.Network;
using Tribunal.Infra.Storage;

namespace Tribunal.Infra.Compute;

/// <summary>What <see cref="GpuEnvironment"/> takes.</summary>
public sealed record GpuEnvironmentArgs
{
    /// <summary>Where its apps have their addresses, and so its region.</summary>
    public required GpuSubnet Subnet { get; init; }

    /// <summary>What tells it from the stack's other environments; empty (default): the main one.</summary>
    public string Suffix { get; init; } = "";

    /// <summary>The profiles that apps run on.</summary>
    public required IReadOnlyList<GpuProfile> Profiles { get; init; }

    /// <summary>Nodes of a dedicated profile at most, 1 to 100; default 1. Serverless profiles have no nodes.</summary>
    public int DedicatedNodes { get; init; } = 1;

    /// <summary>Weights to mount; null: the image has them.</summary>
    public ModelCache? Weights { get; init; }
}

/// <summary>
/// The Container Apps environment of the GPU apps. Internal: its apps have addresses inside the virtual network only. Idle: the
/// environment's load balancer; a serverless profile costs nothing without replicas, a dedicated one its nodes.
/// </summary>
public sealed class GpuEnvironment : ComponentResource
{
    /// <summary>Creates the environment, its DNS, and the mount.</summary>
    public GpuEnvironment(string name, GpuEnvironmentArgs args, PipelineNetwork network, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:compute:GpuEnvironment", name, options)
    {
        ManagedEnvironment environment = new(name, new ManagedEnvironmentArgs
        {
            ResourceGroupName = place.ResourceGroup,
            EnvironmentName = place.Names.Of($"cae{args.Suffix}"),
            Location = args.Subnet.Location,
            Tags = place.Tags,
            VnetConfiguration = new VnetConfigurationArgs { Internal = true, InfrastructureSubnetId = args.Subnet.Id },
            PublicNetworkAccess = PublicNetworkAccess.Disabled,
            // Logs go by diagnostic setting: the other way wants the workspace's key.
            AppLogsConfiguration = new AppLogsConfigurationArgs { Destination = "azure-monitor" },
            ZoneRedundant = false,
            WorkloadProfiles =
            [
                // An environment of workload profiles always has this one; nothing runs on it.
                Profile("Consumption", "Consumption", nodes: null),
                .. args.Profiles.Distinct().Select(profile => (Input<WorkloadProfileArgs>)Profile(profile.EnvironmentName, profile.WorkloadProfileType, profile.Serverless ? null : args.DedicatedNodes)),
            ],
        }, new CustomResourceOptions { Parent = this });
        network.ResolveEnvironment(environment.DefaultDomain, environment.StaticIp, $"gpu-apps{args.Suffix}");

        if (args.Weights is { } weights)
        {
            WeightsStorage = new ManagedEnvironmentsStorage($"{name}-weights", new ManagedEnvironmentsStorageArgs
            {
                ResourceGroupName = place.ResourceGroup,
                EnvironmentName = environment.Name,
                StorageName = "weights",
                Properties = new ManagedEnvironmentStoragePropertiesArgs
                {
                    NfsAzureFile = new NfsAzureFilePropertiesArgs { Server = weights.Server, ShareName = weights.Path, AccessMode = AccessMode.ReadWrite },
                },
            }, new CustomResourceOptions { Parent = this });
        }

        (Id, Location) = (environment.Id, args.Subnet.Location);
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Region.</summary>
    public string Location { get; }

    /// <summary>The mount that apps take their weights from; null: the image has them.</summary>
    public ManagedEnvironmentsStorage? WeightsStorage { get; }

    // The SDK turns FIPS off by itself on every profile; only dedicated ones may name it.
    private static WorkloadProfileArgs Profile(string name, string type, int? nodes) => nodes is { } count
        ? new WorkloadProfileArgs { Name = name, WorkloadProfileType = type, MinimumCount = 0, MaximumCount = count }
        : new WorkloadProfileArgs { Name = name, WorkloadProfileType = type, EnableFips = null };
}
