using Pulumi;
using Pulumi.AzureNative.DurableTask;
using Pulumi.AzureNative.DurableTask.Inputs;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;

namespace Tribunal.Infra.Functions;

/// <summary>How a private scheduler is reached.</summary>
/// <param name="Group">The part of the scheduler: <c>az network private-link-resource list --id SCHEDULER</c> names it.</param>
/// <param name="Zone">Its DNS zone, from the same answer.</param>
public sealed record SchedulerLink(string Group, string Zone);

/// <summary>
/// The Durable Task Scheduler, as a backend by configuration: identity only, faster than queues and tables. Consumption tier:
/// idle nothing, busy by the action.
/// </summary>
public sealed class DurableScheduler : ComponentResource
{
    /// <summary>Creates scheduler and hub and lets one identity use the hub.</summary>
    public DurableScheduler(
        string name, SchedulerLink? link, WorkloadIdentity user, PipelineNetwork network, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:functions:DurableScheduler", name, options)
    {
        Scheduler scheduler = new(name, new SchedulerArgs
        {
            ResourceGroupName = place.ResourceGroup,
            SchedulerName = place.Names.Scheduler,
            Location = place.Location,
            Tags = place.Tags,
            Properties = new SchedulerPropertiesArgs
            {
                Sku = new SchedulerSkuArgs { Name = SchedulerSkuName.Consumption },
                // Identity decides; the function app's outgoing addresses can't be known.
                IpAllowlist = ["0.0.0.0/0"],
                PublicNetworkAccess = link is null ? PublicNetworkAccess.Enabled : PublicNetworkAccess.Disabled,
            },
        }, new CustomResourceOptions { Parent = this });
        TaskHub hub = new($"{name}-hub", new TaskHubArgs
        {
            ResourceGroupName = place.ResourceGroup,
            SchedulerName = scheduler.Name,
            TaskHubName = FunctionsHost.TaskHubName,
        }, new CustomResourceOptions { Parent = this });
        user.Grant(BuiltInRole.DurableTaskDataContributor, hub.Id, "taskhub", "runs orchestrations");
        if (link is not null)
        {
            network.Expose("scheduler", scheduler.Id, link.Group, link.Zone);
        }

        ConnectionString = Output.Tuple(scheduler.Properties, user.ClientId)
            .Apply(parts => $"Endpoint={parts.Item1.Endpoint};Authentication=ManagedIdentity;ClientID={parts.Item2}");
        RegisterOutputs();
    }

    /// <summary>What the function app connects with; it has no secret in it.</summary>
    public Output<string> ConnectionString { get; }
}
