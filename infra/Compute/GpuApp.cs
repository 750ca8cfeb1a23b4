using Pulumi;
using Pulumi.AzureNative.App;
using Pulumi.AzureNative.App.Inputs;
using Tribunal.Azure.Names;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Storage;

using ProbeType = Pulumi.AzureNative.App.Type;

namespace Tribunal.Infra.Compute;

/// <summary>What <see cref="GpuApp"/> takes.</summary>
public sealed record GpuAppArgs
{
    /// <summary>The model, how it is served, and how far it scales.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>What it runs on. Busy: one replica's GPU, vCPUs and memory by the second; serverless and idle: nothing.</summary>
    public required GpuProfile Profile { get; init; }

    /// <summary>The vLLM image, by its whole name or, with a <see cref="Registry"/>, by repository and tag.</summary>
    public required string Image { get; init; }

    /// <summary>Where a baked image is pulled from, by identity; null: a public registry.</summary>
    public ImageRegistry? Registry { get; init; }

    /// <summary>Holds the Hugging Face token; null: the model asks for none.</summary>
    public SecretVault? Vault { get; init; }
}

/// <summary>
/// A model behind vLLM on GPUs, from zero: the judge, or the meta reward model. It starts on the first request, or earlier,
/// when a message waits in the evaluations queue; callers wait for <c>/health</c> before they fan out.
/// </summary>
public sealed class GpuApp : ComponentResource
{
    private const int Port = 8000;
    private const string WeightsPath = "/weights";
    private const string TokenSecret = "hugging-face-token";

    /// <summary>Creates the app and gives its identity what it needs.</summary>
    /// <param name="name">The app's name, and its host name in the environment: a lower-case word.</param>
    /// <param name="args">What to run.</param>
    /// <param name="environment">Where to run it.</param>
    /// <param name="storage">The account whose evaluations queue wakes it.</param>
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public GpuApp(string name, GpuAppArgs args, GpuEnvironment environment, RunStorage storage, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:compute:GpuApp", name, options)
    {
        WorkloadIdentity identity = new(name, place, new ComponentResourceOptions { Parent = this });
        List<Resource> needed = [];
        // The scaler asks for the queue's length, which the senders' and processors' roles don't allow.
        needed.Add(identity.Grant(BuiltInRole.QueueDataContributor, storage.Queue(ResourceNames.EvaluationsQueue), "evaluations", "scales on the queue's length"));
        if (args.Vault is { } vault)
        {
            needed.Add(identity.Grant(BuiltInRole.KeyVaultSecretsUser, vault.TokenId, "token", "reads the Hugging Face token"));
        }

        if (args.Registry is { } registry)
        {
            needed.Add(identity.Grant(BuiltInRole.AcrPull, registry.Id, "registry", "pulls the image"));
        }

        if (environment.WeightsStorage is { } weights)
        {
            needed.Add(weights);
        }

        ContainerApp app = new(name, new ContainerAppArgs
        {
            ResourceGroupName = place.ResourceGroup,
            ContainerAppName = name,
            Location = place.Location,
            Tags = place.Tags,
            ManagedEnvironmentId = environment.Id,
            WorkloadProfileName = args.Profile.Name,
            Identity = new ManagedServiceIdentityArgs
            {
                Type = ManagedServiceIdentityType.UserAssigned,
                UserAssignedIdentities = [identity.Id],
            },
            Configuration = Configuration(args, identity),
            Template = Template(name, args, environment, storage, identity),
        }, new CustomResourceOptions { Parent = this, DependsOn = [.. needed] });

        Id = app.Id;
        // Not the latest revision's host: that one changes with every deployment.
        Endpoint = app.Configuration.Apply(configuration => $"https://{configuration?.Ingress?.Fqdn}/v1");
        RegisterOutputs();
    }

    /// <summary>Resource id.</summary>
    public Output<string> Id { get; }

    /// <summary>Base address, ending in <c>/v1</c>.</summary>
    public Output<string> Endpoint { get; }

    private static ConfigurationArgs Configuration(GpuAppArgs args, WorkloadIdentity identity)
    {
        ConfigurationArgs configuration = new()
        {
            // Two revisions at once would be two GPUs.
            ActiveRevisionsMode = ActiveRevisionsMode.Single,
            MaxInactiveRevisions = 2,
            Ingress = new IngressArgs
            {
                // In an internal environment "external" means the virtual network; without it, only the environment itself.
                External = true,
                AllowInsecure = false,
                TargetPort = Port,
                Transport = IngressTransportMethod.Http,
            },
            // For the platform alone (scaling, secrets, pulling): what runs in the container gets no tokens.
            IdentitySettings = [new IdentitySettingsArgs { Identity = identity.Id, Lifecycle = IdentitySettingsLifeCycle.None }],
        };
        if (args.Vault is { } vault)
        {
            configuration.Secrets = [new SecretArgs { Name = TokenSecret, KeyVaultUrl = vault.TokenUri, Identity = identity.Id }];
        }

        if (args.Registry is { } registry)
        {
            configuration.Registries = [new RegistryCredentialsArgs { Server = registry.Server, Identity = identity.Id }];
        }

        return configuration;
    }

    private static TemplateArgs Template(string name, GpuAppArgs args, GpuEnvironment environment, RunStorage storage, WorkloadIdentity identity)
    {
        ContainerArgs container = new()
        {
            Name = name,
            Image = args.Registry is { } registry ? registry.Server.Apply(server => $"{server}/{args.Image}") : args.Image,
            Command = ["vllm", "serve"],
            Args = [.. args.Model.Arguments(Port)],
            Env = [.. Environment(args, environment).Select(variable => (Input<EnvironmentVarArgs>)variable)],
            // GPUs are not asked for: the profile has them, and the first container gets them.
            Resources = new ContainerResourcesArgs { Cpu = args.Profile.Cpu, Memory = $"{args.Profile.MemoryGiB}Gi" },
            Probes = Probes(args.Model),
        };
        TemplateArgs template = new()
        {
            // Long answers may end before a replica goes.
            TerminationGracePeriodSeconds = 300,
            Scale = Scale(args.Model, storage, identity),
        };
        if (environment.WeightsStorage is { } weights)
        {
            container.VolumeMounts = [new VolumeMountArgs { VolumeName = "weights", MountPath = WeightsPath }];
            template.Volumes = [new VolumeArgs { Name = "weights", StorageType = StorageType.NfsAzureFile, StorageName = weights.Name }];
        }

        template.Containers = [container];
        return template;
    }

    private static IEnumerable<EnvironmentVarArgs> Environment(GpuAppArgs args, GpuEnvironment environment)
    {
        // Prompts are other people's data.
        yield return new EnvironmentVarArgs { Name = "VLLM_NO_USAGE_STATS", Value = "1" };
        if (environment.WeightsStorage is not null)
        {
            yield return new EnvironmentVarArgs { Name = "HF_HOME", Value = WeightsPath };
        }

        if (args.Vault is not null)
        {
            yield return new EnvironmentVarArgs { Name = "HF_TOKEN", SecretRef = TokenSecret };
        }
    }

    private static InputList<ContainerAppProbeArgs> Probes(ServedModel model)
    {
        ContainerAppProbeHttpGetArgs health = new() { Path = "/health", Port = Port };
        return
        [
            // Nothing listens until the weights are loaded, and the platform counts no more than ten failures: the period makes up the time.
            new ContainerAppProbeArgs { Type = ProbeType.Startup, HttpGet = health, InitialDelaySeconds = 30, PeriodSeconds = model.StartMinutes * 6, FailureThreshold = 10, TimeoutSeconds = 10 },
            new ContainerAppProbeArgs { Type = ProbeType.Readiness, HttpGet = health, PeriodSeconds = 10, FailureThreshold = 3, TimeoutSeconds = 5 },
            // A busy engine may answer late; a restart costs minutes.
            new ContainerAppProbeArgs { Type = ProbeType.Liveness, HttpGet = health, PeriodSeconds = 60, FailureThreshold = 5, TimeoutSeconds = 30 },
        ];
    }

    private static ScaleArgs Scale(ServedModel model, RunStorage storage, WorkloadIdentity identity) => new()
    {
        MinReplicas = model.MinReplicas,
        MaxReplicas = model.MaxReplicas,
        CooldownPeriod = model.CooldownSeconds,
        PollingInterval = 15,
        Rules =
        [
            // One more replica when the replicas there are have all the sequences they take.
            new ScaleRuleArgs
            {
                Name = "requests",
                Http = new HttpScaleRuleArgs { Metadata = { ["concurrentRequests"] = $"{model.MaxSequences}" } },
            },
            // A waiting message starts the first replica before the function app has read it: minutes saved. It asks for no
            // second one: how much work a message is can't be told from the queue.
            new ScaleRuleArgs
            {
                Name = "evaluations",
                AzureQueue = new QueueScaleRuleArgs
                {
                    AccountName = storage.AccountName,
                    QueueName = ResourceNames.EvaluationsQueue,
                    QueueLength = 1000,
                    Identity = identity.Id,
                },
            },
        ],
    };
}
