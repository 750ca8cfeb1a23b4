using Pulumi;
using Pulumi.AzureNative.Storage;
using Pulumi.AzureNative.Storage.Inputs;
using Tribunal.Azure.Names;

namespace Tribunal.Infra.Storage;

/// <summary>What <see cref="RunStorage"/> takes.</summary>
public sealed record RunStorageArgs
{
    /// <summary>
    /// Reachable through private endpoints, from <see cref="AllowedAddresses"/> and by Event Grid only; default false: public
    /// endpoints that take identities only.
    /// </summary>
    public bool Private { get; init; }

    /// <summary>Public IPv4 addresses or ranges that are let in all the same; default none.</summary>
    public IReadOnlyList<string> AllowedAddresses { get; init; } = [];

    /// <summary>Days until published run files move to the cool tier; default 30. Cool costs about half to keep, more to read.</summary>
    public int LedgerCoolDays { get; init; } = 30;

    /// <summary>Days until run files are deleted, more than <see cref="LedgerCoolDays"/>; default 365.</summary>
    public int LedgerDeleteDays { get; init; } = 365;

    /// <summary>Days until uploaded batches are deleted; default 90.</summary>
    public int RolloutDeleteDays { get; init; } = 90;

    /// <summary>Days that deleted blobs and containers can be had back, 1 to 365; default 7. Paid as stored.</summary>
    public int SoftDeleteDays { get; init; } = 7;
}

/// <summary>
/// The account that holds batches, runs, queues, tables, the function app's package and, by default, the orchestrations.
/// Idle: what is stored. Busy: transactions. Locally redundant: runs can be drawn again, at a price.
/// </summary>
public sealed class RunStorage : ComponentResource
{
    private readonly Place _place;
    private readonly StorageAccount _account;
    private readonly BlobServiceProperties _blobService;
    private readonly Dictionary<string, Output<string>> _containers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Output<string>> _queues = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Output<string>> _tables = new(StringComparer.Ordinal);

    /// <summary>Creates account, containers, queues, tables and lifecycle rules.</summary>
    public RunStorage(string name, RunStorageArgs args, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:storage:RunStorage", name, options)
    {
        _place = place;
        _account = new StorageAccount(name, new StorageAccountArgs
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = place.Names.DataAccount,
            Location = place.Location,
            Tags = place.Tags,
            Kind = Kind.StorageV2,
            Sku = new SkuArgs { Name = SkuName.Standard_LRS },
            AccessTier = AccessTier.Hot,
            AllowSharedKeyAccess = false,
            DefaultToOAuthAuthentication = true,
            AllowBlobPublicAccess = false,
            AllowCrossTenantReplication = false,
            EnableHttpsTrafficOnly = true,
            MinimumTlsVersion = MinimumTlsVersion.TLS1_2,
            // Disabled would shut trusted services out too, and no event would arrive: closed is Enabled with nobody allowed.
            PublicNetworkAccess = PublicNetworkAccess.Enabled,
            NetworkRuleSet = new NetworkRuleSetArgs
            {
                DefaultAction = args.Private ? DefaultAction.Deny : DefaultAction.Allow,
                // Event Grid has no place inside the network: it comes in as a trusted service, by its identity.
                Bypass = Bypass.AzureServices,
                IpRules = [.. args.AllowedAddresses.Where(_ => args.Private).Select(address => (Input<IPRuleArgs>)new IPRuleArgs { IPAddressOrRange = address, Action = Pulumi.AzureNative.Storage.Action.Allow })],
            },
        }, new CustomResourceOptions { Parent = this });

        _blobService = new BlobServiceProperties($"{name}-blobs", new BlobServicePropertiesArgs
        {
            ResourceGroupName = place.ResourceGroup,
            AccountName = _account.Name,
            BlobServicesName = "default",
            DeleteRetentionPolicy = new DeleteRetentionPolicyArgs { Enabled = true, Days = args.SoftDeleteDays },
            ContainerDeleteRetentionPolicy = new DeleteRetentionPolicyArgs { Enabled = true, Days = args.SoftDeleteDays },
            // Results are written once and ledgers are appended to: versions would keep leases' and hosts' churn, for money.
            IsVersioningEnabled = false,
        }, new CustomResourceOptions { Parent = this });

        foreach (string container in (string[])[ResourceNames.RolloutsContainer, ResourceNames.RunsContainer, ResourceNames.DeploymentContainer, ResourceNames.DeadLettersContainer])
        {
            _containers[container] = new BlobContainer($"container-{container}", new BlobContainerArgs
            {
                ResourceGroupName = place.ResourceGroup,
                AccountName = _account.Name,
                ContainerName = container,
                PublicAccess = PublicAccess.None,
            }, Child(_blobService)).Id;
        }

        // The Functions host would make poison queues when it needs them; here, so that they can be watched from the start.
        foreach (string queue in (string[])[ResourceNames.EvaluationsQueue, ResourceNames.UploadsQueue])
        {
            AddQueue(queue);
            AddQueue(queue + ResourceNames.PoisonSuffix);
        }

        foreach (string table in (string[])[ResourceNames.RunsTable, ResourceNames.UploadsTable])
        {
            _tables[table] = new Table($"table-{table}", new TableArgs
            {
                ResourceGroupName = place.ResourceGroup,
                AccountName = _account.Name,
                TableName = table,
            }, Child()).Id;
        }

        AddLifecycle(name, args);
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id => _account.Id;

    /// <summary>The account's name.</summary>
    public Output<string> AccountName => _account.Name;

    /// <summary>Resource id of a container, by the name that the code knows it by.</summary>
    public Output<string> Container(string name) => _containers[name];

    /// <summary>Resource id of a queue.</summary>
    public Output<string> Queue(string name) => _queues[name];

    /// <summary>Resource id of a table.</summary>
    public Output<string> Table(string name) => _tables[name];

    private void AddQueue(string name) =>
        _queues[name] = new Queue($"queue-{name}", new QueueArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            AccountName = _account.Name,
            QueueName = name,
        }, Child()).Id;

    private void AddLifecycle(string name, RunStorageArgs args) =>
        new ManagementPolicy($"{name}-lifecycle", new ManagementPolicyArgs
        {
            ResourceGroupName = _place.ResourceGroup,
            AccountName = _account.Name,
            ManagementPolicyName = "default",
            Policy = new ManagementPolicySchemaArgs
            {
                Rules =
                [
                    Rule("published-runs", "blockBlob", ResourceNames.RunsContainer, args.LedgerCoolDays, args.LedgerDeleteDays),
                    // Append blobs have no tiers: the parts of a ledger that was never published stay hot until they go.
                    Rule("ledger-parts", "appendBlob", ResourceNames.RunsContainer, null, args.LedgerDeleteDays),
                    Rule("rollouts", "blockBlob", ResourceNames.RolloutsContainer, null, args.RolloutDeleteDays),
                    Rule("dead-letters", "blockBlob", ResourceNames.DeadLettersContainer, null, args.RolloutDeleteDays),
                ],
            },
        }, Child(_blobService));

    private static ManagementPolicyRuleArgs Rule(string name, string blobType, string container, int? coolDays, int deleteDays) => new()
    {
        Name = name,
        Enabled = true,
        Type = RuleType.Lifecycle,
        Definition = new ManagementPolicyDefinitionArgs
        {
            Filters = new ManagementPolicyFilterArgs { BlobTypes = [blobType], PrefixMatch = [$"{container}/"] },
            Actions = new ManagementPolicyActionArgs { BaseBlob = BaseBlob(coolDays, deleteDays) },
        },
    };

    private static ManagementPolicyBaseBlobArgs BaseBlob(int? coolDays, int deleteDays)
    {
        ManagementPolicyBaseBlobArgs actions = new() { Delete = new DateAfterModificationArgs { DaysAfterModificationGreaterThan = deleteDays } };
        if (coolDays is { } days)
        {
            actions.TierToCool = new DateAfterModificationArgs { DaysAfterModificationGreaterThan = days };
        }

        return actions;
    }

    // The service's properties and its containers change the same thing: in turn, or Azure answers with a conflict.
    private CustomResourceOptions Child(Resource? after = null)
    {
        CustomResourceOptions options = new() { Parent = this };
        if (after is not null)
        {
            options.DependsOn.Add(after);
        }

        return options;
    }
}
