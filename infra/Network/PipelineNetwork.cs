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
}

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

    private readonly Place _place;
    private readonly PipelineNetworkArgs _args;
    private readonly VirtualNetwork _network;
    private readonly Subnet? _endpoints;
    private readonly Dictionary<string, PrivateZone> _zones = new(StringComparer.Ordinal);

    /// <summary>Creates network and subnets.</summary>
    public PipelineNetwork(string name, PipelineNetworkArgs args, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:network:PipelineNetwork", name, options)
    {
        (_args, _place) = (args, place);
        _network = new VirtualNetwork(name, new VirtualNetworkArgs
        {
            ResourceGroupName = place.ResourceGroup,
            VirtualNetworkName = place.Names.Of("vnet"),
            Location = place.Location,
            Tags = place.Tags,
            AddressSpace = new NetworkInputs.AddressSpaceArgs { AddressPrefixes = [$"{args.AddressSpace}.0.0/20"] },
        }, new CustomResourceOptions { Parent = this });

        // Container Apps want a subnet of their own, /27 at least; every replica of a dedicated profile takes addresses.
        Subnet compute = AddSubnet("gpu", "0.0/23", "Microsoft.App/environments", null);
        // Flex Consumption is delegated like Container Apps, and shares a subnet with nothing.
        Subnet functions = AddSubnet("functions", "2.0/26", "Microsoft.App/environments", compute);
        _endpoints = args.PrivateEndpoints ? AddSubnet("endpoints", "3.0/26", null, functions) : null;
        (ComputeSubnetId, FunctionsSubnetId) = (compute.Id, functions.Id);
        RegisterOutputs();
    }

    /// <summary>Subnet of the GPU apps.</summary>
    public Output<string> ComputeSubnetId { get; }

    /// <summary>Subnet that the function app goes out through.</summary>
    public Output<string> FunctionsSubnetId { get; }

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
            Subnet = new NetworkInputs.SubnetArgs { Id = _endpoints.Id },
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
                .. zones.Select(zone => (Input<NetworkInputs.PrivateDnsZoneConfigArgs>)new NetworkInputs.PrivateDnsZoneConfigArgs { Name = zone.Replace('.', '-'), PrivateDnsZoneId = Zone(zone).Id }),
            ],
        }, new CustomResourceOptions { Parent = endpoint });
    }

    /// <summary>
    /// Gives the internal environment's domain to the network: an app in it is found by name, from the function app and from
    /// nowhere else. This is in every stack.
    /// </summary>
    /// <param name="domain">The environment's default domain.</param>
    /// <param name="address">Its address inside the network.</param>
    public void ResolveEnvironment(Output<string> domain, Output<string> address)
    {
        PrivateZone zone = AddZone("gpu-apps", domain);
        // As a template: ARM keeps a record's type in its path, not among the properties where Pulumi's own resource puts it,
        // and only this form can be checked against ARM's types before it is deployed.
        new Pulumi.AzureNative.Resources.Deployment("gpu-apps-any", new DeploymentArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            DeploymentName = _place.Names.Of("dns"),
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

    private PrivateZone Zone(string domain) =>
        _zones.TryGetValue(domain, out PrivateZone? zone) ? zone : _zones[domain] = AddZone(domain, Output.Create(domain));

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
            VirtualNetwork = new PrivateDnsInputs.SubResourceArgs { Id = _network.Id },
        }, new CustomResourceOptions { Parent = zone });
        return zone;
    }

    private Subnet AddSubnet(string name, string range, string? delegation, Subnet? after)
    {
        SubnetArgs subnet = new()
        {
            ResourceGroupName = _place.ResourceGroup,
            VirtualNetworkName = _network.Name,
            SubnetName = name,
            AddressPrefix = $"{_args.AddressSpace}.{range}",
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

        return new Subnet($"subnet-{name}", subnet, options);
    }
}
