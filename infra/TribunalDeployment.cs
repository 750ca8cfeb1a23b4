using System.Text.Json;
using Pulumi;
using Pulumi.AzureNative.Authorization;
using Pulumi.AzureNative.Resources;
using Tribunal.Azure.Names;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;
using Tribunal.Infra.Observability;
using Tribunal.Infra.Storage;

using Deployment = Pulumi.Deployment;

namespace Tribunal.Infra;

/// <summary>
/// The whole deployment, in the order in which a batch passes through it:
/// <code>
/// upload ──► rollouts ──Event Grid──► uploads ─┐
/// submit ─────────────────────────► evaluations ┴─► functions ──HTTPS──► judges (vLLM, GPU, from zero) ◄── weights (NFS)
///                                                  │      ├────────────► meta   (vLLM, GPU, from zero) ◄──┘
///                                                  │      └────────────► judges elsewhere
///                                                  └─► runs (ledger, verdicts, report)
/// </code>
/// </summary>
public sealed class TribunalDeployment
{
    private readonly DeploymentSettings _settings;
    private readonly Place _place;
    private readonly ResourceGroup _group;
    private readonly PipelineNetwork _network;
    private readonly Telemetry _telemetry;
    private readonly RunStorage _storage;
    private readonly UploadEvents _events;
    private readonly SecretVault? _vault;
    private readonly ImageRegistry? _registry;
    private readonly JudgeFleet _fleet;
    private readonly FanoutCapacity _capacity;
    private readonly FunctionsHost _functions;

    /// <summary>Declares every resource of a stack.</summary>
    /// <param name="settings">What the stack's configuration says.</param>
    /// <returns>The stack's outputs, by <see cref="DeploymentOutputs"/>.</returns>
    /// <exception cref="CapacityException">The GPUs and the fan-out don't fit each other.</exception>
    public static async Task<IDictionary<string, object?>> CreateAsync(DeploymentSettings settings)
    {
        settings.Require();
        GetClientConfigResult client = await GetClientConfig.InvokeAsync();
        TribunalDeployment deployment = new(settings, client);
        return deployment.Outputs();
    }

    private TribunalDeployment(DeploymentSettings settings, GetClientConfigResult client)
    {
        _settings = settings;
        string stack = Deployment.Instance.StackName;
        Names names = new(stack, client.SubscriptionId, settings.VaultGeneration);
        InputMap<string> tags = new() { ["application"] = "tribunal", ["stack"] = stack };
        _group = new ResourceGroup("tribunal", new ResourceGroupArgs
        {
            ResourceGroupName = names.Of("rg-tribunal"),
            Location = settings.Location,
            Tags = tags,
        });
        _place = new Place(_group.Name, settings.Location, client.SubscriptionId, client.TenantId, names, tags);
        _network = new PipelineNetwork(
            "network", new PipelineNetworkArgs { AddressSpace = settings.AddressSpace, PrivateEndpoints = settings.Private, Existing = settings.Network }, _place);
        _telemetry = new Telemetry("telemetry", new TelemetryArgs
        {
            Private = settings.Private,
            RetentionDays = settings.LogRetentionDays,
            DailyCapGB = settings.LogDailyCapGB,
        }, _network, _place);
        _storage = Storage();
        _events = new UploadEvents("uploads", settings.SystemTopic, _storage, _place);
        _vault = settings.HuggingFaceToken is not null || settings.KeyedJudges.Count > 0 ? new SecretVault("secrets", settings.Private, _place) : null;
        _registry = settings.HasRegistry ? new ImageRegistry("images", settings.Private, _place) : null;
        Expose();

        _capacity = settings.Fanout();
        _fleet = new JudgeFleet(settings, _capacity, new JudgeFleetArgs
        {
            Network = _network,
            Place = _place,
            Registry = _registry,
            Token = settings.HuggingFaceToken is { } token ? _vault!.Keep("hugging-face-token", token) : null,
            Keys = Keys(),
        });
        _functions = Functions();
        ToolApps();
        Access(client);
        Collect();
        Watch();
    }

    private RunStorage Storage()
    {
        RunStorage storage = new("storage", new RunStorageArgs
        {
            Private = _settings.Private,
            AllowedAddresses = _settings.AllowedAddresses,
            LedgerCoolDays = _settings.LedgerCoolDays,
            LedgerDeleteDays = _settings.LedgerDeleteDays,
            RolloutDeleteDays = _settings.RolloutDeleteDays,
            SoftDeleteDays = _settings.SoftDeleteDays,
        }, _place);
        _network.Expose("blobs", storage.Id, "blob", "privatelink.blob.core.windows.net");
        _network.Expose("queues", storage.Id, "queue", "privatelink.queue.core.windows.net");
        _network.Expose("tables", storage.Id, "table", "privatelink.table.core.windows.net");
        return storage;
    }

    private void Expose()
    {
        if (_vault is not null)
        {
            _network.Expose("vault", _vault.Id, "vault", "privatelink.vaultcore.azure.net");
        }

        if (_registry is not null)
        {
            _network.Expose("registry", _registry.Id, "registry", "privatelink.azurecr.io");
        }
    }

    private Dictionary<string, KeptSecret> Keys() => _settings.KeyedJudges.ToDictionary(name => name, name => _vault!.Keep(
        $"judge-key-{name}", _settings.JudgeApiKeys!.Apply(json => JsonDocument.Parse(json).RootElement.GetProperty(name).GetString()!)), StringComparer.Ordinal);

    private FunctionsHost Functions() => new("functions", new FunctionsHostArgs
    {
        Private = _settings.Private,
        AllowedAddresses = _settings.AllowedAddresses,
        SignIn = _settings.SignIn,
        Capacity = _capacity,
        InstanceMemoryMB = _settings.InstanceMemoryMB,
        Judges = _fleet.Endpoints,
        DefaultJudge = _fleet.Default,
        Meta = _fleet.Meta is { } meta ? (meta, _settings.Meta!.Model) : null,
        StartMinutes = _fleet.StartMinutes,
        Routing = _settings.Routing,
        Samples = _settings.Samples,
        ValidRateFloor = _settings.ValidRateFloor,
        Scheduler = _settings.DurableBackend == SettingNames.DurableTaskScheduler
            ? identity => new DurableScheduler("scheduler", _settings.Private ? _settings.SchedulerLink : null, identity, _network, _place)
            : null,
    }, _storage, _network, _telemetry, _place);

    private void ToolApps()
    {
        if (_settings.ToolImage is not { } image)
        {
            return;
        }

        ToolAppArgs args = new()
        {
            Image = ImageReference.Parse(image),
            Registry = _registry,
            Replicas = 1,
            Judges = [_fleet.Default, .. _fleet.Endpoints.Where(judge => judge != _fleet.Default)],
            Settings = new Dictionary<string, Input<string>>(StringComparer.Ordinal) { [SettingNames.ToAppSetting(SettingNames.DefaultJudge)] = _fleet.Default.Name },
        };
        if (_settings.WorkerReplicas > 0)
        {
            ToolApp.Worker("worker", args with { Replicas = _settings.WorkerReplicas }, _fleet.Environment, _storage, _place);
        }

        if (_settings.RewardReplicas > 0)
        {
            ToolApp.Rewards("rewards", args, _fleet.Environment, _storage, _place);
        }
    }

    private void Access(GetClientConfigResult client)
    {
        if (_settings.DeployerOperates)
        {
            new OperatorAccess("operator", client.ObjectId, _storage, _place);
        }

        if (_settings.Submitters.Count > 0)
        {
            new SubmitterAccess("submitters", _settings.Submitters.DistinctBy(submitter => submitter.Id), _storage, _place);
        }
    }

    private void Collect()
    {
        // Puts tell the alerts of poison messages; gets and deletes are many and tell nothing.
        _telemetry.Collect("queues", _storage.Id.Apply(id => $"{id}/queueServices/default"), ["StorageWrite"], ["Transaction"]);
        // Who deleted a run is asked sooner or later.
        _telemetry.Collect("blobs", _storage.Id.Apply(id => $"{id}/blobServices/default"), ["StorageDelete"], ["Transaction"]);
        _telemetry.Collect("tables", _storage.Id.Apply(id => $"{id}/tableServices/default"), [], ["Transaction"]);
        _telemetry.Collect("events", _events.TopicId, ["DeliveryFailures"], ["AllMetrics"]);
        _telemetry.Collect("functions", _functions.Id, ["FunctionAppLogs"], ["AllMetrics"]);
        foreach ((string name, GpuEnvironment environment) in _fleet.Environments)
        {
            _telemetry.Collect(name, environment.Id, ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"], []);
        }

        foreach ((string name, GpuApp app) in _fleet.Apps)
        {
            _telemetry.Collect(name, app.Id, [], ["AllMetrics"]);
        }

        if (_vault is not null)
        {
            _telemetry.Collect("vault", _vault.Id, ["AuditEvent"], []);
        }
    }

    private void Watch()
    {
        new Alerts("alerts", new AlertsArgs
        {
            Emails = _settings.AlertEmails,
            ValidRateFloor = _settings.ValidRateFloor,
            GpuApps = [.. _fleet.Apps.Select(app => app.Name)],
        }, _telemetry, _place);
        if (_settings.MonthlyBudget is { } budget)
        {
            new SpendBudget("budget", budget, _settings.BudgetStart, _settings.AlertEmails, _group.Id, _place);
        }
    }

    private Dictionary<string, object?> Outputs()
    {
        Dictionary<string, object?> outputs = new(StringComparer.Ordinal)
        {
            [DeploymentOutputs.ResourceGroup] = _group.Name,
            [DeploymentOutputs.StorageAccount] = _storage.AccountName,
            [DeploymentOutputs.FunctionApp] = _functions.AppName,
            [DeploymentOutputs.FunctionAppUrl] = _functions.Url,
            [DeploymentOutputs.FunctionIdentityClientId] = _functions.IdentityClientId,
            [DeploymentOutputs.JudgeEndpoint] = _fleet.Default.Address,
            [DeploymentOutputs.JudgeModel] = _fleet.Default.Model,
            [DeploymentOutputs.Judges] = string.Join(',', _fleet.Endpoints.Select(judge => judge.Name)),
            [DeploymentOutputs.LogWorkspace] = _telemetry.WorkspaceCustomerId,
            [DeploymentOutputs.DurableBackend] = _settings.DurableBackend,
            [DeploymentOutputs.ActivitiesPerInstance] = _capacity.ActivitiesPerInstance,
            [DeploymentOutputs.Private] = _settings.Private,
            [DeploymentOutputs.Capacity] =
                $"{_capacity.Slots} slots, {_capacity.Instances} instances × {_capacity.ActivitiesPerInstance} activities × {_capacity.ChunkJudgements} requests, "
                + $"at most {_capacity.AtMost} in flight (instance cap {_capacity.InstanceCap}, {_capacity.AlwaysReady} always ready)",
        };
        if (_fleet.Meta is { } meta)
        {
            outputs[DeploymentOutputs.MetaEndpoint] = meta.Endpoint;
            outputs[DeploymentOutputs.MetaModel] = _settings.Meta!.Model;
        }

        if (_registry is not null)
        {
            outputs[DeploymentOutputs.Registry] = _registry.Name;
        }

        return outputs;
    }
}
