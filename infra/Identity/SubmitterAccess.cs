using Pulumi;
using Pulumi.AzureNative.Authorization;
using Tribunal.Azure.Names;
using Tribunal.Infra.Storage;

namespace Tribunal.Infra.Identity;

/// <summary>What people need who submit batches and read results: no more than <c>tribunal submit</c>, <c>watch</c> and <c>runs</c> do.</summary>
public sealed class SubmitterAccess : ComponentResource
{
    /// <summary>Gives each group its roles; they cost nothing.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="groups">Object ids of Entra groups.</param>
    /// <param name="storage">The account.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public SubmitterAccess(string name, IReadOnlyList<string> groups, RunStorage storage, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:SubmitterAccess", name, options)
    {
        foreach (string group in groups)
        {
            void Grant(BuiltInRole role, Output<string> scope, string on, string why) =>
                Grants.Create($"submitters-{group}", group, PrincipalType.Group, role, scope, on, why, place, this);

            Grant(BuiltInRole.BlobDataContributor, storage.Container(ResourceNames.RolloutsContainer), "rollouts", "uploads batches");
            Grant(BuiltInRole.QueueDataMessageSender, storage.Queue(ResourceNames.EvaluationsQueue), "evaluations", "asks for evaluations");
            Grant(BuiltInRole.BlobDataReader, storage.Container(ResourceNames.RunsContainer), "runs", "reads results");
            Grant(BuiltInRole.TableDataReader, storage.Table(ResourceNames.RunsTable), "runs-table", "follows progress");
        }

        RegisterOutputs();
    }
}
