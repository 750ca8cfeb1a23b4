using Pulumi;

namespace Tribunal.Infra;

/// <summary>Where a deployment's resources go and what they are called.</summary>
/// <param name="ResourceGroup">Name of the resource group.</param>
/// <param name="Location">Azure region.</param>
/// <param name="Subscription">Id of the subscription.</param>
/// <param name="Tenant">Id of the Entra tenant.</param>
/// <param name="Names">Names of resources.</param>
/// <param name="Tags">Tags that every resource carries, so that costs can be told apart by stack.</param>
public sealed record Place(
    Output<string> ResourceGroup, string Location, string Subscription, string Tenant, Names Names, InputMap<string> Tags);
