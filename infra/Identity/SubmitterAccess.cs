using Pulumi;
using Pulumi.AzureNative.Authorization;
using Tribunal.Azure.Names;
using Tribunal.Infra.Storage;

namespace Tribunal.Infra.Identity;

/// <summary>Somebody who submits batches and reads results.</summary>
/// <param name="Id">Object id in Entra.</param>
/// <param name="Type">What it is; null: whatever it is, for one that is surely in the directory.</param>
public sealed record Submitter(string Id, PrincipalType? Type)
{
    /// <summary>Reads <c>user:ID</c>, <c>group:ID</c> or <c>app:ID</c>; an id alone is a group's.</summary>
    /// <exception cref="ArgumentException">It is none of these.</exception>
    public static Submitter Parse(string text) => text.Split(':', 2) switch
    {
        ["user", { Length: > 0 } id] => new Submitter(id, PrincipalType.User),
        ["group", { Length: > 0 } id] => new Submitter(id, PrincipalType.Group),
        ["app", { Length: > 0 } id] => new Submitter(id, PrincipalType.ServicePrincipal),
        [{ Length: > 0 } id] => new Submitter(id, PrincipalType.Group),
        _ => throw new ArgumentException($"submitters: '{text}' is not user:ID, group:ID or app:ID"),
    };
}

/// <summary>
/// What people need who submit batches and read results: no more than <c>tribunal submit</c>, <c>watch</c>, <c>runs</c> and
/// <c>cancel</c> do. Subscription roles have no data in them: an owner who is no submitter can't submit.
/// </summary>
public sealed class SubmitterAccess : ComponentResource
{
    /// <summary>Gives each their roles; they cost nothing.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="submitters">Who, each once.</param>
    /// <param name="storage">The account.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public SubmitterAccess(string name, IEnumerable<Submitter> submitters, RunStorage storage, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:SubmitterAccess", name, options)
    {
        foreach (Submitter submitter in submitters)
        {
            void Grant(BuiltInRole role, Output<string> scope, string on, string why) =>
                Grants.Create($"submitters-{submitter.Id}", submitter.Id, submitter.Type, role, scope, on, why, place, this);

            Grant(BuiltInRole.BlobDataContributor, storage.Container(ResourceNames.RolloutsContainer), "rollouts", "uploads batches");
            Grant(BuiltInRole.QueueDataMessageSender, storage.Queue(ResourceNames.EvaluationsQueue), "evaluations", "asks for evaluations");
            Grant(BuiltInRole.BlobDataReader, storage.Container(ResourceNames.RunsContainer), "runs", "reads results");
            // A submission writes its record, a cancellation changes it.
            Grant(BuiltInRole.TableDataContributor, storage.Table(ResourceNames.RunsTable), "runs-table", "records, follows and cancels runs");
        }

        RegisterOutputs();
    }
}

/// <summary>
/// What whoever deploys needs of the data, unless told otherwise: to submit, to check the deployment (<c>tribunal doctor --azure</c>
/// looks at every container, queue and table, and writes), to empty poison queues and to mend runs. Owner of the subscription
/// and Contributor are roles over the account, and have no data in them.
/// </summary>
public sealed class OperatorAccess : ComponentResource
{
    /// <summary>Gives the roles; they cost nothing.</summary>
    /// <param name="name">Pulumi's name.</param>
    /// <param name="objectId">The deployer's object id.</param>
    /// <param name="storage">The account.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public OperatorAccess(string name, string objectId, RunStorage storage, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:identity:OperatorAccess", name, options)
    {
        foreach (BuiltInRole role in (BuiltInRole[])[BuiltInRole.BlobDataContributor, BuiltInRole.QueueDataContributor, BuiltInRole.TableDataContributor])
        {
            Grants.Create(name, objectId, null, role, storage.Id, "storage", "deploys, checks and mends", place, this);
        }

        RegisterOutputs();
    }
}
