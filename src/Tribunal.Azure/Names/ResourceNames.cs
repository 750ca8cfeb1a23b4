namespace Tribunal.Azure.Names;

/// <summary>
/// Names of queues, containers and tables: one constant for the code that uses them and for infra/, which links this file.
/// Keep it free of references.
/// </summary>
public static class ResourceNames
{
    /// <summary>Container that batches are uploaded to.</summary>
    public const string RolloutsContainer = "rollouts";

    /// <summary>
    /// Uploads below this path of <see cref="RolloutsContainer"/> wait for their own evaluation message and start nothing by
    /// themselves: <c>tribunal submit</c> puts batches there.
    /// </summary>
    public const string SubmittedPrefix = "submitted/";

    /// <summary>Container of run prefixes.</summary>
    public const string RunsContainer = "runs";

    /// <summary>Container of the function app's package.</summary>
    public const string DeploymentContainer = "deployment";

    /// <summary>Container of events that could not be delivered to <see cref="UploadsQueue"/>.</summary>
    public const string DeadLettersContainer = "deadletters";

    /// <summary>Queue of evaluation requests.</summary>
    public const string EvaluationsQueue = "evaluations";

    /// <summary>Queue of blob-created events.</summary>
    public const string UploadsQueue = "uploads";

    /// <summary>Where messages go that can't be handled: the Functions host's own convention.</summary>
    public const string PoisonSuffix = "-poison";

    /// <summary>
    /// The queue workers' task hub: the prefix of the queues, tables and containers in which their orchestrations are kept. Another
    /// one than the function app's, which may lie in the same account.
    /// </summary>
    public const string WorkerHub = "tribunalworker";

    /// <summary>Queue of the steps that the workers share: <see cref="WorkerHub"/>'s.</summary>
    public const string WorkerStepsQueue = WorkerHub + "-workitems";

    /// <summary>Table of run states and progress.</summary>
    public const string RunsTable = "runs";

    /// <summary>Table that folds duplicate upload events, by url and eTag.</summary>
    public const string UploadsTable = "uploads";
}
