using Pulumi;
using Tribunal.Infra.Compute;
using Tribunal.Infra.Functions;
using Tribunal.Infra.Identity;
using Tribunal.Infra.Network;
using Tribunal.Infra.Storage;

namespace Tribunal.Infra;

/// <summary>What <see cref="JudgeFleet"/> takes.</summary>
public sealed record JudgeFleetArgs
{
    /// <summary>The network.</summary>
    public required PipelineNetwork Network { get; init; }

    /// <summary>Where.</summary>
    public required Place Place { get; init; }

    /// <summary>Where images come from; null: from public registries.</summary>
    public required ImageRegistry? Registry { get; init; }

    /// <summary>The Hugging Face token; null: none.</summary>
    public required KeptSecret? Token { get; init; }

    /// <summary>Keys of external judges by their names.</summary>
    public required IReadOnlyDictionary<string, KeptSecret> Keys { get; init; }
}

/// <summary>
/// Every judge of a stack and the meta reward model: an environment per region, an app per model, and under which names hosts
/// find them. A judge whose GPUs can't be had has no app; what it falls back to answers under its name, so that routes, panels
/// and requests stay as they are.
/// </summary>
public sealed class JudgeFleet
{
    private readonly DeploymentSettings _settings;
    private readonly FanoutCapacity _capacity;
    private readonly JudgeFleetArgs _args;
    private readonly Dictionary<string, GpuEnvironment> _environments = new(StringComparer.Ordinal);

    /// <summary>Creates environments and apps.</summary>
    public JudgeFleet(DeploymentSettings settings, FanoutCapacity capacity, JudgeFleetArgs args)
    {
        (_settings, _capacity, _args) = (settings, capacity, args);
        Environment = AddEnvironment(null, 0);
        string[] regions = [.. settings.DeployedJudges.Select(judge => judge.Location).OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        foreach ((int index, string region) in regions.Index())
        {
            AddEnvironment(region, index + 1);
        }

        List<(string, GpuApp)> apps = [];
        Dictionary<string, JudgeEndpoint> answering = new(StringComparer.Ordinal);
        foreach (JudgePool judge in settings.DeployedJudges)
        {
            GpuApp app = AddApp(judge.Name, judge.Model, judge.Gpu, judge.Location, settings.JudgementSeconds);
            apps.Add((judge.Name, app));
            answering[judge.Name] = new JudgeEndpoint(judge.Name, app.Endpoint, judge.Model.Model, judge.Protocol, capacity.RequestsFor(judge.Model.Slots));
        }

        foreach (ExternalJudge judge in settings.ExternalJudges)
        {
            answering[judge.Name] = new JudgeEndpoint(
                judge.Name, Output.Create(judge.Endpoint), judge.Model, judge.Protocol, capacity.RequestsFor(judge.Concurrency), args.Keys.GetValueOrDefault(judge.Name));
        }

        if (settings.Meta is { } meta)
        {
            Meta = AddApp("meta", meta, settings.MetaGpu, null, MetaSeconds);
            apps.Add(("meta", Meta));
        }

        Apps = apps;
        Endpoints =
        [
            .. settings.Judges.Select(judge => answering[settings.Answering(judge.Name)] with { Name = judge.Name }),
            .. settings.ExternalJudges.Select(judge => answering[judge.Name]),
        ];
        Default = Endpoints.Single(judge => judge.Name == settings.DefaultJudge);
    }

    /// <summary>The environment of the stack's own region.</summary>
    public GpuEnvironment Environment { get; }

    /// <summary>Every environment, with a word for it.</summary>
    public IEnumerable<(string Name, GpuEnvironment Environment)> Environments => _environments.Select(entry => (entry.Key, entry.Value));

    /// <summary>Every app on GPUs, by name.</summary>
    public IReadOnlyList<(string Name, GpuApp App)> Apps { get; }

    /// <summary>The judges that requests may name.</summary>
    public IReadOnlyList<JudgeEndpoint> Endpoints { get; }

    /// <summary>The judge of requests that name none.</summary>
    public JudgeEndpoint Default { get; }

    /// <summary>The meta reward model; null: none.</summary>
    public GpuApp? Meta { get; }

    /// <summary>The longest start of all of them, in minutes: a run waits for the meta reward model as for judges.</summary>
    public int StartMinutes => _settings.DeployedJudges.Select(judge => _settings.StartMinutes(judge.Model, judge.Location))
        .Append(_settings.Meta is { } meta ? _settings.StartMinutes(meta) : 0).Max();

    /// <summary>Seconds per meta reward.</summary>
    private static double MetaSeconds { get; } = new FanoutDemand { Slots = 1 }.MetaSeconds;

    private static string NameOf(string? region) => region is null ? "gpus" : $"gpus-{region}";

    private GpuEnvironment AddEnvironment(string? region, int number)
    {
        GpuSubnet subnet = region is null ? _args.Network.Gpus : _args.Network.JoinRegion(region, number);
        JudgePool[] here = [.. _settings.DeployedJudges.Where(judge => judge.Location == region)];
        bool meta = region is null && _settings.Meta is not null;
        ModelCache? weights = _settings.Weights == WeightsSource.Nfs && (here.Length > 0 || meta)
            ? new ModelCache(region is null ? "weights" : $"weights-{region}", new ModelCacheArgs
            {
                Share = _settings.Share,
                Account = region is null ? _args.Place.Names.WeightsAccount : _args.Place.Names.WeightsAccountOf(number),
                Subnet = subnet,
                // Private endpoints are in the stack's own network; a further region's share lets its one subnet in.
                Private = _settings.Private && region is null,
            }, _args.Network, _args.Place)
            : null;
        return _environments[NameOf(region)] = new GpuEnvironment(NameOf(region), new GpuEnvironmentArgs
        {
            Subnet = subnet,
            Suffix = region is null ? "" : $"-{region}",
            Profiles = [.. here.Select(judge => judge.Gpu), .. meta ? [_settings.MetaGpu] : Array.Empty<GpuProfile>()],
            DedicatedNodes = Math.Max(1, here.Sum(judge => judge.Model.MaxReplicas) + (meta ? _settings.Meta!.MaxReplicas : 0)),
            Weights = weights,
        }, _args.Network, _args.Place);
    }

    private GpuApp AddApp(string name, ServedModel model, GpuProfile profile, string? region, double seconds)
    {
        ImageReference image = ImageReference.Parse(model.Image ?? _settings.Image);
        return new GpuApp(name, new GpuAppArgs
        {
            Model = model,
            Profile = profile,
            // A model's own image says its own digest.
            Image = model.Image is null && _settings.ImageDigest is { } digest ? image with { Digest = digest } : image,
            Registry = _args.Registry,
            Token = _args.Token,
            AnswerSeconds = seconds,
            StartMinutes = _settings.StartMinutes(model, region),
        }, _environments[NameOf(region)], _args.Place);
    }
}
