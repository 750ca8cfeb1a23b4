using System.Globalization;
using Pulumi;
using Pulumi.AzureNative.Web;
using Pulumi.AzureNative.Web.Inputs;
using Tribunal.Azure.Names;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;
using Tribunal.Infra.Observability;
using Tribunal.Infra.Storage;
using Tribunal.Runs.Steps;

namespace Tribunal.Infra.Functions;

/// <summary>What <see cref="FunctionsHost"/> takes.</summary>
public sealed record FunctionsHostArgs
{
    /// <summary>Reachable through a private endpoint only, publishing included; default false.</summary>
    public bool Private { get; init; }

    /// <summary>The fan-out's caps.</summary>
    public required FanoutCapacity Capacity { get; init; }

    /// <summary>Memory of an instance: 512, 2,048 (default) or 4,096 MB. Busy: paid by memory and time.</summary>
    public int InstanceMemoryMB { get; init; } = 2048;

    /// <summary>Instances of the durable group that never go; default 0. Each is paid around the clock, at a lower rate.</summary>
    public int AlwaysReady { get; init; }

    /// <summary>The judge.</summary>
    public required GpuApp Judge { get; init; }

    /// <summary>The judge's model, and the protocol it is asked in.</summary>
    public required (ServedModel Model, string Protocol) JudgeModel { get; init; }

    /// <summary>The meta reward model; null: none.</summary>
    public (GpuApp App, string Model)? Meta { get; init; }

    /// <summary>Judgements per rollout where a request doesn't say.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>Share of valid judgements below which a run stops.</summary>
    public double ValidRateFloor { get; init; } = ActivityOptions.DefaultValidRateFloor;

    /// <summary>The Durable Task Scheduler; null (default): orchestrations are kept in the storage account.</summary>
    public Func<WorkloadIdentity, DurableScheduler>? Scheduler { get; init; }
}

/// <summary>
/// The function app on Flex Consumption: triggers, orchestrations and activities. Idle: nothing, unless instances are always
/// ready. Busy: by memory and time, and per million executions.
/// </summary>
public sealed class FunctionsHost : ComponentResource
{
    /// <summary>The judge's name in the configuration, and so in requests.</summary>
    public const string JudgeName = "judge";

    /// <summary>The meta reward model's name in requests.</summary>
    public const string MetaName = "meta";

    /// <summary>The durable hub. Named, because the default is cut from the app's name, and two apps could then share one.</summary>
    public const string TaskHubName = "tribunal";

    /// <summary>Flex Consumption's name for the group of orchestrators, activities and entities.</summary>
    private const string DurableGroup = "durable";

    /// <summary>Creates identity, plan and app.</summary>
    public FunctionsHost(
        string name, FunctionsHostArgs args, RunStorage storage, PipelineNetwork network, Telemetry telemetry, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:functions:FunctionsHost", name, options)
    {
        WorkloadIdentity identity = new("functions", place, new ComponentResourceOptions { Parent = this });
        List<Resource> roles =
        [
            // The account is the narrowest scope: host and durable extension make containers, queues and tables of their own.
            identity.Grant(BuiltInRole.BlobDataOwner, storage.Id, "storage", "batches, runs, package, and the host's leases"),
            identity.Grant(BuiltInRole.QueueDataContributor, storage.Id, "storage", "triggers and the durable extension's queues"),
            identity.Grant(BuiltInRole.TableDataContributor, storage.Id, "storage", "run states and the durable extension's tables"),
            identity.Grant(BuiltInRole.MonitoringMetricsPublisher, telemetry.ComponentId, "telemetry", "sends telemetry"),
        ];
        DurableScheduler? scheduler = args.Scheduler?.Invoke(identity);

        AppServicePlan plan = new($"{name}-plan", new AppServicePlanArgs
        {
            ResourceGroupName = place.ResourceGroup,
            Name = place.Names.Of("plan"),
            Location = place.Location,
            Tags = place.Tags,
            Kind = "functionapp",
            Reserved = true,
            Sku = new SkuDescriptionArgs { Tier = "FlexConsumption", Name = "FC1" },
        }, new CustomResourceOptions { Parent = this });

        WebApp app = new(name, new WebAppArgs
        {
            ResourceGroupName = place.ResourceGroup,
            Name = place.Names.FunctionApp,
            Location = place.Location,
            Tags = place.Tags,
            Kind = "functionapp,linux",
            Reserved = true,
            ServerFarmId = plan.Id,
            HttpsOnly = true,
            PublicNetworkAccess = args.Private ? "Disabled" : "Enabled",
            // The judge's address exists inside the network only.
            VirtualNetworkSubnetId = network.FunctionsSubnetId,
            Identity = new ManagedServiceIdentityArgs
            {
                Type = Pulumi.AzureNative.Web.ManagedServiceIdentityType.UserAssigned,
                UserAssignedIdentities = [identity.Id],
            },
            FunctionAppConfig = new FunctionAppConfigArgs
            {
                Deployment = new FunctionsDeploymentArgs
                {
                    Storage = new FunctionsDeploymentStorageArgs
                    {
                        Type = FunctionsDeploymentStorageType.BlobContainer,
                        Value = storage.AccountName.Apply(account => $"https://{account}.blob.core.windows.net/{ResourceNames.DeploymentContainer}"),
                        Authentication = new FunctionsDeploymentStorageAuthenticationArgs
                        {
                            Type = AuthenticationType.UserAssignedIdentity,
                            UserAssignedIdentityResourceId = identity.Id,
                        },
                    },
                },
                Runtime = new FunctionsRuntimeArgs { Name = RuntimeName.Dotnet_isolated, Version = "10.0" },
                ScaleAndConcurrency = Scale(args),
            },
            SiteConfig = new SiteConfigArgs
            {
                MinTlsVersion = SupportedTlsVersions.SupportedTlsVersions_1_2,
                Http20Enabled = true,
                // The SDK's own defaults for other plans; Flex Consumption refuses a site that names them.
                NetFrameworkVersion = null,
                LocalMySqlEnabled = null,
                AppSettings = [.. Settings(args, storage, identity, telemetry, scheduler).Select(s => (Input<NameValuePairArgs>)new NameValuePairArgs { Name = s.Key, Value = s.Value })],
            },
        }, new CustomResourceOptions { Parent = this, DependsOn = [.. roles] });
        network.Expose("functions", app.Id, "sites", "privatelink.azurewebsites.net");

        (Id, AppName, IdentityClientId) = (app.Id, app.Name, identity.ClientId);
        Url = app.DefaultHostName.Apply(host => $"https://{host}");
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Name.</summary>
    public Output<string> AppName { get; }

    /// <summary>Base address of the HTTP triggers.</summary>
    public Output<string> Url { get; }

    /// <summary>Client id of the app's identity.</summary>
    public Output<string> IdentityClientId { get; }

    private static FunctionsScaleAndConcurrencyArgs Scale(FunctionsHostArgs args)
    {
        FunctionsScaleAndConcurrencyArgs scale = new()
        {
            MaximumInstanceCount = args.Capacity.InstanceCap,
            InstanceMemoryMB = args.InstanceMemoryMB,
        };
        if (args.AlwaysReady > 0)
        {
            scale.AlwaysReady = [new FunctionsAlwaysReadyConfigArgs { Name = DurableGroup, InstanceCount = args.AlwaysReady }];
        }

        return scale;
    }

    private static Dictionary<string, Input<string>> Settings(
        FunctionsHostArgs args, RunStorage storage, WorkloadIdentity identity, Telemetry telemetry, DurableScheduler? scheduler)
    {
        FanoutCapacity capacity = args.Capacity;
        Dictionary<string, Input<string>> settings = new(StringComparer.Ordinal)
        {
            [SettingNames.HostStorageAccount] = storage.AccountName,
            [SettingNames.HostStorageCredential] = "managedidentity",
            [SettingNames.HostStorageClientId] = identity.ClientId,
            [SettingNames.StorageAccount] = storage.AccountName,
            [SettingNames.IdentityClientId] = identity.ClientId,
            [SettingNames.ApplicationInsights] = telemetry.ConnectionString,
            [SettingNames.ApplicationInsightsAuthentication] = identity.ClientId.Apply(id => $"Authorization=AAD;ClientId={id}"),
            [SettingNames.Judge(JudgeName, SettingNames.JudgeEndpoint)] = args.Judge.Endpoint,
            [SettingNames.Judge(JudgeName, SettingNames.JudgeModel)] = args.JudgeModel.Model.Model,
            [SettingNames.Judge(JudgeName, SettingNames.JudgeProtocol)] = args.JudgeModel.Protocol,
            [SettingNames.Judge(JudgeName, SettingNames.JudgeConcurrency)] = Text(capacity.RequestsPerInstance),
            [SettingNames.DefaultJudge] = JudgeName,
            [SettingNames.DefaultProtocol] = args.JudgeModel.Protocol,
            [SettingNames.DefaultSamples] = Text(args.Samples),
            [SettingNames.DefaultMeta] = args.Meta is null ? "none" : MetaName,
            [SettingNames.ValidRateFloor] = args.ValidRateFloor.ToString(CultureInfo.InvariantCulture),
            // The probe's time, and ten minutes for the platform to find a GPU and pull the image.
            [SettingNames.JudgeStartLimit] = TimeSpan.FromMinutes(args.JudgeModel.Model.StartMinutes + 10).ToString("c", CultureInfo.InvariantCulture),
            [SettingNames.ChunkJudgements] = Text(capacity.ChunkJudgements),
            [SettingNames.ShardWindow] = Text(capacity.ShardWindow),
            [SettingNames.HostActivities] = Text(capacity.ActivitiesPerInstance),
            [SettingNames.TaskHub] = TaskHubName,
            [SettingNames.DurableBackend] = scheduler is null ? SettingNames.DurableAzureStorage : SettingNames.DurableTaskScheduler,
            [SettingNames.HostDurableProvider] = scheduler is null ? SettingNames.DurableAzureStorage : SettingNames.DurableTaskScheduler,
        };
        if (args.Meta is { } meta)
        {
            settings[SettingNames.MetaEndpoint] = meta.App.Endpoint;
            settings[SettingNames.MetaModel] = meta.Model;
        }

        if (scheduler is not null)
        {
            settings[SettingNames.SchedulerConnection] = scheduler.ConnectionString;
            settings[SettingNames.HostDurableConnection] = SettingNames.SchedulerConnection;
        }

        return settings.ToDictionary(setting => SettingNames.ToAppSetting(setting.Key), setting => setting.Value, StringComparer.Ordinal);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
