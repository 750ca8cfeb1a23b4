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
/// submit ─────────────────────────► evaluations ┴─► functions ──HTTPS──► judge (vLLM, GPU, from zero) ◄── weights (NFS)
///                                                  │      └────────────► meta  (vLLM, GPU, from zero) ◄──┘
///                                                  └─► runs (ledger, verdicts, report)
/// </code>
/// </summary>
public static class TribunalDeployment
{
    /// <summary>Declares every resource of a stack.</summary>
    /// <param name="settings">What the stack's configuration says.</param>
    /// <returns>The stack's outputs, by <see cref="DeploymentOutputs"/>.</returns>
    /// <exception cref="CapacityException">The GPUs and the fan-out don't fit each other.</exception>
    public static async Task<IDictionary<string, object?>> CreateAsync(DeploymentSettings settings)
    {
        settings.Require();
        GetClientConfigResult client = await GetClientConfig.InvokeAsync();
        string stack = Deployment.Instance.StackName;
        Names names = new(stack, client.SubscriptionId);
        InputMap<string> tags = new() { ["application"] = "tribunal", ["stack"] = stack };
        ResourceGroup group = new("tribunal", new ResourceGroupArgs
        {
            ResourceGroupName = names.Of("rg-tribunal"),
            Location = settings.Location,
            Tags = tags,
        });
        Place place = new(group.Name, settings.Location, client.SubscriptionId, client.TenantId, names, tags);

        PipelineNetwork network = new("network", new PipelineNetworkArgs { AddressSpace = settings.AddressSpace, PrivateEndpoints = settings.Private }, place);
        Telemetry telemetry = new("telemetry", new TelemetryArgs
        {
            Private = settings.Private,
            RetentionDays = settings.LogRetentionDays,
            DailyCapGB = settings.LogDailyCapGB,
        }, network, place);

        RunStorage storage = new("storage", new RunStorageArgs
        {
            Private = settings.Private,
            LedgerCoolDays = settings.LedgerCoolDays,
            LedgerDeleteDays = settings.LedgerDeleteDays,
            RolloutDeleteDays = settings.RolloutDeleteDays,
            SoftDeleteDays = settings.SoftDeleteDays,
        }, place);
        network.Expose("blobs", storage.Id, "blob", "privatelink.blob.core.windows.net");
        network.Expose("queues", storage.Id, "queue", "privatelink.queue.core.windows.net");
        network.Expose("tables", storage.Id, "table", "privatelink.table.core.windows.net");
        UploadEvents events = new("uploads", storage, place);

        SecretVault? vault = settings.HuggingFaceToken is { } token ? new SecretVault("secrets", token, settings.Private, place) : null;
        ImageRegistry? registry = settings.Weights == WeightsSource.Baked ? new ImageRegistry("images", settings.Private, place) : null;
        ModelCache? weights = settings.Weights == WeightsSource.Nfs
            ? new ModelCache("weights", new ModelCacheArgs { ShareGiB = settings.WeightsShareGiB, Private = settings.Private }, network, place)
            : null;
        if (vault is not null)
        {
            network.Expose("vault", vault.Id, "vault", "privatelink.vaultcore.azure.net");
        }

        if (registry is not null)
        {
            network.Expose("registry", registry.Id, "registry", "privatelink.azurecr.io");
        }

        GpuEnvironment gpus = new("gpus", new GpuEnvironmentArgs
        {
            Profiles = settings.Meta is null ? [settings.Gpu] : [settings.Gpu, settings.MetaGpu],
            DedicatedNodes = settings.Judge.MaxReplicas + (settings.Meta?.MaxReplicas ?? 0),
            Weights = weights,
        }, network, place);
        GpuApp judge = App("judge", settings.Judge, settings.Gpu);
        GpuApp? meta = settings.Meta is { } metaModel ? App("meta", metaModel, settings.MetaGpu) : null;

        FanoutCapacity capacity = settings.Fanout();
        FunctionsHost functions = new("functions", new FunctionsHostArgs
        {
            Private = settings.Private,
            Capacity = capacity,
            InstanceMemoryMB = settings.InstanceMemoryMB,
            AlwaysReady = settings.AlwaysReady,
            Judge = judge,
            JudgeModel = (settings.Judge, settings.Protocol),
            Meta = meta is null ? null : (meta, settings.Meta!.Model),
            Samples = settings.Samples,
            ValidRateFloor = settings.ValidRateFloor,
            Scheduler = settings.DurableBackend == SettingNames.DurableTaskScheduler
                ? identity => new DurableScheduler("scheduler", settings.Private ? settings.SchedulerLink : null, identity, network, place)
                : null,
        }, storage, network, telemetry, place);

        if (settings.Submitters.Count > 0)
        {
            new SubmitterAccess("submitters", settings.Submitters, storage, place);
        }

        Collect();
        new Alerts("alerts", new AlertsArgs
        {
            Emails = settings.AlertEmails,
            ValidRateFloor = settings.ValidRateFloor,
            GpuApps = meta is null ? ["judge"] : ["judge", "meta"],
        }, telemetry, place);
        new SpendBudget("budget", settings.MonthlyBudget, settings.BudgetStart, settings.AlertEmails, group.Id, place);

        return Outputs();

        GpuApp App(string name, ServedModel model, GpuProfile profile) => new(name, new GpuAppArgs
        {
            Model = model,
            Profile = profile,
            Image = settings.Image,
            Registry = registry,
            Vault = vault,
        }, gpus, storage, place);

        void Collect()
        {
            // Puts tell the alerts of poison messages; gets and deletes are many and tell nothing.
            telemetry.Collect("queues", storage.Id.Apply(id => $"{id}/queueServices/default"), ["StorageWrite"], ["Transaction"]);
            // Who deleted a run is asked sooner or later.
            telemetry.Collect("blobs", storage.Id.Apply(id => $"{id}/blobServices/default"), ["StorageDelete"], ["Transaction"]);
            telemetry.Collect("tables", storage.Id.Apply(id => $"{id}/tableServices/default"), [], ["Transaction"]);
            telemetry.Collect("events", events.TopicId, ["DeliveryFailures"], ["AllMetrics"]);
            telemetry.Collect("functions", functions.Id, ["FunctionAppLogs"], ["AllMetrics"]);
            telemetry.Collect("gpus", gpus.Id, ["ContainerAppConsoleLogs", "ContainerAppSystemLogs"], []);
            telemetry.Collect("judge", judge.Id, [], ["AllMetrics"]);
            if (meta is not null)
            {
                telemetry.Collect("meta", meta.Id, [], ["AllMetrics"]);
            }

            if (vault is not null)
            {
                telemetry.Collect("vault", vault.Id, ["AuditEvent"], []);
            }
        }

        Dictionary<string, object?> Outputs()
        {
            Dictionary<string, object?> outputs = new(StringComparer.Ordinal)
            {
                [DeploymentOutputs.ResourceGroup] = group.Name,
                [DeploymentOutputs.StorageAccount] = storage.AccountName,
                [DeploymentOutputs.FunctionApp] = functions.AppName,
                [DeploymentOutputs.FunctionAppUrl] = functions.Url,
                [DeploymentOutputs.FunctionIdentityClientId] = functions.IdentityClientId,
                [DeploymentOutputs.JudgeEndpoint] = judge.Endpoint,
                [DeploymentOutputs.JudgeModel] = settings.Judge.Model,
                [DeploymentOutputs.LogWorkspace] = telemetry.WorkspaceCustomerId,
                [DeploymentOutputs.DurableBackend] = settings.DurableBackend,
                [DeploymentOutputs.Private] = settings.Private,
                [DeploymentOutputs.Capacity] =
                    $"{capacity.Slots} slots, {capacity.DurableInstances} instances × {capacity.RequestsPerInstance} requests, at most {capacity.AtMost} in flight (instance cap {capacity.InstanceCap})",
            };
            if (meta is not null)
            {
                outputs[DeploymentOutputs.MetaEndpoint] = meta.Endpoint;
                outputs[DeploymentOutputs.MetaModel] = settings.Meta!.Model;
            }

            return outputs;
        }
    }
}
