using Pulumi;
using Pulumi.AzureNative.Network;
using Pulumi.AzureNative.PrivateDns;
using Pulumi.AzureNative.Resources;
using Pulumi.AzureNative.Resources.Inputs;

using NetworkInputs = Pulumi.AzureNative.Network.Inputs;
using PrivateDnsInputs = Pulumi.AzureNative.PrivateDns.Inputs;
using Subnet = Pulumi.AzureNative.Network.Subnet;

namespace Tribunal.Infra.Network;

/// <summary>What <see cref="PipelineNetwork"/> takes.</summary>
public sealed record PipelineNetworkArgs
{
    /// <summary>First two octets; default <c>10.42</c>. The first /20 is used.</summary>
    public string AddressSpace { get; init; } = "10.42";

    /// <summary>
    /// Whether services are reached through private endpoints; default false. Each costs by the hour and by the gigabyte,
    /// each DNS zone by the month.
    /// </summary>
    public bool PrivateEndpoints { get; init; }

    /// <summary>A network that is there already; null (default): one is made.</summary>
    public ExistingNetwork? Existing { get; init; }
}

/// <summary>A network that is there already, by resource ids; what it needs to have is checked by Azure, not by Pulumi.</summary>
/// <param name="Gpus">A subnet of nothing else, /27 or larger, delegated to <c>Microsoft.App/environments</c>, with the service endpoint <c>Microsoft.Storage</c>.</param>
/// <param name="Functions">Another, with the same delegation and service endpoint.</param>
/// <param name="Endpoints">A subnet for private endpoints; null: in a stack without them.</param>
/// <param name="DnsZonesGroup">The resource group of the private DNS zones, which are linked to the network already; null: the stack makes and links its own.</param>
public sealed record ExistingNetwork(string Gpus, string Functions, string? Endpoints, string? DnsZonesGroup)
{
    /// <summary>Resource id of the network.</summary>
    public string Id => Gpus[..Gpus.LastIndexOf("/subnets/", StringComparison.OrdinalIgnoreCase)];
}

/// <summary>A subnet for GPU apps.</summary>
/// <param name="Id">Its resource id.</param>
/// <param name="Location">Its region.</param>
public sealed record GpuSubnet(Output<string> Id, string Location);

/// <summary>
/// The network: GPU apps in one subnet, the function app in another, private endpoints in a third. It is there in every
/// stack, and free: an app in Container Apps that the function app can reach is reachable either from the whole internet or
/// through a virtual network, and a public judge is a button that starts a GPU. Private endpoints are the option.
/// </summary>
public sealed class PipelineNetwork : ComponentResource
{
    /// <summary>An A record for every name of a zone.</summary>
    private static readonly Dictionary<string, object> AnyRecordTemplate = new(StringComparer.Ordinal)
    {
        ["$schema"] = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        ["contentVersion"] = "1.0.0.0",
        ["parameters"] = new Dictionary<string, object>(StringComparer.Ordinal)
        {
            ["zone"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["type"] = "string" },
            ["address"] = new Dictionary<string, object>(StringComparer.Ordinal) { ["type"] = "string" },
        },
        ["resources"] = new object[]
        {
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["type"] = "Microsoft.Network/privateDnsZones/A",
                ["apiVersion"] = "2024-06-01",
                ["name"] = "[concat(parameters('zone'), '/*')]",
                ["properties"] = new Dictionary<string, object>(StringComparer.Ordinal)
                {
                    ["ttl"] = 300,
                    ["aRecords"] = new object[] { new Dictionary<string, object>(StringComparer.Ordinal) { ["ipv4Address"] = "[parameters('address')]" } },
                },
            },
        },
    };

    private const string Delegation = "Microsoft.App/environments";

    private readonly Place _place;
    private readonly PipelineNetworkArgs _args;
    private readonly VirtualNetwork? _network;
    private readonly Output<string> _networkId;
    private readonly Output<string>? _endpoints;
    private readonly Dictionary<string, PrivateZone> _zones = new(StringComparer.Ordinal);

    /// <summary>Creates network and subnets.</summary>
    public PipelineNetwork(string name, PipelineNetworkArgs args, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:network:PipelineNetwork", name, options)
    {
        (_args, _place) = (args, place);
        if (args.Existing is { } existing)
        {
            _networkId = Output.Create(existing.Id);
            _endpoints = args.PrivateEndpoints ? Output.Create(existing.Endpoints!) : null;
            (Gpus, FunctionsSubnetId) = (new GpuSubnet(Output.Create(existing.Gpus), place.Location), Output.Create(existing.Functions));
            RegisterOutputs();
            return;
        }

        _network = NewNetwork(name, "vnet", args.AddressSpace, place.Location);
        _networkId = _network.Id;

        // Container Apps want a subnet of their own, /27 at least; every replica of a dedicated profile takes addresses.
        Subnet compute = AddSubnet(_network, "gpu", $"{args.AddressSpace}.0.0/23", Delegation, null);
        // Flex Consumption is delegated like Container Apps, and shares a subnet with nothing.
        Subnet functions = AddSubnet(_network, "functions", $"{args.AddressSpace}.2.0/26", Delegation, compute);
        _endpoints = args.PrivateEndpoints ? AddSubnet(_network, "endpoints", $"{args.AddressSpace}.3.0/26", null, functions).Id : null;
        (Gpus, FunctionsSubnetId) = (new GpuSubnet(compute.Id, place.Location), functions.Id);
        RegisterOutputs();
    }

    /// <summary>Subnet of the GPU apps in the stack's own region.</summary>
    public GpuSubnet Gpus { get; }

    /// <summary>Subnet that the function app goes out through.</summary>
    public Output<string> FunctionsSubnetId { get; }

    /// <summary>
    /// A network for GPUs in a further region, joined to the stack's own, so that the function app reaches judges there by
    /// private addresses. Traffic between the regions is paid by the gigabyte.
    /// </summary>
    /// <param name="location">The region.</param>
    /// <param name="number">Which of the further regions: 1 and up.</param>
    public GpuSubnet JoinRegion(string location, int number)
    {
        string[] octets = _args.AddressSpace.Split('.');
        string space = $"{octets[0]}.{int.Parse(octets[1], System.Globalization.CultureInfo.InvariantCulture) + number}";
        VirtualNetwork remote = NewNetwork($"network-{location}", $"vnet-{location}", space, location);
        Subnet gpus = AddSubnet(remote, "gpu", $"{space}.0.0/23", Delegation, null, $"subnet-gpu-{location}");
        Peer($"peering-to-{location}", _network!, remote.Id, gpus);
        Peer($"peering-from-{location}", remote, _networkId, gpus);
        return new GpuSubnet(gpus.Id, location);
    }

    /// <summary>Puts a service behind a private endpoint with its DNS; does nothing where private endpoints are off.</summary>
    /// <param name="what">A word for the service, unique here.</param>
    /// <param name="resource">The service's resource id.</param>
    /// <param name="group">Its part: <c>blob</c>, <c>vault</c>, …</param>
    /// <param name="zones">The DNS zones that its addresses live in.</param>
    public void Expose(string what, Output<string> resource, string group, params string[] zones)
    {
        if (_endpoints is null)
        {
            return;
        }

        PrivateEndpoint endpoint = new($"pe-{what}", new PrivateEndpointArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            PrivateEndpointName = _place.Names.Of($"pe-{what}"),
            Location = _place.Location,
            Tags = _place.Tags,
            Subnet = new NetworkInputs.SubnetArgs { Id = _endpoints },
            PrivateLinkServiceConnections =
            [
                new NetworkInputs.PrivateLinkServiceConnectionArgs { Name = what, PrivateLinkServiceId = resource, GroupIds = [group] },
            ],
        }, new CustomResourceOptions { Parent = this });
        new PrivateDnsZoneGroup($"pe-{what}-dns", new PrivateDnsZoneGroupArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            PrivateEndpointName = endpoint.Name,
            PrivateDnsZoneGroupName = "default",
            PrivateDnsZoneConfigs =
            [
                .. zones.Select(zone => (Input<NetworkInputs.PrivateDnsZoneConfigArgs>)new NetworkInputs.PrivateDnsZoneConfigArgs { Name = zone.Replace('.', '-'), PrivateDnsZoneId = ZoneId(zone) }),
            ],
        }, new CustomResourceOptions { Parent = endpoint });
    }

    /// <summary>
    /// Gives the internal environment's domain to the network: an app in it is found by name, from the function app and from
    /// nowhere else. This is in every stack.
    /// </summary>
    /// <param name="domain">The environment's default domain.</param>
    /// <param name="address">Its address inside the network.</param>
    /// <param name="name">A word for the environment, unique here.</param>
    public void ResolveEnvironment(Output<string> domain, Output<string> address, string name = "gpu-apps")
    {
        PrivateZone zone = AddZone(name, domain);
        // As a template: ARM keeps a record's type in its path, not among the properties where Pulumi's own resource puts it,
        // and only this form can be checked against ARM's types before it is deployed.
        new Pulumi.AzureNative.Resources.Deployment($"{name}-any", new DeploymentArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            DeploymentName = _place.Names.Of(name == "gpu-apps" ? "dns" : $"dns-{name}"),
            Properties = new DeploymentPropertiesArgs
            {
                Mode = DeploymentMode.Incremental,
                Template = AnyRecordTemplate,
                Parameters =
                {
                    ["zone"] = new DeploymentParameterArgs { Value = zone.Name.Apply(text => (object)text) },
                    ["address"] = new DeploymentParameterArgs { Value = address.Apply(text => (object)text) },
                },
            },
        }, new CustomResourceOptions { Parent = zone });
    }

    private Output<string> ZoneId(string domain) => _args.Existing?.DnsZonesGroup is { } group
        ? Output.Create($"{group}/providers/Microsoft.Network/privateDnsZones/{domain}")
        : (_zones.TryGetValue(domain, out PrivateZone? zone) ? zone : _zones[domain] = AddZone(domain, Output.Create(domain))).Id;

    private PrivateZone AddZone(string what, Output<string> domain)
    {
        PrivateZone zone = new($"zone-{what}", new PrivateZoneArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            PrivateZoneName = domain,
            Location = "Global",
            Tags = _place.Tags,
        }, new CustomResourceOptions { Parent = this });
        new VirtualNetworkLink($"link-{what}", new VirtualNetworkLinkArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            PrivateZoneName = zone.Name,
            VirtualNetworkLinkName = "network",
            Location = "Global",
            RegistrationEnabled = false,
            VirtualNetwork = new PrivateDnsInputs.SubResourceArgs { Id = _networkId },
        }, new CustomResourceOptions { Parent = zone });
        return zone;
    }

    private VirtualNetwork NewNetwork(string name, string kind, string space, string location) => new(name, new VirtualNetworkArgs
    {
        ResourceGroupName = _place.ResourceGroup,
        VirtualNetworkName = _place.Names.Of(kind),
        Location = location,
        Tags = _place.Tags,
        AddressSpace = new NetworkInputs.AddressSpaceArgs { AddressPrefixes = [$"{space}.0.0/20"] },
    }, new CustomResourceOptions { Parent = this });

    private void Peer(string name, VirtualNetwork from, Output<string> to, Pulumi.Resource after) => new VirtualNetworkPeering(name, new VirtualNetworkPeeringArgs
    {
        ResourceGroupName = _place.ResourceGroup,
        VirtualNetworkName = from.Name,
        VirtualNetworkPeeringName = name,
        RemoteVirtualNetwork = new NetworkInputs.SubResourceArgs { Id = to },
        AllowVirtualNetworkAccess = true,
        AllowForwardedTraffic = false,
        AllowGatewayTransit = false,
        UseRemoteGateways = false,
    }, new CustomResourceOptions { Parent = this, DependsOn = { after } });

    private Subnet AddSubnet(VirtualNetwork network, string name, string range, string? delegation, Subnet? after, string? resource = null)
    {
        SubnetArgs subnet = new()
        {
            ResourceGroupName = _place.ResourceGroup,
            VirtualNetworkName = network.Name,
            SubnetName = name,
            AddressPrefix = range,
        };
        if (delegation is not null)
        {
            subnet.Delegations = [new NetworkInputs.DelegationArgs { Name = "delegation", ServiceName = delegation }];
            // The weights' share and, where there are no private endpoints, nothing else is reached this way: without a charge.
            subnet.ServiceEndpoints = [new NetworkInputs.ServiceEndpointPropertiesFormatArgs { Service = "Microsoft.Storage" }];
        }

        // Azure changes one subnet of a network at a time.
        CustomResourceOptions options = new() { Parent = this };
        if (after is not null)
        {
            options.DependsOn.Add(after);
        }

        return new Subnet(resource ?? $"subnet-{name}", subnet, options);
    }
}
