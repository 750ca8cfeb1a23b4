using Pulumi;
using Pulumi.AzureNative.App;
using Pulumi.AzureNative.App.Inputs;
using Tribunal.Infra.Identity;

using ProbeType = Pulumi.AzureNative.App.Type;

namespace Tribunal.Infra.Compute;

/// <summary>What <see cref="GpuApp"/> takes.</summary>
public sealed record GpuAppArgs
{
    /// <summary>The model, how it is served, and how far it scales.</summary>
    public required ServedModel Model { get; init; }

    /// <summary>What it runs on. Busy: one replica's GPU, vCPUs and memory by the second; serverless and idle: nothing.</summary>
    public required GpuProfile Profile { get; init; }

    /// <summary>The vLLM image.</summary>
    public required ImageReference Image { get; init; }

    /// <summary>Where it is pulled from by identity; null: from its own, public registry.</summary>
    public ImageRegistry? Registry { get; init; }

    /// <summary>The Hugging Face token; null: the model asks for none.</summary>
    public KeptSecret? Token { get; init; }

    /// <summary>Seconds per answer: with the sequences it says how many arrivals fill a replica.</summary>
    public required double AnswerSeconds { get; init; }

    /// <summary>Minutes from the container's start until it must listen, 2 to 40.</summary>
    public required int StartMinutes { get; init; }
}

/// <summary>
/// A model behind vLLM on GPUs, from zero: a judge, or the meta reward model. It starts on the first request: callers ask for
/// <c>/health</c> until it answers, before they fan out. Nothing else wakes it: a second scaler that can't do its work, for want
/// of a role or of a name that resolves, holds the app at whatever replicas it has.
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
    /// <param name="place">Where.</param>
    /// <param name="options">Pulumi's options.</param>
    public GpuApp(string name, GpuAppArgs args, GpuEnvironment environment, Place place, ComponentResourceOptions? options = null)
        : base("tribunal:compute:GpuApp", name, options)
    {
        WorkloadIdentity identity = new(name, place, new ComponentResourceOptions { Parent = this });
        List<Resource> needed = [];
        if (args.Token is { } token)
        {
            needed.Add(identity.Grant(BuiltInRole.KeyVaultSecretsUser, token.Id, "token", "reads the Hugging Face token"));
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
            Location = environment.Location,
            Tags = place.Tags,
            ManagedEnvironmentId = environment.Id,
            WorkloadProfileName = args.Profile.EnvironmentName,
            Identity = new ManagedServiceIdentityArgs
            {
                Type = ManagedServiceIdentityType.UserAssigned,
                UserAssignedIdentities = [identity.Id],
            },
            Configuration = Configuration(args, identity),
            Template = Template(name, args, environment),
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
        if (args.Token is { } token)
        {
            configuration.Secrets = [new SecretArgs { Name = TokenSecret, KeyVaultUrl = token.Uri, Identity = identity.Id }];
        }

        if (args.Registry is { } registry)
        {
            configuration.Registries = [new RegistryCredentialsArgs { Server = registry.Server, Identity = identity.Id }];
        }

        return configuration;
    }

    private static TemplateArgs Template(string name, GpuAppArgs args, GpuEnvironment environment)
    {
        ContainerArgs container = new()
        {
            Name = name,
            Image = args.Registry is { } registry ? registry.Server.Apply(args.Image.On) : args.Image.On(args.Image.Host ?? "docker.io"),
            Command = ["vllm", "serve"],
            Args = [.. args.Model.Arguments(Port)],
            Env = [.. Environment(args, environment).Select(variable => (Input<EnvironmentVarArgs>)variable)],
            // GPUs are not asked for: the profile has them, and the first container gets them.
            Resources = new ContainerResourcesArgs { Cpu = args.Profile.Cpu, Memory = $"{args.Profile.MemoryGiB}Gi" },
            Probes = Probes(args.StartMinutes),
        };
        TemplateArgs template = new()
        {
            // Long answers may end before a replica goes.
            TerminationGracePeriodSeconds = 300,
            Scale = Scale(args),
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
        Dictionary<string, string> variables = new(args.Profile.Environment, StringComparer.Ordinal)
        {
            // Prompts are other people's data.
            ["VLLM_NO_USAGE_STATS"] = "1",
        };
        if (environment.WeightsStorage is not null)
        {
            variables["HF_HOME"] = WeightsPath;
            // Compiled graphs too: the next start finds them instead of compiling for minutes.
            variables["VLLM_CACHE_ROOT"] = $"{WeightsPath}/vllm";
        }

        foreach ((string name, string value) in args.Model.Environment)
        {
            variables[name] = value;
        }

        foreach ((string name, string value) in variables.OrderBy(variable => variable.Key, StringComparer.Ordinal))
        {
            yield return new EnvironmentVarArgs { Name = name, Value = value };
        }

        if (args.Token is not null)
        {
            yield return new EnvironmentVarArgs { Name = "HF_TOKEN", SecretRef = TokenSecret };
        }
    }

    private static InputList<ContainerAppProbeArgs> Probes(int startMinutes)
    {
        ContainerAppProbeHttpGetArgs health = new() { Path = "/health", Port = Port };
        return
        [
            // Nothing listens until the weights are loaded, and the platform counts no more than ten failures: the period makes up the time.
            new ContainerAppProbeArgs { Type = ProbeType.Startup, HttpGet = health, InitialDelaySeconds = 30, PeriodSeconds = startMinutes * 6, FailureThreshold = 10, TimeoutSeconds = 10 },
            new ContainerAppProbeArgs { Type = ProbeType.Readiness, HttpGet = health, PeriodSeconds = 10, FailureThreshold = 3, TimeoutSeconds = 5 },
            // A busy engine may answer late; a restart costs minutes.
            new ContainerAppProbeArgs { Type = ProbeType.Liveness, HttpGet = health, PeriodSeconds = 60, FailureThreshold = 5, TimeoutSeconds = 30 },
        ];
    }

    private static ScaleArgs Scale(GpuAppArgs args) => new()
    {
        MinReplicas = args.Model.MinReplicas,
        MaxReplicas = args.Model.MaxReplicas,
        CooldownPeriod = args.Model.CooldownSeconds,
        PollingInterval = 15,
        Rules =
        [
            new ScaleRuleArgs
            {
                Name = "requests",
                Http = new HttpScaleRuleArgs { Metadata = { ["concurrentRequests"] = $"{args.Model.ScaleThreshold(args.AnswerSeconds)}" } },
            },
        ],
    };
}
