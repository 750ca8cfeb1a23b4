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
    /// <summary>Reachable through a private endpoint and from <see cref="AllowedAddresses"/> only, publishing included; default false.</summary>
    public bool Private { get; init; }

    /// <summary>Public IPv4 addresses or ranges that are let in all the same; default none.</summary>
    public IReadOnlyList<string> AllowedAddresses { get; init; } = [];

    /// <summary>
    /// Client id of the app registration that people sign in to; null (default): function keys alone. With it the HTTP triggers of a
    /// private app may be called from anywhere by who has signed in; publishing stays closed.
    /// </summary>
    public string? SignIn { get; init; }

    /// <summary>The fan-out's caps.</summary>
    public required FanoutCapacity Capacity { get; init; }

    /// <summary>Memory of an instance: 512, 2,048 (default) or 4,096 MB. Busy: paid by memory and time.</summary>
    public int InstanceMemoryMB { get; init; } = 2048;

    /// <summary>The judges that requests may name.</summary>
    public required IReadOnlyList<JudgeEndpoint> Judges { get; init; }

    /// <summary>The judge of requests that name none.</summary>
    public required JudgeEndpoint DefaultJudge { get; init; }

    /// <summary>The meta reward model; null: none.</summary>
    public (GpuApp App, string Model)? Meta { get; init; }

    /// <summary>The longest that a run waits for judges and the meta reward model to start, in minutes.</summary>
    public required int StartMinutes { get; init; }

    /// <summary>The routing table of requests that have none, as JSON; null: none.</summary>
    public string? Routing { get; init; }

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
    /// <summary>The meta reward model's name in requests.</summary>
    public const string MetaName = "meta";

    /// <summary>The durable hub, as functions/host.json names it too. Named, because the default is cut from the app's name, and two apps could then share one.</summary>
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
        roles.AddRange(JudgeEndpoint.GrantKeys(args.Judges, identity));

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

        WebApp app = new(name, App(args, identity, plan, storage, network, telemetry, scheduler, place), new CustomResourceOptions { Parent = this, DependsOn = [.. roles] });
        network.Expose("functions", app.Id, "sites", "privatelink.azurewebsites.net");
        if (args.SignIn is { } clientId)
        {
            new WebAppAuthSettingsV2($"{name}-sign-in", SignIn(clientId, app, place), new CustomResourceOptions { Parent = this });
        }

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

    private static WebAppArgs App(
        FunctionsHostArgs args, WorkloadIdentity identity, AppServicePlan plan, RunStorage storage, PipelineNetwork network, Telemetry telemetry, DurableScheduler? scheduler, Place place) => new()
        {
            ResourceGroupName = place.ResourceGroup,
            Name = place.Names.FunctionApp,
            Location = place.Location,
            Tags = place.Tags,
            Kind = "functionapp,linux",
            Reserved = true,
            ServerFarmId = plan.Id,
            HttpsOnly = true,
            PublicNetworkAccess = args.Private && args.AllowedAddresses.Count == 0 && args.SignIn is null ? "Disabled" : "Enabled",
            // The judges' addresses exist inside the network only.
            VirtualNetworkSubnetId = network.FunctionsSubnetId,
            Identity = new ManagedServiceIdentityArgs
            {
                Type = Pulumi.AzureNative.Web.ManagedServiceIdentityType.UserAssigned,
                UserAssignedIdentities = [identity.Id],
            },
            // References to the vault are read by the app's only identity; left out, the platform tries a system-assigned one.
            KeyVaultReferenceIdentity = identity.Id,
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
            SiteConfig = Site(args, storage, identity, telemetry, scheduler),
        };

    private static SiteConfigArgs Site(FunctionsHostArgs args, RunStorage storage, WorkloadIdentity identity, Telemetry telemetry, DurableScheduler? scheduler)
    {
        SiteConfigArgs site = new()
        {
            MinTlsVersion = SupportedTlsVersions.SupportedTlsVersions_1_2,
            Http20Enabled = true,
            // The SDK's own defaults for other plans; Flex Consumption refuses a site that names them.
            NetFrameworkVersion = null,
            LocalMySqlEnabled = null,
            AppSettings = [.. Settings(args, storage, identity, telemetry, scheduler).Select(s => (Input<NameValuePairArgs>)new NameValuePairArgs { Name = s.Key, Value = s.Value })],
        };
        if (args.Private && args.SignIn is not null)
        {
            // Who calls the triggers is asked to sign in; who publishes comes from the allowed addresses only.
            site.ScmIpSecurityRestrictionsUseMain = false;
            site.ScmIpSecurityRestrictionsDefaultAction = "Deny";
            site.ScmIpSecurityRestrictions = Allowed(args);
        }
        else if (args.Private && args.AllowedAddresses.Count > 0)
        {
            site.IpSecurityRestrictionsDefaultAction = "Deny";
            site.IpSecurityRestrictions = Allowed(args);
            site.ScmIpSecurityRestrictionsUseMain = true;
        }

        return site;
    }

    private static InputList<IpSecurityRestrictionArgs> Allowed(FunctionsHostArgs args) =>
    [
        .. args.AllowedAddresses.Select((address, index) => (Input<IpSecurityRestrictionArgs>)new IpSecurityRestrictionArgs
        {
            Name = $"allowed-{index}",
            Action = "Allow",
            Priority = 100 + index,
            IpAddress = address.Contains('/', StringComparison.Ordinal) ? address : $"{address}/32",
        }),
    ];

    // Nothing of a request reaches the app before its token was checked by the platform. No secret: nobody is led through a browser.
    private static WebAppAuthSettingsV2Args SignIn(string clientId, WebApp app, Place place) => new()
    {
        ResourceGroupName = place.ResourceGroup,
        Name = app.Name,
        Platform = new AuthPlatformArgs { Enabled = true },
        GlobalValidation = new GlobalValidationArgs
        {
            RequireAuthentication = true,
            UnauthenticatedClientAction = UnauthenticatedClientActionV2.Return401,
        },
        IdentityProviders = new IdentityProvidersArgs
        {
            AzureActiveDirectory = new AzureActiveDirectoryArgs
            {
                Enabled = true,
                Registration = new AzureActiveDirectoryRegistrationArgs
                {
                    ClientId = clientId,
                    OpenIdIssuer = $"https://login.microsoftonline.com/{place.Tenant}/v2.0",
                },
                Validation = new AzureActiveDirectoryValidationArgs { AllowedAudiences = [clientId, $"api://{clientId}"] },
            },
        },
    };

    private static FunctionsScaleAndConcurrencyArgs Scale(FunctionsHostArgs args)
    {
        FunctionsScaleAndConcurrencyArgs scale = new()
        {
            MaximumInstanceCount = args.Capacity.InstanceCap,
            InstanceMemoryMB = args.InstanceMemoryMB,
        };
        if (args.Capacity.AlwaysReady > 0)
        {
            scale.AlwaysReady = [new FunctionsAlwaysReadyConfigArgs { Name = DurableGroup, InstanceCount = args.Capacity.AlwaysReady }];
        }

        return scale;
    }

    // None of the durable extension's figures: the scale controller reads them from host.json alone, where publishing writes them.
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
            [SettingNames.DefaultJudge] = args.DefaultJudge.Name,
            // Among several, each judge's own: a default would be asked of all of them.
            [SettingNames.DefaultProtocol] = args.Judges.Count == 1 ? args.DefaultJudge.Protocol : "auto",
            [SettingNames.DefaultSamples] = Text(args.Samples),
            [SettingNames.DefaultMeta] = args.Meta is null ? "none" : MetaName,
            [SettingNames.ValidRateFloor] = args.ValidRateFloor.ToString(CultureInfo.InvariantCulture),
            // The probe's time, and ten minutes for the platform to find a GPU and pull the image.
            [SettingNames.JudgeStartLimit] = TimeSpan.FromMinutes(args.StartMinutes + 10).ToString("c", CultureInfo.InvariantCulture),
            [SettingNames.ChunkJudgements] = Text(capacity.ChunkJudgements),
            [SettingNames.ShardWindow] = Text(capacity.ShardWindow),
            [SettingNames.DurableBackend] = scheduler is null ? SettingNames.DurableAzureStorage : SettingNames.DurableTaskScheduler,
        };
        foreach ((string key, Input<string> value) in args.Judges.SelectMany(judge => judge.Settings()))
        {
            settings[key] = value;
        }

        foreach (JudgeEndpoint judge in args.Judges.Where(judge => judge.Key is not null))
        {
            settings[judge.KeyVariable] = judge.Key!.Uri.Apply(uri => $"@Microsoft.KeyVault(SecretUri={uri})");
        }

        if (args.Routing is { } routing)
        {
            settings[SettingNames.DefaultRouting] = routing;
        }

        if (args.Meta is { } meta)
        {
            settings[SettingNames.MetaEndpoint] = meta.App.Endpoint;
            settings[SettingNames.MetaModel] = meta.Model;
        }

        if (scheduler is not null)
        {
            settings[SettingNames.SchedulerConnection] = scheduler.ConnectionString;
        }

        return settings.ToDictionary(setting => SettingNames.ToAppSetting(setting.Key), setting => setting.Value, StringComparer.Ordinal);
    }

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}
