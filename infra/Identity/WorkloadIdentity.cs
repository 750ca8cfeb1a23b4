using Pulumi;
using Pulumi.AzureNative.Authorization;
using Pulumi.AzureNative.ManagedIdentity;

namespace Tribunal.Infra.Identity;

/// <summary>
/// A user-assigned identity of one workload, and the roles it was given. User-assigned, so that roles are in place before
/// the workload starts: a system-assigned identity exists only afterwards, and its first start would fail.
/// </summary>
public sealed class WorkloadIdentity : ComponentResource
{
    private readonly Place _place;
    private readonly string _name;

    /// <summary>Creates the identity; it costs nothing.</summary>
    /// <param name="name">The workload: a short lower-case word.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public WorkloadIdentity(string name, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:WorkloadIdentity", name, options)
    {
        (_name, _place) = (name, place);
        UserAssignedIdentity identity = new(name, new UserAssignedIdentityArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ResourceName = place.Names.Of($"id-{name}"),
            Location = place.Location,
            Tags = place.Tags,
        }, new CustomResourceOptions { Parent = this });
        (Id, ClientId, PrincipalId) = (identity.Id, identity.ClientId, identity.PrincipalId);
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Client id: what code signs in with.</summary>
    public Output<string> ClientId { get; }

    /// <summary>Object id: what roles are given to.</summary>
    public Output<string> PrincipalId { get; }

    /// <summary>Gives it a role.</summary>
    /// <param name="role">The least that does.</param>
    /// <param name="scope">The narrowest that does.</param>
    /// <param name="on">A word for the scope, unique with the role.</param>
    /// <param name="why">What it is for; kept at the assignment.</param>
    public RoleAssignment Grant(BuiltInRole role, Output<string> scope, string on, string why) =>
        Grants.Create(_name, PrincipalId, PrincipalType.ServicePrincipal, role, scope, on, why, _place, this);
}

/// <summary>Role assignments.</summary>
internal static class Grants
{
    /// <summary>Gives a role to any principal.</summary>
    /// <param name="type">What the principal is; null: Azure looks it up, which works for principals that every directory replica knows.</param>
    public static RoleAssignment Create(
        string who, Input<string> principal, PrincipalType? type, BuiltInRole role, Output<string> scope, string on, string why, Place place, Resource parent)
    {
        RoleAssignmentArgs grant = new()
        {
            PrincipalId = principal,
            RoleDefinitionId = $"/subscriptions/{place.Subscription}/providers/Microsoft.Authorization/roleDefinitions/{role.Id}",
            Scope = scope,
            Description = why,
        };
        if (type is { } said)
        {
            // A new principal that has not reached every directory replica is so taken on trust.
            grant.PrincipalType = said;
        }

        return new RoleAssignment($"{who}-{on}-{role.Name.ToLowerInvariant().Replace(' ', '-')}", grant, new CustomResourceOptions { Parent = parent });
    }
}
