using Pulumi;
using Pulumi.AzureNative.App;
using Pulumi.AzureNative.App.Inputs;
using Tribunal.Azure.Names;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Storage;

using ProbeType = Pulumi.AzureNative.App.Type;

namespace Tribunal.Infra.Compute;

/// <summary>What <see cref="ToolApp"/> takes.</summary>
public sealed record ToolAppArgs
{
    /// <summary>The image of this repository's Dockerfile.</summary>
    public required ImageReference Image { get; init; }

    /// <summary>Where it is pulled from by identity; null: from its own, public registry.</summary>
    public ImageRegistry? Registry { get; init; }

    /// <summary>The most replicas, 1 or more. From zero.</summary>
    public required int Replicas { get; init; }

    /// <summary>The judges that requests may name.</summary>
    public required IReadOnlyList<JudgeEndpoint> Judges { get; init; }

    /// <summary>Settings of the host, by app setting.</summary>
    public required IReadOnlyDictionary<string, Input<string>> Settings { get; init; }
}

/// <summary>
/// The command-line tool as a container app beside the function app: the queue worker, or the reward server. Idle: nothing;
/// busy: half a vCPU and a GiB by the second.
/// </summary>
public sealed class ToolApp : ComponentResource
{
    private const int Port = 8080;

    // What one worker takes at once.
    private const int StepsPerWorker = 4;

    private ToolApp(string name, ToolAppArgs args, GpuEnvironment environment, RunStorage storage, Place place, bool worker)
        : base("tribunal:compute:ToolApp", name)
    {
        WorkloadIdentity identity = new(name, place, new ComponentResourceOptions { Parent = this });
        List<Resource> needed = [.. Roles(args, identity, storage, worker)];
        ConfigurationArgs configuration = new()
        {
            ActiveRevisionsMode = ActiveRevisionsMode.Single,
            // The code signs in to storage itself; the reward server has nothing to sign in to.
            IdentitySettings = [new IdentitySettingsArgs { Identity = identity.Id, Lifecycle = worker ? IdentitySettingsLifeCycle.Main : IdentitySettingsLifeCycle.None }],
            Secrets = [.. args.Judges.Where(judge => judge.Key is not null).Select(judge => (Input<SecretArgs>)new SecretArgs { Name = SecretOf(judge), KeyVaultUrl = judge.Key!.Uri, Identity = identity.Id })],
        };
        if (!worker)
        {
            configuration.Ingress = new IngressArgs { External = true, AllowInsecure = false, TargetPort = Port, Transport = IngressTransportMethod.Http };
        }

        if (args.Registry is { } registry)
        {
            configuration.Registries = [new RegistryCredentialsArgs { Server = registry.Server, Identity = identity.Id }];
        }

        ContainerApp app = new(name, new ContainerAppArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ContainerAppName = name,
            Location = environment.Location,
            Tags = place.Tags,
            ManagedEnvironmentId = environment.Id,
            WorkloadProfileName = "Consumption",
            Identity = new ManagedServiceIdentityArgs { Type = ManagedServiceIdentityType.UserAssigned, UserAssignedIdentities = [identity.Id] },
            Configuration = configuration,
            Template = Template(name, args, storage, identity, worker),
        }, new CustomResourceOptions { Parent = this, DependsOn = [.. needed] });
        Id = app.Id;
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Takes messages from the evaluations queue, beside the function app: whichever takes one runs it, and all workers share the run.</summary>
    public static ToolApp Worker(string name, ToolAppArgs args, GpuEnvironment environment, RunStorage storage, Place place) => new(name, args, environment, storage, place, worker: true);

    /// <summary>Answers trainers, from inside the network.</summary>
    public static ToolApp Rewards(string name, ToolAppArgs args, GpuEnvironment environment, RunStorage storage, Place place) => new(name, args, environment, storage, place, worker: false);

    private static IEnumerable<Resource> Roles(ToolAppArgs args, WorkloadIdentity identity, RunStorage storage, bool worker)
    {
        foreach (Resource grant in JudgeEndpoint.GrantKeys(args.Judges, identity))
        {
            yield return grant;
        }

        if (args.Registry is { } registry)
        {
            yield return identity.Grant(BuiltInRole.AcrPull, registry.Id, "registry", "pulls the image");
        }

        if (!worker)
        {
            yield break;
        }

        // The account is the narrowest scope: the worker's engine makes containers, queues and tables of its own, as the function app's does.
        yield return identity.Grant(BuiltInRole.BlobDataContributor, storage.Id, "storage", "batches, runs, and the engine's large messages");
        yield return identity.Grant(BuiltInRole.QueueDataContributor, storage.Id, "storage", "takes requests, scales on their number, and the engine's queues");
        yield return identity.Grant(BuiltInRole.TableDataContributor, storage.Id, "storage", "run states and the engine's tables");
    }

    private static TemplateArgs Template(string name, ToolAppArgs args, RunStorage storage, WorkloadIdentity identity, bool worker)
    {
        Dictionary<string, Input<string>> variables = new(args.Settings, StringComparer.Ordinal);
        foreach ((string key, Input<string> value) in args.Judges.SelectMany(judge => judge.Settings()))
        {
            variables[SettingNames.ToAppSetting(key)] = value;
        }

        if (worker)
        {
            variables[SettingNames.ToAppSetting(SettingNames.StorageAccount)] = storage.AccountName;
            variables[SettingNames.ToAppSetting(SettingNames.IdentityClientId)] = identity.ClientId;
        }

        ContainerAppProbeHttpGetArgs health = new() { Path = "/healthz", Port = Port };
        return new TemplateArgs
        {
            // A worker that is told to go ends what is in flight, and the rest goes to others.
            TerminationGracePeriodSeconds = 120,
            Containers =
            [
                new ContainerArgs
                {
                    Name = name,
                    Image = args.Registry is { } registry && args.Image.Host is null ? registry.Server.Apply(args.Image.On) : args.Image.On(args.Image.Host ?? "docker.io"),
                    Args = worker ? ["worker", "--listen", $"http://0.0.0.0:{Port}"] : [.. Serve(args.Judges[0])],
                    Env =
                    [
                        .. variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => (Input<EnvironmentVarArgs>)new EnvironmentVarArgs { Name = variable.Key, Value = variable.Value }),
                        .. args.Judges.Where(judge => judge.Key is not null).Select(judge => (Input<EnvironmentVarArgs>)new EnvironmentVarArgs { Name = judge.KeyVariable, SecretRef = SecretOf(judge) }),
                    ],
                    Resources = new ContainerResourcesArgs { Cpu = 0.5, Memory = "1Gi" },
                    Probes = [new ContainerAppProbeArgs { Type = ProbeType.Liveness, HttpGet = health, PeriodSeconds = 30, FailureThreshold = 5, TimeoutSeconds = 10 }],
                },
            ],
            Scale = new ScaleArgs { MinReplicas = 0, MaxReplicas = args.Replicas, CooldownPeriod = 600, PollingInterval = 15, Rules = Rules(storage, identity, worker) },
        };
    }

    private static Input<string>[] Serve(JudgeEndpoint judge)
    {
        // Reached from inside the network alone, as the judges are: the network is the key.
        Input<string>[] line = ["serve", "--listen", $"http://0.0.0.0:{Port}", "--allow-anonymous", "--output", "/tmp/serve", "--judge", judge.Address, "--model", judge.Model, "--protocol", judge.Protocol];
        return judge.Key is null ? line : [.. line, "--api-key-env", judge.KeyVariable];
    }

    private static InputList<ScaleRuleArgs> Rules(RunStorage storage, WorkloadIdentity identity, bool worker) => worker
        ?
        [
            // A request's message stays in its queue, hidden, until its run ends: no worker goes while a run is under way.
            Rule(storage, identity, "evaluations", ResourceNames.EvaluationsQueue, 1),
            // The steps of runs that wait for a worker, or are worked on: further workers help with runs that are under way.
            Rule(storage, identity, "steps", ResourceNames.WorkerStepsQueue, StepsPerWorker),
        ]
        : [new ScaleRuleArgs { Name = "requests", Http = new HttpScaleRuleArgs { Metadata = { ["concurrentRequests"] = "1000" } } }];

    private static ScaleRuleArgs Rule(RunStorage storage, WorkloadIdentity identity, string name, string queue, int length) => new()
    {
        Name = name,
        AzureQueue = new QueueScaleRuleArgs { AccountName = storage.AccountName, QueueName = queue, QueueLength = length, Identity = identity.Id },
    };

    private static string SecretOf(JudgeEndpoint judge) => $"key-{judge.Name}";
}
