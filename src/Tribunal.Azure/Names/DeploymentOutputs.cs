namespace Tribunal.Azure.Names;

/// <summary>
/// Keys of <c>pulumi stack output --json</c>: one constant for the tool that reads them and for infra/, which
/// writes them.
/// </summary>
public static class DeploymentOutputs
{
    /// <summary>Resource group of the deployment.</summary>
    public const string ResourceGroup = "resourceGroup";

    /// <summary>Name of the storage account: what <c>tribunal submit</c>, <c>watch</c> and <c>runs</c> take.</summary>
    public const string StorageAccount = "storageAccount";

    /// <summary>Name of the function app: what publishing takes.</summary>
    public const string FunctionApp = "functionApp";

    /// <summary>Base address of the function app's HTTP triggers.</summary>
    public const string FunctionAppUrl = "functionAppUrl";

    /// <summary>Client id of the identity that the function app works as.</summary>
    public const string FunctionIdentityClientId = "functionIdentityClientId";

    /// <summary>Base address of the judge, ending in <c>/v1</c>; reachable from inside the virtual network only.</summary>
    public const string JudgeEndpoint = "judgeEndpoint";

    /// <summary>The judge's model.</summary>
    public const string JudgeModel = "judgeModel";

    /// <summary>Names of every judge that requests may name, separated by commas.</summary>
    public const string Judges = "judges";

    /// <summary>Base address of the meta reward model; absent where none is deployed.</summary>
    public const string MetaEndpoint = "metaEndpoint";

    /// <summary>The meta reward model; absent where none is deployed.</summary>
    public const string MetaModel = "metaModel";

    /// <summary>Customer id of the Log Analytics workspace, for queries.</summary>
    public const string LogWorkspace = "logWorkspace";

    /// <summary><c>azureStorage</c> or <c>azureManaged</c>.</summary>
    public const string DurableBackend = "durableBackend";

    /// <summary>Activities at once on one instance: publishing writes it into host.json, the only place where the scale controller looks.</summary>
    public const string ActivitiesPerInstance = "activitiesPerInstance";

    /// <summary>Name of the registry that images are imported into; absent where there is none.</summary>
    public const string Registry = "registry";

    /// <summary>Whether storage and the function app can be reached from the virtual network only.</summary>
    public const string Private = "private";

    /// <summary>What the fan-out was computed to: slots, instances, requests per instance.</summary>
    public const string Capacity = "capacity";
}
